//! The logits of a GPT that is only a skeleton: `cargo run -p ch04-gpt --example 4_1_dummy_gpt`

use burn::tensor::{Device, Int, Tensor, TensorData};
use ch02_text::Gpt2Tokenizer;
use ch04_gpt::DummyGptModel;
use shared::{GptConfig, Mode, init::torch_init, rng::TorchRng};
use workshop::print_tensor;

fn main() -> anyhow::Result<()> {
    let device = Device::flex();
    let tokenizer = Gpt2Tokenizer::new();
    let rows = [tokenizer.encode("Every effort moves you")?, tokenizer.encode("Every day holds a")?];
    println!("Token ids: {rows:?}");
    let batch = Tensor::<2, Int>::from_data(TensorData::new(rows.concat(), [2, 4]), &device);

    let mut rng = TorchRng::new(123);
    let model = torch_init(DummyGptModel::new(&GptConfig::preset("124M")?, &device), &mut rng);

    // The book has not switched dropout off yet, so neither do we.
    let logits = model.forward(batch.clone(), &mut Mode::Train(&mut rng));
    print_tensor("Output", logits);

    print_tensor(
        "Without dropout (the first rows of both texts are equal: same token, same position)",
        model.forward(batch, &mut Mode::Eval),
    );
    Ok(())
}
