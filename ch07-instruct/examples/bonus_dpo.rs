//! Bonus: preference tuning. Give the folder of a model, the chapter's fine-tuned one for the book's run; without one, an
//! untrained tiny model takes about five minutes and shows that a falling loss does not mean better answers.
//! `cargo run --release -p ch07-instruct --example bonus_dpo -- [FOLDER]`

use std::path::Path;

use burn::module::Module;
use burn::tensor::Device;
use ch02_text::Gpt2Tokenizer;
use ch04_gpt::GptModel;
use ch05_pretrain::{AdamW, Loaders};
use ch07_instruct::bonus::dpo::{BETA, DpoObjective, dpo_training_config, train_model_dpo_simple};
use ch07_instruct::entry::EMBEDDED_NAME;
use ch07_instruct::{Entries, Entry, PreferenceDataset, PreferenceEntry, PreferenceLoader, PromptFormat, respond};
use model_files::{open_model, open_tokenizer};
use shared::GptConfig;
use shared::init::torch_init;
use shared::rng::TorchRng;

fn main() -> anyhow::Result<()> {
    let device = Device::flex();
    let recording = device.clone().autodiff();
    let (policy, tokenizer, training) = match std::env::args().nth(1) {
        Some(folder) => {
            let (config, model) = open_model(Path::new(&folder), &recording)?;
            (model.with_drop_rate(0.0), open_tokenizer(Path::new(&folder), config.vocab_size)?, dpo_training_config())
        }
        None => {
            let config = GptConfig { context_length: 128, drop_rate: 0.0, ..GptConfig::preset("tiny")? };
            let model = torch_init(GptModel::new(&config, &recording), &mut TorchRng::new(123));
            let mut training = dpo_training_config();
            training.learning_rate = 5e-4;
            (model, Gpt2Tokenizer::new(), training)
        }
    };
    let objective = DpoObjective { reference: policy.valid(), beta: BETA };
    let (pairs, format) = (pairs()?, PromptFormat::Alpaca);
    let (train, rest) = pairs.split_at(pairs.len() * 85 / 100);
    let (test, validation) = rest.split_at(pairs.len() / 10);
    let longest = policy.context_length();
    let dataset = |part: &[PreferenceEntry]| {
        let mut dataset = PreferenceDataset::new(part, format, &tokenizer);
        dataset.remove_unanswerable(longest);
        dataset
    };
    let loaders = Loaders {
        train: PreferenceLoader::train(dataset(train), training.batch_size, Some(longest))?,
        validation: PreferenceLoader::eval(dataset(validation), training.batch_size, Some(longest))?,
    };

    let (mut optimizer, mut rng) = (AdamW::new(training.weight_decay), TorchRng::new(123));
    let (policy, _) =
        train_model_dpo_simple(policy, &mut optimizer, &objective, &loaders, &training, &mut rng, &recording);
    for PreferenceEntry { entry, .. } in &test[..3] {
        println!("\n{}", format.format_input(entry));
        println!("Reference: {}", respond(&objective.reference, entry, format, 64, &tokenizer, &device)?);
        println!("Policy: {}", respond(&policy, entry, format, 64, &tokenizer, &device)?);
    }
    Ok(())
}

/// The book's pairs, or the embedded tasks with a rude answer beside each.
fn pairs() -> anyhow::Result<Vec<PreferenceEntry>> {
    let name = "instructions-with-preference";
    match shared::data::find(name)?.text() {
        Ok(text) => Ok(PreferenceEntry::parse(&text, name)?),
        Err(missing) => {
            println!(
                "{missing}\nWith the embedded tasks and a rude answer to each instead, the numbers are not the book's.\n"
            );
            let rude = |entry: Entry| PreferenceEntry {
                chosen: entry.output.clone(),
                rejected: format!("Obviously: {} Why do you ask?", entry.output),
                entry,
            };
            Ok(Entries::load(EMBEDDED_NAME)?.into_iter().map(rude).collect())
        }
    }
}
