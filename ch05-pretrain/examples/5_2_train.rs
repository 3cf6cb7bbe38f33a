//! Section 5.2: the book's training run of the 124M model, ten epochs on one story.
//! Takes minutes: `cargo run --release -p ch05-pretrain --example 5_2_train`

use std::ops::ControlFlow;

use burn::tensor::Device;
use ch02_text::Gpt2Tokenizer;
use ch04_gpt::GptModel;
use ch05_pretrain::loss_plot::plot_losses;
use ch05_pretrain::sample::generate_sample;
use ch05_pretrain::{Event, Loaders, Run, train_model_simple};
use shared::init::torch_init;
use shared::rng::TorchRng;
use shared::{GptConfig, TrainingConfig, data, files};

fn main() -> anyhow::Result<()> {
    let text = data::find("the-verdict")?.text().or_else(|missing| {
        println!("{missing}\nWith the embedded story instead, the numbers are not the book's.\n");
        data::find("lamp")?.text()
    })?;
    let config = GptConfig { context_length: 256, ..GptConfig::preset("124M")? };
    let training = TrainingConfig::book();
    let device = Device::flex();
    let tokenizer = Gpt2Tokenizer::new();

    let mut rng = TorchRng::new(123);
    let loaders = Loaders::new(&text, config.context_length, training.batch_size)?;
    let model = torch_init(GptModel::new(&config, &device.clone().autodiff()), &mut rng);
    let run = Run::new(model, training.weight_decay, &rng);
    let run = train_model_simple(run, &loaders, &training, true, &device.clone().autodiff(), |event| {
        match event {
            Event::Step { .. } | Event::Rest(_) => {}
            Event::Evaluation(e) => {
                println!(
                    "Ep {} (Step {:06}): Train loss {:.3}, Val loss {:.3}",
                    e.epoch, e.step, e.train_loss, e.val_loss
                );
            }
            Event::EpochEnd { model, .. } => {
                println!("{}", generate_sample(model, &tokenizer, &device, "Every effort moves you")?);
            }
        }
        anyhow::Ok(ControlFlow::Continue(()))
    })?;
    let picture = plot_losses(&run.place.evaluations, training.epochs)?;
    files::write_whole("runs/5_2_losses.svg".as_ref(), picture.as_bytes())?;
    println!("The losses as a picture: runs/5_2_losses.svg");
    Ok(())
}
