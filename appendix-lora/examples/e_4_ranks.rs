//! Section E.4: how many numbers have to learn? A small model with random weights learns the embedded messages with LoRA of
//! several ranks, with the head alone, and whole. `cargo run -p appendix-lora --example e_4_ranks`

use appendix_lora::{LoraSettings, Scale, attach_lora, freeze};
use burn::tensor::Device;
use ch02_text::Gpt2Tokenizer;
use ch04_gpt::GptModel;
use ch05_pretrain::AdamW;
use ch06_classify::{
    EMBEDDED_MESSAGES, Length, Readout, SpamLoaders, Split, Trainable, add_classification_head, calc_accuracy_loader,
    num_trainable, read_messages, set_trainable, train_classifier_simple,
};
use shared::init::torch_init;
use shared::rng::TorchRng;
use shared::{GptConfig, TrainingConfig};

/// What may change.
enum Trained {
    Head,
    /// The LoRA layers of this rank.
    Lora(usize),
    Everything,
}

fn main() -> anyhow::Result<()> {
    let (tokenizer, device) = (Gpt2Tokenizer::new(), Device::flex().autodiff());
    let config = GptConfig { emb_dim: 32, n_layers: 2, drop_rate: 0.0, ..GptConfig::preset("tiny")? };
    let split = Split::of_collection(&read_messages(EMBEDDED_MESSAGES)?)?;
    let length = Length::Exactly(32);
    let loaders = SpamLoaders::new(&split, &tokenizer, length, 8, config.context_length)?;

    let mut table = String::from("trained            numbers   training   test\n");
    for (name, trained) in [
        ("head alone", Trained::Head),
        ("LoRA, rank 1", Trained::Lora(1)),
        ("LoRA, rank 4", Trained::Lora(4)),
        ("LoRA, rank 16", Trained::Lora(16)),
        ("everything", Trained::Everything),
    ] {
        println!("\n{name}");
        let mut rng = TorchRng::new(123);
        let model = torch_init(GptModel::new(&config, &device), &mut rng);
        let model = add_classification_head(model, &mut rng, &device);
        let model = match trained {
            Trained::Head => set_trainable(model, Trainable::Head),
            Trained::Everything => set_trainable(model, Trainable::All),
            Trained::Lora(rank) => {
                let settings = LoraSettings { rank, alpha: rank as f64, scale: Scale::AlphaOverRank };
                attach_lora(freeze(model), &settings, &mut rng, &device)
            }
        };
        let numbers = num_trainable(&model);
        let training = TrainingConfig {
            batch_size: 8,
            learning_rate: 3e-3,
            weight_decay: 0.1,
            epochs: 4,
            eval_freq: 1000,
            eval_iter: 1,
        };
        let mut rng = TorchRng::new(123);
        let mut optimizer = AdamW::new(training.weight_decay);
        let (model, _) =
            train_classifier_simple(model, &mut optimizer, &loaders, &training, Readout::Last, &mut rng, &device);
        let [train, _, test] = loaders
            .parts()
            .map(|(_, loader)| 100.0 * calc_accuracy_loader(&model, loader, None, Readout::Last, &mut rng, &device));
        table += &format!("{name:<16} {numbers:9}   {train:7.2}%   {test:.2}%\n");
    }
    print!("\n{table}");
    Ok(())
}
