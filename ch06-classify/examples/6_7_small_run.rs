//! Sections 6.7 and 6.8 in seconds: a small model, not pretrained, learns the embedded messages from nothing.
//! `cargo run -p ch06-classify --example 6_7_small_run`

use burn::module::Module;
use burn::tensor::Device;
use ch02_text::Gpt2Tokenizer;
use ch04_gpt::GptModel;
use ch05_pretrain::AdamW;
use ch06_classify::{
    EMBEDDED_MESSAGES, Label, Length, Readout, SpamLoaders, Split, add_classification_head, classify_review, confusion,
    read_messages, train_classifier_simple,
};
use shared::init::torch_init;
use shared::rng::TorchRng;
use shared::{GptConfig, TrainingConfig};

fn main() -> anyhow::Result<()> {
    let (tokenizer, device, mut rng) = (Gpt2Tokenizer::new(), Device::flex().autodiff(), TorchRng::new(123));
    let config = GptConfig { emb_dim: 32, n_layers: 2, drop_rate: 0.0, ..GptConfig::preset("tiny")? };
    let model = torch_init(GptModel::new(&config, &device), &mut rng);
    let model = add_classification_head(model, &mut rng, &device);
    println!("{} parameters, all of them trained", model.num_params());
    let split = Split::of_collection(&read_messages(EMBEDDED_MESSAGES)?)?;
    let length = Length::Exactly(config.context_length);
    let loaders = SpamLoaders::new(&split, &tokenizer, length, 8, config.context_length)?;

    let training = TrainingConfig {
        batch_size: 8,
        learning_rate: 2e-3,
        weight_decay: 0.1,
        epochs: 5,
        eval_freq: 25,
        eval_iter: 5,
    };
    let mut optimizer = AdamW::new(training.weight_decay);
    let (model, _) =
        train_classifier_simple(model, &mut optimizer, &loaders, &training, Readout::Last, &mut rng, &device);

    for (name, loader) in loaders.parts() {
        let found = confusion(&model, loader, None, Readout::Last, &mut rng, &device);
        println!("{name} accuracy: {:.2}%", 100.0 * found.accuracy());
    }
    let found = confusion(&model, &loaders.test, None, Readout::Last, &mut rng, &device);
    println!("\ntest messages   not spam   spam");
    for (label, answers) in Label::ALL.into_iter().zip(found.counts) {
        println!("{:<15}{:>9}{:>7}", label.name(), answers[0], answers[1]);
    }
    println!("precision {:.2}%, recall {:.2}%", 100.0 * found.precision(), 100.0 * found.recall());

    for text in [
        "See you at eight",
        "You have won a prize! Reply YES to claim it.",
        "Your parcel could not be delivered, pay the fee here",
        "I won the chess game! Dinner is on me, reply when you are free.",
    ] {
        let prediction =
            classify_review(text, &model, &tokenizer, Some(config.context_length), Readout::Last, &device)?;
        let [_, spam] = prediction.probabilities;
        println!("{:<9} p(spam) {spam:.3}  {text}", prediction.label.answer());
    }
    Ok(())
}
