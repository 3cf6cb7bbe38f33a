//! Section 5.2: a tiny model learns the embedded story, with the settings of `cargo run -- pretrain`.
//! `cargo run -p ch05-pretrain --example 5_2_train_tiny`

use burn::module::Module;
use burn::tensor::Device;
use ch02_text::Gpt2Tokenizer;
use ch02_text::bonus::train_bpe;
use ch04_gpt::GptModel;
use ch05_pretrain::sample::generate_sample;
use ch05_pretrain::text_split::TRAINING_SHARE;
use ch05_pretrain::{AdamW, Loaders, split_text, train_model_simple};
use shared::init::torch_init;
use shared::rng::TorchRng;
use shared::{Batches, GptConfig, TrainingConfig, data};

fn main() -> anyhow::Result<()> {
    // A small vocabulary, learnt from the training part of the story (bonus section of chapter 2).
    let text = data::find("lamp")?.text()?;
    let vocabulary = train_bpe(split_text(&text, TRAINING_SHARE).0, 768);
    let tokenizer = Gpt2Tokenizer::with_vocabulary(vocabulary)?;
    let config = GptConfig { vocab_size: 768, ..GptConfig::preset("tiny")? };
    let training = TrainingConfig {
        batch_size: 4,
        learning_rate: 2e-3,
        weight_decay: 0.1,
        epochs: 12,
        eval_freq: 10,
        eval_iter: 4,
    };

    let mut rng = TorchRng::new(123);
    let loaders = Loaders::with_tokenizer(&text, &tokenizer, config.context_length, training.batch_size)?;
    let device = Device::flex().autodiff();
    let model = torch_init(GptModel::new(&config, &device), &mut rng);
    println!("{} parameters, {} batches", model.num_params(), loaders.train.num_batches());

    let mut optimizer = AdamW::new(training.weight_decay);
    train_model_simple(model, &mut optimizer, &loaders, &training, &mut rng, &device, |model| {
        match generate_sample(model, &tokenizer, &device, "The old clockmaker") {
            Ok(sample) => println!("{sample}"),
            Err(error) => println!("no sample: {error}"),
        }
    });
    Ok(())
}
