//! Section D.4 in seconds: a small model learns the embedded story with none of the three, with each of them, and with all,
//! at three peak learning rates. `cargo run -p appendix-train-tricks --example d_4_small`

use appendix_train_tricks::{Clip, Decay, Recipe, Schedule, TrainingPlan, train_model};
use burn::module::Module;
use burn::tensor::Device;
use ch02_text::Gpt2Tokenizer;
use ch02_text::bonus::train_bpe;
use ch04_gpt::GptModel;
use ch05_pretrain::text_split::TRAINING_SHARE;
use ch05_pretrain::{AdamW, Loaders, split_text};
use shared::init::torch_init;
use shared::rng::TorchRng;
use shared::{Batches, GptConfig, TrainingConfig, data};

fn main() -> anyhow::Result<()> {
    let text = data::find("lamp")?.text()?;
    let vocabulary = train_bpe(split_text(&text, TRAINING_SHARE).0, 512);
    let tokenizer = Gpt2Tokenizer::with_vocabulary(vocabulary)?;
    let config = GptConfig {
        vocab_size: 512,
        context_length: 32,
        emb_dim: 32,
        n_heads: 2,
        n_layers: 1,
        drop_rate: 0.0,
        qkv_bias: false,
    };
    let (batch_size, epochs) = (8, 4);
    let loaders = Loaders::with_tokenizer(&text, &tokenizer, config.context_length, batch_size)?;
    let total_steps = loaders.train.num_batches() * epochs;
    let warmup_steps = total_steps / 5;
    let device = Device::flex().autodiff();
    let parameters = GptModel::new(&config, &device).num_params();
    println!("{parameters} parameters, {total_steps} steps, {warmup_steps} of them warm-up");

    let mut table = String::from("peak    recipe              training   validation\n");
    for peak in [0.003, 0.03, 0.1] {
        for (name, recipe) in recipes(peak, warmup_steps) {
            println!("\npeak {peak}, {name}");
            let training = TrainingConfig {
                batch_size,
                learning_rate: peak,
                weight_decay: 0.1,
                epochs,
                eval_freq: total_steps - 1, // after the first and the last step
                eval_iter: 4,
            };
            let mut rng = TorchRng::new(123);
            let model = torch_init(GptModel::new(&config, &device), &mut rng);
            let mut optimizer = AdamW::new(training.weight_decay);
            let plan = TrainingPlan { config: training, recipe };
            let (_, evaluations, _) = train_model(model, &mut optimizer, &loaders, &plan, &mut rng, &device, |_| {});
            if let Some(last) = evaluations.last() {
                table += &format!("{peak:<7} {name:<18}  {:8.3}     {:8.3}\n", last.train_loss, last.val_loss);
            }
        }
    }
    print!("\n{table}");
    Ok(())
}

/// What is compared: nothing, each part alone, and all of them.
fn recipes(peak: f64, warmup_steps: usize) -> [(&'static str, Recipe); 5] {
    let low = peak / 100.0;
    let schedule = |warmup_steps, decay| Schedule { warmup_steps, initial_lr: low, min_lr: low, decay };
    let clip = Some(Clip { max_norm: 1.0, first_step: 0 });
    let none = Recipe::default();
    [
        ("none of the three", none.clone()),
        ("warm-up", Recipe { schedule: schedule(warmup_steps, Decay::Constant), ..none.clone() }),
        ("cosine decay", Recipe { schedule: schedule(0, Decay::Cosine), ..none.clone() }),
        ("clipping", Recipe { clip, ..none.clone() }),
        ("all three", Recipe { schedule: schedule(warmup_steps, Decay::Cosine), clip, ..none }),
    ]
}
