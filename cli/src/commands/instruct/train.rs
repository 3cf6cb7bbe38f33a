//! `llm instruct train`: the options. `gpt` and `llama` open the model that training starts from.

mod gpt;
mod llama;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use ch07_instruct::entry::DRILLS_NAME;
use ch07_instruct::{
    CollateOptions, Entries, Entry, InstructionDataset, InstructionLoaders, Partition, PromptFormat, partition,
};
use shared::TrainingConfig;

use crate::llama::is_llama;
use crate::options::{BaseModelArgs, DeviceArgs, LoraArgs, SeedArgs};
use crate::run_folder::{BASE_FOLDER, INSTRUCT_FOLDER, ensure_companion, ensure_companions, is_same};
use crate::run_lock::RunFolder;
use crate::terminal::{positive, warn};

#[derive(clap::Args)]
#[command(allow_negative_numbers = true)]
pub struct Args {
    /// Entries to learn from: a JSON file, or a data set of `llm data list`; "drills" and "small-tasks" are embedded
    #[arg(long, value_name = "FILE|NAME", default_value = DRILLS_NAME)]
    data: String,
    #[command(flatten)]
    model: BaseModelArgs,
    /// How tasks are written: alpaca or phi3 [default: alpaca; for a Llama, Qwen3 or Gemma 3 its chat template]
    #[arg(long, value_name = "F")]
    format: Option<PromptFormat>,
    /// Compute the loss of the answers only, not of the tasks; without --model, and for a Llama, Qwen3 or Gemma 3, this is always
    /// so
    #[arg(long)]
    mask_instruction: bool,
    /// Number of epochs: passes over the entries [default: 2 with --model, 10 without]
    #[arg(long, value_name = "N", value_parser = positive)]
    epochs: Option<usize>,
    /// Number of entries in a batch
    #[arg(long, value_name = "N", value_parser = positive, default_value_t = 8)]
    batch_size: usize,
    /// Learning rate; without --model, its peak [default: 0.00005 with --model, 0.0005 for LoRA in a Llama, Qwen3 or Gemma 3, 0.003
    /// without --model]
    #[arg(long, value_name = "X")]
    lr: Option<f64>,
    /// Maximum number of tokens in an entry; longer ones are truncated [default: the model's context]
    #[arg(long, value_name = "N", value_parser = positive)]
    max_length: Option<usize>,
    #[command(flatten)]
    lora: LoraArgs,
    #[command(flatten)]
    seed: SeedArgs,
    /// Folder for the model and the loss plot
    #[arg(long, value_name = "DIR", default_value = INSTRUCT_FOLDER)]
    out: PathBuf,
    #[command(flatten)]
    device: DeviceArgs,
}

pub fn run(args: Args) -> Result<ExitCode> {
    let entries = Entries::load(&args.data)?;
    match args.model.folder.clone() {
        Some(path) if is_llama(&path) => llama::run(&args, &path, &entries),
        _ => gpt::run(args, &entries),
    }
}

impl Args {
    /// The user's settings, and these where the user says nothing.
    fn training(&self, default: TrainingConfig) -> TrainingConfig {
        TrainingConfig {
            batch_size: self.batch_size,
            epochs: self.epochs.unwrap_or(default.epochs),
            learning_rate: self.lr.unwrap_or(default.learning_rate),
            ..default
        }
    }

    /// Fails if the model that a LoRA adapter belongs to would be overwritten.
    fn ensure_base_is_kept(&self, has_lora: bool) -> Result<()> {
        if let (Some(model), true) = (&self.model.folder, has_lora) {
            ensure!(
                !is_same(model, &self.out),
                "{} is both --model and --out, but the LoRA adapter fits the model that would be overwritten; name \
                 another folder with --out",
                model.display()
            );
        }
        Ok(())
    }

    /// Maximum number of tokens in an entry.
    fn max_length(&self, context_length: usize) -> Result<usize> {
        let max_length = self.max_length.unwrap_or(context_length);
        ensure!(
            max_length <= context_length,
            "--max-length is {max_length}, but the model sees at most {context_length} tokens"
        );
        Ok(max_length)
    }

    /// The batches of training and validation data, with a warning about entries that are too long.
    fn loaders(
        &self,
        entries: &[Entry],
        datasets: [InstructionDataset; 2],
        options: &CollateOptions,
    ) -> Result<InstructionLoaders> {
        let loaders =
            InstructionLoaders::of_datasets(datasets, self.batch_size, options).with_context(|| self.data.clone())?;
        let Partition { train, test, .. } = partition(entries);
        let validation_start = train.len() + test.len();
        let [train, validation] = &loaders.left_out;
        let left_out: Vec<usize> =
            train.iter().copied().chain(validation.iter().map(|index| validation_start + index)).collect();
        if let (Some(first), Some(max_length)) = (left_out.first(), options.allowed_max_length) {
            warn(format_args!(
                "warning: {} of {} entries are left out, because their instruction alone fills {max_length} tokens \
                 (the first is entry {first})",
                left_out.len(),
                entries.len()
            ));
        }
        Ok(loaders)
    }

    /// Makes the folder for the model, if nothing of the user's is in the way.
    fn prepare_out(&self) -> Result<RunFolder> {
        let folder = RunFolder::open(&self.out)?;
        ensure_companions(&self.out)?;
        if !self.model.folder.iter().any(|model| is_same(model, &self.out.join(BASE_FOLDER))) {
            ensure_companion(&self.out, BASE_FOLDER)?;
        }
        Ok(folder)
    }
}

#[cfg(test)]
mod tests {
    use ch07_instruct::training_config;

    use super::gpt::{STARTER_EPOCHS, STARTER_LEARNING_RATE};
    use super::llama::LORA_LEARNING_RATE;
    use super::*;
    use crate::options::help::assert_help_ends_with;

    #[test]
    fn the_help_names_the_defaults() {
        let book = training_config();
        for (name, expected) in [
            ("epochs", format!("[default: {} with --model, {STARTER_EPOCHS} without]", book.epochs)),
            (
                "lr",
                format!(
                    "[default: {} with --model, {LORA_LEARNING_RATE} for LoRA in a Llama, Qwen3 or Gemma 3, \
                     {STARTER_LEARNING_RATE} without --model]",
                    book.learning_rate
                ),
            ),
        ] {
            assert_help_ends_with::<Args>(name, &expected);
        }
    }
}
