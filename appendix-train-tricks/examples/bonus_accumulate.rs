//! Gradient accumulation: the gradients of a batch of eight windows, computed as one batch and as four batches of two.
//! `cargo run -p appendix-train-tricks --example bonus_accumulate`

use appendix_train_tricks::{accumulate, grad_norm};
use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Device, Gradients, Int, Tensor};
use ch02_text::Batch;
use ch04_gpt::GptModel;
use ch05_pretrain::{Loaders, calc_loss_batch};
use shared::init::torch_init;
use shared::rng::TorchRng;
use shared::{Batches, GptConfig, IGNORE_INDEX, Mode, data};

fn main() -> anyhow::Result<()> {
    let device = Device::flex().autodiff();
    let config = GptConfig { drop_rate: 0.0, ..GptConfig::preset("tiny")? };
    let text = data::find("lamp")?.text()?;
    let loaders = Loaders::new(&text, config.context_length, 2)?;
    let mut rng = TorchRng::new(123);
    let model = torch_init(GptModel::new(&config, &device), &mut rng);
    let loss_of = |batch| calc_loss_batch(&model, batch, &mut Mode::Eval);
    let mut small: Vec<Batch> = loaders.train.iter(&mut rng, &device).take(4).collect();

    println!("four batches of two windows, all targets count");
    compare(&model, &small, loss_of);

    // As in chapter 7: padding, here of the last batch, whose loss counts only 8 targets of each window.
    let ignored = small[3].targets.clone().slice([0..2, 8..config.context_length]).full_like(IGNORE_INDEX);
    small[3].targets = small[3].targets.clone().slice_assign([0..2, 8..config.context_length], ignored);
    println!("\nthe last batch has only 16 targets that count");
    compare(&model, &small, loss_of);
    Ok(())
}

/// One big batch, accumulation, and the mean of the small batches' losses.
fn compare(model: &GptModel, small: &[Batch], loss_of: impl Fn(Batch) -> Tensor<1>) {
    let join = |of: fn(&Batch) -> Tensor<2, Int>| Tensor::cat(small.iter().map(of).collect(), 0);
    let big = loss_of(Batch { inputs: join(|b| b.inputs.clone()), targets: join(|b| b.targets.clone()) });
    let expected = big.backward();
    let (loss, gradients) = accumulate(model, small.to_vec(), &loss_of);
    println!("loss: one batch {:.5}, accumulated {:.5}", big.into_scalar::<f32>(), loss.into_scalar::<f32>());
    let losses: Vec<f32> = small.iter().map(|batch| loss_of(batch.clone()).into_scalar()).collect();
    let mean = losses.iter().sum::<f32>() / losses.len() as f32;
    println!("the losses of the small batches: {losses:.5?}, their mean {mean:.5}");
    let norm = |gradients: &Gradients| grad_norm(model, gradients).into_scalar::<f32>();
    println!("norm of the gradients: one batch {:.5}, accumulated {:.5}", norm(&expected), norm(&gradients));
    println!(
        "largest difference of a gradient below 1e-6: {}",
        largest_difference(model, &expected, &gradients) < 1e-6
    );
}

fn largest_difference(model: &GptModel, a: &Gradients, b: &Gradients) -> f32 {
    struct Largest<'a>(&'a Gradients, &'a Gradients, f32);
    impl ModuleVisitor for Largest<'_> {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            if let (Some(a), Some(b)) = (param.val().grad(self.0), param.val().grad(self.1)) {
                self.2 = self.2.max((a - b).abs().max().into_scalar());
            }
        }
    }
    let mut largest = Largest(a, b, 0.0);
    model.visit(&mut largest);
    largest.2
}
