//! `llm instruct train`: the options, the entries and the model that training starts from.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use appendix_lora::{LoraSettings, attach_lora, freeze};
use burn::module::Module;
use burn::tensor::Device;
use ch02_text::Gpt2Tokenizer;
use ch04_gpt::GptModel;
use ch05_pretrain::Loaders;
use ch07_instruct::entry::EMBEDDED_NAME;
use ch07_instruct::{
    CollateOptions, Entries, Entry, InstructionLoader, InstructionLoaders, PromptFormat, partition, training_config,
};
use shared::rng::TorchRng;
use shared::{GptConfig, TrainingConfig};

use super::finetune::Finetuning;
use super::saver::{LoraBase, Saver};
use crate::models::open_text_model;
use crate::options::{BaseModelArgs, DeviceArgs, LoraArgs, SeedArgs};
use crate::run_folder::{
    BASE_FOLDER, INSTRUCT_FOLDER, ensure_companion, ensure_companions, ensure_vocabulary, is_same,
};
use crate::run_lock::RunFolder;
use crate::starter_model::{STORY, StarterModel};
use crate::terminal::{Interrupt, positive, say, tr, warn};

/// The model of a run without `--model`. A task with its answer has 40 to 90 tokens, a Chinese one more.
const STARTER: StarterModel =
    StarterModel { context_length: 128, drop_rate: 0.0, learning_rate: STARTER_LEARNING_RATE, eval_freq: 20 };
/// The starter model is trained from scratch, so it needs larger steps than the book's, and more epochs.
const STARTER_LEARNING_RATE: f64 = 3e-3;
const STARTER_EPOCHS: usize = 6;

#[derive(clap::Args)]
#[command(allow_negative_numbers = true)]
pub struct Args {
    /// Entries to learn from: a JSON file, or a data set of `llm data list`; "small-tasks" are the embedded ones
    #[arg(long, value_name = "FILE|NAME", default_value = EMBEDDED_NAME)]
    data: String,
    #[command(flatten)]
    model: BaseModelArgs,
    /// How tasks are written: alpaca or phi3
    #[arg(long, value_name = "F", default_value = "alpaca")]
    format: PromptFormat,
    /// Compute the loss of the answers only, not of the tasks
    #[arg(long)]
    mask_instruction: bool,
    /// Number of epochs: passes over the entries [default: 2 with --model, 6 without]
    #[arg(long, value_name = "N", value_parser = positive)]
    epochs: Option<usize>,
    /// Number of entries in a batch
    #[arg(long, value_name = "N", value_parser = positive, default_value_t = 8)]
    batch_size: usize,
    /// Learning rate [default: 0.00005 with --model, 0.003 without]
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
    let device = args.device.open()?.autodiff();
    // A model of another kind should be noticed before anything else happens, so it is opened first.
    let opened = args.model.folder.as_deref().map(|folder| open_text_model(folder, &device)).transpose()?;
    let (config, tokenizer) = match &opened {
        Some((config, _, tokenizer)) => (config.clone(), tokenizer.clone()),
        None => (STARTER.config(), Gpt2Tokenizer::new()),
    };
    let config = GptConfig { drop_rate: 0.0, ..config };
    let training = args.training();
    training.validate()?;
    let lora = args.lora.settings()?;
    args.ensure_base_is_kept(lora.as_ref())?;
    let loaders = args.loaders(&entries, config.context_length, &tokenizer)?;
    let interrupt = Interrupt::watch()?;
    let _folder = args.prepare_out(&tokenizer)?;
    let Some(model) = args.pretrained(opened.map(|(_, model, _)| model), &device, &interrupt)? else {
        warn(tr!("interrupted before the instructions; nothing was saved", "在训练指令之前中断；没有保存任何内容"));
        return Ok(ExitCode::from(130));
    };
    let mut rng = TorchRng::new(args.seed.seed);
    let base = lora.is_some().then(|| LoraBase {
        folder: args.model.folder.clone().unwrap_or_else(|| args.out.join(BASE_FOLDER)),
        new: args.model.folder.is_none().then(|| model.valid()),
    });
    let model = match &lora {
        Some(settings) => attach_lora(freeze(model), settings, &mut rng, &device),
        None => model,
    };
    let prompt = args.format.format_input(&partition(&entries).validation[0]);
    let (out, format) = (args.out.as_path(), args.format);
    let saver = Saver { out, model: args.model.folder.as_deref(), config, tokenizer, format, lora: base };
    Finetuning { data: &args.data, prompt, training, loaders, saver, device, interrupt }.run(model, &rng)
}

impl Args {
    fn training(&self) -> TrainingConfig {
        let (book, is_starter) = (training_config(), self.model.folder.is_none());
        TrainingConfig {
            batch_size: self.batch_size,
            epochs: self.epochs.unwrap_or(if is_starter { STARTER_EPOCHS } else { book.epochs }),
            learning_rate: self.lr.unwrap_or(if is_starter { STARTER_LEARNING_RATE } else { book.learning_rate }),
            ..book
        }
    }

    /// Fails if the model that a LoRA adapter belongs to would be overwritten.
    fn ensure_base_is_kept(&self, lora: Option<&LoraSettings>) -> Result<()> {
        if let (Some(model), Some(_)) = (&self.model.folder, lora) {
            ensure!(
                !is_same(model, &self.out),
                "{} is both --model and --out, but the LoRA adapter fits the model that would be overwritten; name \
                 another folder with --out",
                model.display()
            );
        }
        Ok(())
    }

    /// The batches, with a warning about entries that are too long.
    fn loaders(
        &self,
        entries: &[Entry],
        context_length: usize,
        tokenizer: &Gpt2Tokenizer,
    ) -> Result<Loaders<InstructionLoader>> {
        let max_length = self.max_length.unwrap_or(context_length);
        ensure!(
            max_length <= context_length,
            "--max-length is {max_length}, but the model sees at most {context_length} tokens"
        );
        let options = CollateOptions {
            pad_token_id: tokenizer.end_of_text_id(),
            allowed_max_length: Some(max_length),
            mask_instruction: self.mask_instruction,
            ..Default::default()
        };
        let parts = partition(entries);
        let InstructionLoaders { loaders, left_out } =
            InstructionLoaders::new(parts, self.format, self.batch_size, &options, tokenizer)
                .with_context(|| self.data.clone())?;
        let validation_start = parts.train.len() + parts.test.len();
        let [train, validation] = &left_out;
        let left_out: Vec<usize> =
            train.iter().copied().chain(validation.iter().map(|index| validation_start + index)).collect();
        if let Some(first) = left_out.first() {
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
    fn prepare_out(&self, tokenizer: &Gpt2Tokenizer) -> Result<RunFolder> {
        let folder = RunFolder::open(&self.out)?;
        ensure_companions(&self.out)?;
        ensure_vocabulary(&self.out, tokenizer.vocabulary())?;
        if !self.model.folder.iter().any(|model| is_same(model, &self.out.join(BASE_FOLDER))) {
            ensure_companion(&self.out, BASE_FOLDER)?;
        }
        Ok(folder)
    }

    /// The model to fine-tune: the one of `--model`, or the starter model. `None` after Ctrl-C.
    fn pretrained(&self, opened: Option<GptModel>, device: &Device, interrupt: &Interrupt) -> Result<Option<GptModel>> {
        if let Some(model) = opened {
            return Ok(Some(model.with_drop_rate(0.0)));
        }
        warn(format_args!(
            "warning: without --model, a tiny model is pretrained on the story '{STORY}' first; it learns the form of an \
             answer, and little else"
        ));
        say(format_args!("Pretraining on '{STORY}':"));
        STARTER.pretrain(self.seed.seed, device, interrupt, |progress, evaluation| progress.say(evaluation))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::help::assert_help_ends_with;

    #[test]
    fn the_help_names_the_defaults() {
        let book = training_config();
        for (name, expected) in [
            ("epochs", format!("[default: {} with --model, {STARTER_EPOCHS} without]", book.epochs)),
            ("lr", format!("[default: {} with --model, {STARTER_LEARNING_RATE} without]", book.learning_rate)),
        ] {
            assert_help_ends_with::<Args>(name, &expected);
        }
    }
}
