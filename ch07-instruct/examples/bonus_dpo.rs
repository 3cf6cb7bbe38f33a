//! Bonus: preference tuning. Give the folder of a model, the fine-tuned one of the chapter for the book's course;
//! without one, an untrained tiny model shows the way in about five minutes, and that a falling loss is not a better answer.
//! `cargo run --release -p ch07-instruct --example bonus_dpo -- [FOLDER]`

use std::ops::ControlFlow;
use std::path::Path;

use burn::module::Module;
use burn::tensor::Device;
use ch02_text::Gpt2Tokenizer;
use ch04_gpt::GptModel;
use ch05_pretrain::{Loaders, open_model};
use ch07_instruct::dpo::{BETA, DpoEvent, dpo_training, train_model_dpo_simple};
use ch07_instruct::entry::EMBEDDED_NAME;
use ch07_instruct::{Entries, Entry, PreferenceDataset, PreferenceEntry, PreferenceLoader, PromptFormat, respond};
use shared::GptConfig;
use shared::init::torch_init;
use shared::rng::TorchRng;

fn main() -> anyhow::Result<()> {
    let device = Device::flex();
    let recording = device.clone().autodiff();
    let (policy, training) = match std::env::args().nth(1) {
        Some(folder) => (open_model(Path::new(&folder), &recording)?.1.with_drop_rate(0.0), dpo_training()),
        None => {
            let config = GptConfig { context_length: 128, drop_rate: 0.0, ..GptConfig::preset("tiny")? };
            let model = torch_init(GptModel::new(&config, &recording), &mut TorchRng::new(123));
            let mut training = dpo_training();
            training.learning_rate = 5e-4;
            (model, training)
        }
    };
    let reference = policy.valid();
    let (pairs, tokenizer, format) = (pairs()?, Gpt2Tokenizer::new(), PromptFormat::Alpaca);
    let (train, rest) = pairs.split_at(pairs.len() * 85 / 100);
    let (test, validation) = rest.split_at(pairs.len() / 10);
    let longest = policy.context_length();
    let dataset = |part: &[PreferenceEntry]| -> anyhow::Result<PreferenceDataset> {
        let mut dataset = PreferenceDataset::new(part, format, &tokenizer)?;
        dataset.remove_unanswerable(longest);
        Ok(dataset)
    };
    let loaders = Loaders {
        train: PreferenceLoader::train(dataset(train)?, training.batch_size, Some(longest))?,
        validation: PreferenceLoader::eval(dataset(validation)?, training.batch_size, Some(longest))?,
    };

    let mut rng = TorchRng::new(123);
    let policy = train_model_dpo_simple(policy, &reference, &loaders, &training, BETA, &mut rng, &recording, |event| {
        if let DpoEvent::Evaluation { epoch, step, train, val } = event {
            println!(
                "Ep {epoch} (Step {step:06}): Train loss {:.3}, Val loss {:.3}, Train reward margins {:.3}, Val reward \
                     margins {:.3}",
                train.loss,
                val.loss,
                train.margin(),
                val.margin()
            );
        }
        ControlFlow::Continue(())
    });
    for PreferenceEntry { entry, .. } in &test[..3] {
        println!("\n{}", format.format_input(entry));
        println!("Reference: {}", respond(&reference, entry, format, 64, &tokenizer, &device)?);
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
