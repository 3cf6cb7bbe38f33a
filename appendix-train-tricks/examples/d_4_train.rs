//! Section D.4: training with all of it. By default a small model, in two minutes; with `124M` the book's run, which takes
//! many minutes: `cargo run --release -p appendix-train-tricks --example d_4_train -- 124M`

use appendix_train_tricks::{Clip, Decay, Recipe, Schedule, TrainingPlan, train_model};
use burn::tensor::Device;
use ch02_text::Gpt2Tokenizer;
use ch04_gpt::GptModel;
use ch05_pretrain::sample::generate_sample;
use ch05_pretrain::{AdamW, Loaders};
use shared::init::torch_init;
use shared::rng::TorchRng;
use shared::{Batches, GptConfig, TrainingConfig, data, files};
use workshop::plots::{Seen, plot_learning_rates, plot_losses};

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

    let recording = device.clone().autodiff();
    let model = torch_init(GptModel::new(&config, &recording), &mut rng);
    let mut optimizer = AdamW::new(training.weight_decay);
    let plan = TrainingPlan { config: training, recipe };
    let (_, evaluations, learning_rates) =
        train_model(model, &mut optimizer, &loaders, &plan, &mut rng, &recording, |model| {
            match generate_sample(model, &tokenizer, &device, "Every effort moves you") {
                Ok(sample) => println!("{sample}"),
                Err(error) => println!("{error}"),
            }
        });

    let tokens_seen = learning_rates.len() * plan.config.batch_size * config.context_length;
    let rates = plot_learning_rates(&[("Learning rate", learning_rates)])?;
    files::write_whole("runs/d_4_learning_rate.svg".as_ref(), rates.as_bytes())?;
    let losses: Vec<(f64, f64)> = evaluations.iter().map(|e| (e.train_loss, e.val_loss)).collect();
    let losses = plot_losses(&losses, plan.config.epochs, Seen::Tokens(tokens_seen))?;
    files::write_whole("runs/d_4_losses.svg".as_ref(), losses.as_bytes())?;
    println!("Pictures: runs/d_4_learning_rate.svg, runs/d_4_losses.svg");
    Ok(())
}
