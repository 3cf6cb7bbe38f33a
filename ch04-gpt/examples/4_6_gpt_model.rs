//! The whole model, its logits and its size: `cargo run -p ch04-gpt --example 4_6_gpt_model`

use burn::module::Module;
use burn::tensor::{Device, Int, Tensor};
use ch04_gpt::GptModel;
use shared::{GptConfig, Mode, init::torch_init, rng::TorchRng};
use workshop::{grouped, print_tensor};

fn main() -> anyhow::Result<()> {
    let (device, mut rng) = (Device::flex(), TorchRng::new(123));
    let model = torch_init(GptModel::new(&GptConfig::preset("124M")?, &device), &mut rng);

    let batch = [[6109, 3626, 6100, 345], [6109, 1110, 6622, 257]];
    println!("Input batch: {batch:?}");
    let batch = Tensor::<2, Int>::from_ints(batch, &device);
    let logits = model.forward(batch.clone(), &mut Mode::Train(&mut rng));
    print_tensor("\nOutput", logits);
    print_tensor("Without dropout", model.forward(batch, &mut Mode::Eval));

    println!("Total number of parameters: {}", grouped(model.num_params()));
    println!("Token embedding layer shape: {:?}", model.tok_emb.weight.lazy_shape().dims::<2>());
    let output_shape = model.out_head.weight.lazy_shape().dims::<2>();
    println!("Output layer shape: {output_shape:?} (burn keeps it as [d_in, d_out])");
    println!("Parameters if the two shared one weight: {}", grouped(model.num_params_tied()));
    println!("Total size of the model: {:.2} MB", model.size_mb());
    Ok(())
}
