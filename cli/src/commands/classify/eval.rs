//! `llm classify eval`.

use std::io::{Write, stdout};
use std::process::ExitCode;

use anyhow::Result;
use burn::tensor::Device;
use ch06_classify::{Length, SpamDataset, SpamLoader, Split, confusion, training_config};
use fast::Accelerated;
use shared::Tokenizer;
use shared::rng::TorchRng;
use trainer::Cropped;

use super::messages::{EMBEDDED, read_parts};
use super::opened::{Opened, OpenedClassifier, open};
use super::report::accuracy_line;
use crate::options::{DeviceArgs, ModelArgs};
use crate::run_folder::CLASSIFY_FOLDER;
use crate::terminal::warn;

#[derive(clap::Args)]
#[command(mut_arg("model", |arg| arg.help("Folder with the classifier").default_value(CLASSIFY_FOLDER)))]
pub struct Args {
    #[command(flatten)]
    model: ModelArgs,
    /// Messages: a file with one `label<TAB>text` per line, a folder made by `prepare`, or a data set: sms-spam, or messages,
    /// which are the embedded ones
    #[arg(long, value_name = "FILE|NAME", default_value = EMBEDDED)]
    data: String,
    #[command(flatten)]
    device: DeviceArgs,
}

pub fn run(args: &Args) -> Result<ExitCode> {
    let split = read_parts(&args.data)?;
    let device = args.device.open()?;
    match open(&args.model.folder, &device)? {
        Opened::Gpt(classifier) => measure(&classifier, &split, &device),
        Opened::Llama(classifier) => measure(&classifier, &split, &device),
    }
}

/// Shows the accuracy on each part of the messages.
fn measure<M: Accelerated, T: Tokenizer>(
    classifier: &OpenedClassifier<M, T>,
    split: &Split,
    device: &Device,
) -> Result<ExitCode> {
    let OpenedClassifier { model, tokenizer, max_length, readout } = classifier;
    let (length, batch_size) = match *max_length {
        Some(max_length) => (Length::Exactly(max_length), training_config().batch_size),
        None => (Length::Unpadded(model.context_length()), 1),
    };
    for (name, part) in split.parts() {
        let loader = SpamLoader::eval(SpamDataset::new(part, tokenizer, length), batch_size)?;
        let truncated = loader.dataset().truncated();
        if truncated > 0 {
            let max_length = loader.dataset().max_length();
            warn(format_args!(
                "note: {truncated} {name} messages are longer than {max_length} tokens and are truncated"
            ));
        }
        // Nothing is shuffled, so the seed does not matter.
        let loader = Cropped::new(&loader, model, *readout);
        let found = confusion(model, &loader, None, *readout, &mut TorchRng::new(0), device);
        writeln!(stdout(), "{}", accuracy_line(name, &found))?;
    }
    Ok(ExitCode::SUCCESS)
}
