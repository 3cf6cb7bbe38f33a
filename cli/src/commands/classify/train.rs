//! `llm classify train`: the options. `gpt` and `llama` open the model that training starts from.

mod gpt;
mod llama;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, ensure};
use burn::module::Module;
use ch06_classify::{Label, Length, Readout, SpamDataset, SpamLoaders, Split, Trainable, num_trainable};
use model_files::ClassifierConfig;
use shared::{Tokenizer, TrainingConfig};

use super::messages::EMBEDDED;
use crate::llama::is_llama;
use crate::options::{BaseModelArgs, DeviceArgs, LoraArgs, SeedArgs};
use crate::run_folder::CLASSIFY_FOLDER;
use crate::terminal::{grouped, positive, say, warn};

#[derive(clap::Args)]
#[command(allow_negative_numbers = true)]
pub struct Args {
    /// Messages: a file with "label TAB text" lines, a folder made by `prepare`, or a data set (sms-spam, messages)
    #[arg(long, value_name = "FILE|NAME", default_value = EMBEDDED)]
    data: String,
    #[command(flatten)]
    model: BaseModelArgs,
    /// The part of the model that is trained: last-block, last-two-blocks, all or head [default: last-block with --model, all
    /// without]
    #[arg(long, value_name = "PART", value_parser = trainable, conflicts_with = "lora_rank")]
    trainable: Option<Trainable>,
    /// Token position whose output is classified: last, first, last-real (the last that is not padding) or mean (of all)
    /// [default: last; for a Llama, Qwen3 or Gemma 3 last-real; without --model mean]
    #[arg(long, value_name = "POSITION", value_parser = readout)]
    token: Option<Readout>,
    /// Number of epochs: passes over the training messages [default: 5 with --model, 10 without]
    #[arg(long, value_name = "N", value_parser = positive)]
    epochs: Option<usize>,
    /// Number of messages in a batch [default: 8, with --no-padding 1]
    #[arg(long, value_name = "N", value_parser = positive)]
    batch_size: Option<usize>,
    /// Learning rate [default: 0.00005 for GPT-2's sizes, 0.001 for smaller models, 0.0003 for a Llama, Qwen3 or Gemma 3]
    #[arg(long, value_name = "X")]
    lr: Option<f64>,
    #[command(flatten)]
    lora: LoraArgs,
    #[command(flatten)]
    seed: SeedArgs,
    /// Length in tokens that messages are padded or truncated to [default: that of the longest training message, or the context
    /// if it is shorter]
    #[arg(long, value_name = "N", value_parser = positive)]
    max_length: Option<usize>,
    /// Do not pad the messages; a batch is then one message
    #[arg(long, conflicts_with = "max_length")]
    no_padding: bool,
    /// Let every token see the whole message, as it does without --model [default: only what comes before it]
    #[arg(long)]
    no_causal_mask: bool,
    /// Folder for the classifier and the pictures
    #[arg(long, value_name = "DIR", default_value = CLASSIFY_FOLDER)]
    out: PathBuf,
    #[command(flatten)]
    device: DeviceArgs,
}

fn trainable(name: &str) -> Result<Trainable, String> {
    by_name(&Trainable::ALL, name)
}

fn readout(name: &str) -> Result<Readout, String> {
    by_name(&Readout::ALL, name)
}

fn by_name<T: Copy>(all: &[(&str, T)], name: &str) -> Result<T, String> {
    let found = all.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
    found.ok_or_else(|| format!("must be one of {}", all.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")))
}

pub fn run(args: &Args) -> Result<ExitCode> {
    args.lora.settings()?;
    match &args.model.folder {
        Some(path) if is_llama(path) => llama::run(args, path),
        folder => gpt::run(args, folder.as_deref()),
    }
}

/// Says how many messages there are, and how many are too long.
fn introduce(split: &Split, loaders: &SpamLoaders) {
    let max_length = loaders.train.dataset().max_length();
    say(format_args!(
        "{} training, {} validation, {} test messages; at most {max_length} tokens each",
        grouped(split.train.len()),
        grouped(split.validation.len()),
        grouped(split.test.len()),
    ));
    let truncated: usize = loaders.parts().iter().map(|(_, loader)| loader.dataset().truncated()).sum();
    if truncated > 0 {
        warn(format_args!("note: {truncated} messages are longer than {max_length} tokens and are truncated"));
    }
}

/// Says how much of the model is trained.
fn say_sizes(model: &impl Module) {
    let (all, trainable) = (grouped(model.num_params()), grouped(num_trainable(model)));
    say(format_args!("{all} parameters, {trainable} of them trainable"));
}

impl Args {
    /// The book's settings with the user's, and these where neither says anything.
    fn training(&self, default: TrainingConfig) -> TrainingConfig {
        TrainingConfig {
            epochs: self.epochs.unwrap_or(default.epochs),
            batch_size: self.batch_size.unwrap_or(if self.no_padding { 1 } else { default.batch_size }),
            learning_rate: self.lr.unwrap_or(default.learning_rate),
            ..default
        }
    }

    /// The messages in batches for a model of this context length.
    fn loaders(
        &self,
        split: &Split,
        tokenizer: &impl Tokenizer,
        batch_size: usize,
        context_length: usize,
    ) -> Result<SpamLoaders> {
        let length = self.length(split, tokenizer, context_length)?;
        Ok(SpamLoaders::new(split, tokenizer, length, batch_size, context_length)?)
    }

    /// The length of the messages in tokens.
    fn length(&self, split: &Split, tokenizer: &impl Tokenizer, context_length: usize) -> Result<Length> {
        if self.no_padding {
            return Ok(Length::Unpadded(context_length));
        }
        if let Some(max_length) = self.max_length {
            ensure!(
                max_length <= context_length,
                "--max-length is {max_length}, but the model's context holds {context_length} tokens"
            );
            return Ok(Length::Exactly(max_length));
        }
        let longest = SpamDataset::new(&split.train, tokenizer, Length::Longest).max_length();
        Ok(Length::Exactly(longest.min(context_length)))
    }

    /// What is saved beside the weights. `model` are the sizes.
    fn classifier_config<C>(
        &self,
        model: C,
        loaders: &SpamLoaders,
        readout: Readout,
        causal_mask: bool,
    ) -> ClassifierConfig<C> {
        ClassifierConfig {
            model,
            max_length: (!self.no_padding).then_some(loaders.train.dataset().max_length()),
            readout,
            causal_mask,
            labels: Label::ALL.map(|label| label.name().to_string()).to_vec(),
        }
    }
}

#[cfg(test)]
mod tests {
    use ch06_classify::training_config;

    use super::gpt::{SMALL_MODEL_LR, STARTER_EPOCHS};
    use super::llama::LEARNING_RATE;
    use super::*;
    use crate::options::help::assert_help_ends_with;

    #[test]
    fn the_help_names_the_defaults() {
        let (book, starter) = (training_config(), STARTER_EPOCHS);
        for (name, expected) in [
            ("epochs", format!("[default: {} with --model, {starter} without]", book.epochs)),
            ("batch-size", format!("[default: {}, with --no-padding 1]", book.batch_size)),
            (
                "lr",
                format!(
                    "[default: {} for GPT-2's sizes, {SMALL_MODEL_LR} for smaller models, {LEARNING_RATE} for a Llama, Qwen3 or \
                     Gemma 3]",
                    book.learning_rate
                ),
            ),
        ] {
            assert_help_ends_with::<Args>(name, &expected);
        }
    }
}
