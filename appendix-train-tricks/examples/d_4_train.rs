//! Section D.4: training with all of it. By default a small model, in two minutes; with `124M` the book's run, which takes
//! many minutes: `cargo run --release -p appendix-train-tricks --example d_4_train -- 124M`

use std::ops::ControlFlow;

use appendix_train_tricks::lr_plot::plot_learning_rates;
use appendix_train_tricks::{Clip, Decay, Recipe, Schedule, train_model};
use burn::tensor::Device;
use ch02_text::Gpt2Tokenizer;
use ch04_gpt::GptModel;
use ch05_pretrain::loss_plot::plot_losses;
use ch05_pretrain::sample::generate_sample;
use ch05_pretrain::{Event, Loaders, Run};
use shared::init::torch_init;
use shared::rng::TorchRng;
use shared::{GptConfig, TrainingConfig, data, files};

fn main() -> anyhow::Result<()> {
    let text = data::find("the-verdict")?.text().or_else(|missing| {
        println!("{missing}\nWith the embedded story instead, the numbers are not the book's.\n");
        data::find("lamp")?.text()
    })?;
    let size = std::env::args().nth(1).unwrap_or_else(|| "tiny".to_string());
    let preset = GptConfig::preset(&size)?;
    let config = GptConfig { context_length: preset.context_length.min(256), ..preset };
    let training = TrainingConfig { learning_rate: 1e-3, epochs: 15, eval_iter: 1, ..TrainingConfig::book() };
    let device = Device::flex();
    let tokenizer = Gpt2Tokenizer::new();

    let mut rng = TorchRng::new(123);
    let loaders = Loaders::new(&text, config.context_length, training.batch_size)?;
    let total_steps = loaders.train.num_batches() * training.epochs;
    let warmup_steps = (0.2 * total_steps as f64) as usize;
    let schedule = Schedule { warmup_steps, initial_lr: 1e-5, min_lr: 1e-5, decay: Decay::Cosine };
    let clip = Some(Clip { max_norm: 1.0, first_step: warmup_steps });
    let recipe = Recipe { schedule, clip, grad_accum: 1 };
    println!("{total_steps} steps, {warmup_steps} of them warm-up");

    let model = torch_init(GptModel::new(&config, &device.clone().autodiff()), &mut rng);
    let run = Run::new(model, training.weight_decay, &rng);
    let run = train_model(run, &loaders, &training, &recipe, true, &device.clone().autodiff(), |event| {
        match event {
            Event::Step { .. } | Event::Rest(_) => {}
            Event::Evaluation(e) => {
                println!(
                    "Ep {} (Iter {:06}): Train loss {:.3}, Val loss {:.3}",
                    e.epoch, e.step, e.train_loss, e.val_loss
                );
            }
            Event::EpochEnd { model, .. } => {
                println!("{}", generate_sample(model, &tokenizer, &device, "Every effort moves you")?);
            }
        }
        anyhow::Ok(ControlFlow::Continue(()))
    })?;

    let rate = |step| recipe.schedule.learning_rate(step, training.learning_rate, total_steps);
    let rates = plot_learning_rates(&[("learning rate", (0..total_steps).map(rate).collect())])?;
    files::write_whole("runs/d_4_learning_rate.svg".as_ref(), rates.as_bytes())?;
    let losses = plot_losses(&run.place.evaluations, training.epochs)?;
    files::write_whole("runs/d_4_losses.svg".as_ref(), losses.as_bytes())?;
    println!("Pictures: runs/d_4_learning_rate.svg, runs/d_4_losses.svg");
    Ok(())
}
