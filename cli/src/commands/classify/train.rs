//! `llm classify train`: the options and the model that training starts from.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, ensure};
use appendix_lora::{attach_lora, freeze};
use burn::module::Module;
use burn::tensor::Device;
use ch02_text::Gpt2Tokenizer;
use ch04_gpt::GptModel;
use ch06_classify::head::without_causal_mask;
use ch06_classify::{
    Label, Length, Readout, SpamDataset, SpamLoaders, Split, Trainable, add_classification_head, num_trainable,
    set_trainable, training_config,
};
use model_files::ClassifierConfig;
use shared::rng::TorchRng;
use shared::{GptConfig, TrainingConfig};

use super::finetune::Finetuning;
use super::messages::{EMBEDDED, read_parts};
use crate::models::open_text_model;
use crate::options::{BaseModelArgs, DeviceArgs, LoraArgs, SeedArgs};
use crate::run_folder::{CLASSIFY_FOLDER, ensure_companions, ensure_vocabulary};
use crate::run_lock::RunFolder;
use crate::starter_model::StarterModel;
use crate::terminal::{Interrupt, grouped, positive, say, tr, warn};

/// Models at least this wide are trained with the book's learning rate; small ones need larger steps.
const BOOK_WIDTH: usize = 768;
const SMALL_MODEL_LR: f64 = 1e-3;
/// The model of a run without `--model`.
const STARTER: StarterModel = StarterModel { context_length: 64, drop_rate: 0.1, learning_rate: 2e-3, eval_freq: 5 };
/// The starter model has learnt little before it sees the messages, so it needs more epochs.
const STARTER_EPOCHS: usize = 10;
/// Its run has few steps, so it is measured more often.
const STARTER_EVAL_FREQ: usize = 10;

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
    #[arg(long, value_name = "POSITION", default_value = "last", value_parser = readout)]
    token: Readout,
    /// Number of epochs: passes over the training messages [default: 5 with --model, 10 without]
    #[arg(long, value_name = "N", value_parser = positive)]
    epochs: Option<usize>,
    /// Number of messages in a batch [default: 8, with --no-padding 1]
    #[arg(long, value_name = "N", value_parser = positive)]
    batch_size: Option<usize>,
    /// Learning rate [default: 0.00005 for GPT-2's sizes, 0.001 for smaller models]
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
    /// Let every token see the whole message [default: only what comes before it]
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
    args.training(BOOK_WIDTH).validate()?;
    args.lora.settings()?;
    let split = read_parts(&args.data)?;
    let device = args.device.open()?.autodiff();
    let base = args.model.folder.as_deref().map(|folder| open_text_model(folder, &device)).transpose()?;
    let (config, tokenizer) = match &base {
        Some((config, _, tokenizer)) => (config.clone(), tokenizer.clone()),
        None => (STARTER.config(), Gpt2Tokenizer::new()),
    };
    let training = args.training(config.emb_dim);
    let length = args.length(&split, &tokenizer, config.context_length)?;
    let loaders = SpamLoaders::new(&split, &tokenizer, length, training.batch_size, config.context_length)?;
    let interrupt = Interrupt::watch()?;
    let _folder = RunFolder::open(&args.out)?;
    ensure_companions(&args.out)?;
    ensure_vocabulary(&args.out, tokenizer.vocabulary())?;
    introduce(&split, &loaders);

    let model = match base {
        Some((_, model, _)) => Some(model),
        None => {
            warn(
                "warning: without --model, a tiny model is pretrained on the embedded story first; for better results \
                 give a model trained on more text",
            );
            STARTER.pretrain(args.seed.seed, &device, &interrupt, |_, _| ())?
        }
    };
    let Some(model) = model.filter(|_| !interrupt.is_pressed()) else {
        warn(tr!("interrupted before the messages; nothing was saved", "在训练消息之前中断；没有保存任何内容"));
        return Ok(ExitCode::from(130));
    };
    let model = args.classifier(model, &device)?;
    let (all, trainable) = (grouped(model.num_params()), grouped(num_trainable(&model)));
    say(format_args!("{all} parameters, {trainable} of them trainable"));
    let config = args.classifier_config(config, loaders.train.dataset().max_length());
    let rng = TorchRng::new(args.seed.seed);
    let (training, loaders, vocabulary) = (&training, &loaders, tokenizer.vocabulary());
    Finetuning { config: &config, training, loaders, vocabulary, out: &args.out, device: &device, interrupt }
        .run(model, &rng)
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

impl Args {
    /// The settings for a model of this width.
    fn training(&self, emb_dim: usize) -> TrainingConfig {
        let (book, is_starter) = (training_config(), self.model.folder.is_none());
        let learning_rate = if emb_dim < BOOK_WIDTH { SMALL_MODEL_LR } else { book.learning_rate };
        TrainingConfig {
            epochs: self.epochs.unwrap_or(if is_starter { STARTER_EPOCHS } else { book.epochs }),
            batch_size: self.batch_size.unwrap_or(if self.no_padding { 1 } else { book.batch_size }),
            learning_rate: self.lr.unwrap_or(learning_rate),
            eval_freq: if is_starter { STARTER_EVAL_FREQ } else { book.eval_freq },
            ..book
        }
    }

    /// The length of the messages in tokens.
    fn length(&self, split: &Split, tokenizer: &Gpt2Tokenizer, context_length: usize) -> Result<Length> {
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

    /// The pretrained model with a new head, ready for fine-tuning.
    fn classifier(&self, model: GptModel, device: &Device) -> Result<GptModel> {
        let model = model.with_drop_rate(0.0);
        let model = if self.no_causal_mask { without_causal_mask(model) } else { model };
        let mut rng = TorchRng::new(self.seed.seed);
        let model = add_classification_head(model, &mut rng, device);
        if let Some(settings) = self.lora.settings()? {
            return Ok(attach_lora(freeze(model), &settings, &mut rng, device));
        }
        let default = if self.model.folder.is_some() { Trainable::LastBlock } else { Trainable::All };
        Ok(set_trainable(model, self.trainable.unwrap_or(default)))
    }

    fn classifier_config(&self, model: GptConfig, max_length: usize) -> ClassifierConfig {
        ClassifierConfig {
            model: GptConfig { drop_rate: 0.0, ..model },
            max_length: (!self.no_padding).then_some(max_length),
            readout: self.token,
            causal_mask: !self.no_causal_mask,
            labels: Label::ALL.map(|label| label.name().to_string()).to_vec(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::help::assert_help_ends_with;

    #[test]
    fn the_help_names_the_defaults() {
        let (book, starter) = (training_config(), STARTER_EPOCHS);
        for (name, expected) in [
            ("epochs", format!("[default: {} with --model, {starter} without]", book.epochs)),
            ("batch-size", format!("[default: {}, with --no-padding 1]", book.batch_size)),
            ("lr", format!("[default: {} for GPT-2's sizes, {SMALL_MODEL_LR} for smaller models]", book.learning_rate)),
        ] {
            assert_help_ends_with::<Args>(name, &expected);
        }
    }
}
