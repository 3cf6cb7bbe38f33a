//! Section E.4: the classifier of chapter 6, fine-tuned with LoRA. Takes a model's folder, or without one a tiny model with
//! random weights, which is enough for the embedded messages.
//! `cargo run --release -p appendix-lora --example e_4_finetune -- [FOLDER]`

use std::path::Path;

use appendix_lora::{LoraSettings, Scale, attach_lora, freeze, merge_lora};
use burn::tensor::Device;
use ch02_text::Gpt2Tokenizer;
use ch04_gpt::GptModel;
use ch05_pretrain::AdamW;
use ch06_classify::{
    EMBEDDED_MESSAGES, Length, Readout, SpamLoaders, Split, add_classification_head, calc_accuracy_loader,
    num_trainable, read_messages, train_classifier_simple, training_config,
};
use model_files::{open_model, open_tokenizer, save_adapter};
use shared::init::torch_init;
use shared::rng::TorchRng;
use shared::{GptConfig, TrainingConfig};

fn main() -> anyhow::Result<()> {
    let device = Device::flex().autodiff();
    let (model, tokenizer) = match std::env::args().nth(1) {
        Some(folder) => {
            let (config, model) = open_model(Path::new(&folder), &device)?;
            (model, open_tokenizer(Path::new(&folder), config.vocab_size)?)
        }
        None => (torch_init(GptModel::new(&tiny(), &device), &mut TorchRng::new(123)), Gpt2Tokenizer::new()),
    };
    let split = Split::of_collection(&read_messages(EMBEDDED_MESSAGES)?)?;
    let length = Length::Exactly(64.min(model.context_length()));
    let loaders = SpamLoaders::new(&split, &tokenizer, length, 8, model.context_length())?;

    let mut rng = TorchRng::new(123);
    let model = freeze(add_classification_head(model.with_drop_rate(0.0), &mut rng, &device));
    let settings = LoraSettings { rank: 16, alpha: 16.0, scale: Scale::AlphaOverRank };
    let model = attach_lora(model, &settings, &mut rng, &device);
    println!("{} trainable parameters", num_trainable(&model));

    let mut rng = TorchRng::new(123);
    let training = TrainingConfig { learning_rate: 8e-4, eval_freq: 20, ..training_config() };
    let mut optimizer = AdamW::new(training.weight_decay);
    let (model, _) =
        train_classifier_simple(model, &mut optimizer, &loaders, &training, Readout::Last, &mut rng, &device);
    let folder = Path::new("runs/e_4_adapter");
    save_adapter(folder, &model)?;
    println!("the LoRA layers alone: {}", folder.display());

    let merged = merge_lora(model);
    for (name, loader) in loaders.parts() {
        let accuracy = calc_accuracy_loader(&merged, loader, None, Readout::Last, &mut rng, &device);
        println!("{name} accuracy after merging: {:.2}%", 100.0 * accuracy);
    }
    Ok(())
}

fn tiny() -> GptConfig {
    GptConfig {
        vocab_size: 50257,
        context_length: 64,
        emb_dim: 64,
        n_heads: 4,
        n_layers: 2,
        drop_rate: 0.0,
        qkv_bias: false,
    }
}
