//! Section D.3: gradients before and after clipping, of the book's matrix and of a small GPT.
//! `cargo run -p appendix-train-tricks --example d_3_clipping`

use appendix_train_tricks::{clip_grad_norm, find_highest_gradient, grad_norm};
use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};
use ch04_gpt::GptModel;
use ch05_pretrain::{Loaders, calc_loss_batch};
use shared::init::torch_init;
use shared::rng::TorchRng;
use shared::{Batches, GptConfig, Mode, data};

fn main() -> anyhow::Result<()> {
    let device = Device::flex().autodiff();

    // A weight whose gradient is the matrix of the book: that of the sum of weight · matrix.
    let matrix = Tensor::<2>::from_floats([[1.0, 2.0], [2.0, 4.0]], &device);
    let weight: Param<Tensor<2>> = Param::from_data([[0.0; 2]; 2], &device);
    let mut gradients = (weight.val() * matrix).sum().backward();
    println!("norm of [[1, 2], [2, 4]]: {}", clip_grad_norm(&weight, &mut gradients, 1.0).into_scalar::<f32>());
    if let Some(clipped) = weight.val().grad(&gradients) {
        println!("clipped to norm 1: {}", clipped.into_data());
    }

    let config = GptConfig::preset("tiny")?;
    let text = data::find("lamp")?.text()?;
    let loaders = Loaders::new(&text, config.context_length, 2)?;
    let mut rng = TorchRng::new(123);
    let model = torch_init(GptModel::new(&config, &device), &mut rng);
    if let Some(batch) = loaders.train.iter(&mut rng, &device).next() {
        let mut gradients = calc_loss_batch(&model, batch, &mut Mode::Train(&mut rng)).backward();
        println!("\na GPT with {} parameters:", model.num_params());
        println!("highest gradient before: {:?}", find_highest_gradient(&model, &gradients));
        println!("global norm before: {:.4}", clip_grad_norm(&model, &mut gradients, 1.0).into_scalar::<f32>());
        println!("highest gradient after: {:?}", find_highest_gradient(&model, &gradients));
        println!("global norm after: {:.4}", grad_norm(&model, &gradients).into_scalar::<f32>());
    }
    Ok(())
}
