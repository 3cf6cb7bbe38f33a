//! Section D.3: gradients before and after clipping, of the book's matrix, of two tensors, and of a small GPT.
//! `cargo run -p appendix-train-tricks --example d_3_clipping`

use appendix_train_tricks::{clip_grad_norm, find_highest_gradient, grad_norm};
use burn::grad_clipping::GradientClipping;
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

    // Two parameters. Their gradients are (3, 0) and (4).
    let (a, b): (Param<Tensor<1>>, Param<Tensor<1>>) =
        (Param::from_data([0.0; 2], &device), Param::from_data([0.0], &device));
    let loss = (a.val() * Tensor::from_floats([3.0, 0.0], &device)).sum() + b.val() * 4.0;
    let mut gradients = loss.backward();
    let each = GradientClipping::Norm(1.0);
    for (name, param) in [("a", &a), ("b", &b)] {
        if let Some(gradient) = param.val().grad(&gradients) {
            println!(
                "{name} {}, clipped by itself {}",
                gradient.to_data(),
                each.clip_gradient(gradient.clone()).into_data()
            );
        }
    }
    let both = vec![a, b];
    println!("norm of both together: {}", clip_grad_norm(&both, &mut gradients, 1.0).into_scalar::<f32>());
    for (name, param) in ["a", "b"].into_iter().zip(&both) {
        if let Some(clipped) = param.val().grad(&gradients) {
            println!("{name} clipped with the common factor {}", clipped.into_data());
        }
    }

    let config = GptConfig::preset("tiny")?;
    let text = data::find("lamp")?.text()?;
    let loaders = Loaders::new(&text, config.context_length, 2)?;
    let mut rng = TorchRng::new(123);
    let model = torch_init(GptModel::new(&config, &device), &mut rng);
    if let Some(batch) = loaders.train.iter(&mut rng, &device).next() {
        let mut gradients = calc_loss_batch(&model, batch, &mut Mode::Train(&mut rng)).backward();
        println!("\na GPT with {} parameters:", model.num_params());
        let highest = |gradients: &_| find_highest_gradient(&model, gradients).unwrap_or(f32::NAN);
        println!("highest gradient before: {:.4}", highest(&gradients));
        println!("global norm before: {:.4}", clip_grad_norm(&model, &mut gradients, 1.0).into_scalar::<f32>());
        println!("highest gradient after: {:.4}", highest(&gradients));
        println!("global norm after: {:.4}", grad_norm(&model, &gradients).into_scalar::<f32>());
    }
    Ok(())
}
