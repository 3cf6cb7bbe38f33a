//! A GPT becomes a classifier.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use appendix_lora::{attach_lora, freeze, merge_lora};
use burn::module::Module;
use burn::tensor::Device;
use ch04_gpt::GptModel;
use ch06_classify::head::without_causal_mask;
use ch06_classify::{Readout, Trainable, add_classification_head, set_trainable, training_config};
use model_files::save_classifier_with_vocabulary;
use shared::rng::TorchRng;
use shared::{GptConfig, TrainingConfig, data};

use super::{Args, introduce, say_sizes};
use crate::commands::classify::finetune::Finetuning;
use crate::commands::classify::messages::read_parts;
use crate::models::open_text_model;
use crate::run_folder::{ensure_companions, ensure_vocabulary};
use crate::run_lock::RunFolder;
use crate::starter_model::{STORY, StarterModel};
use crate::terminal::{Interrupt, tr, warn};

/// Models at least this wide are trained with the book's learning rate; small ones need larger steps.
const BOOK_WIDTH: usize = 768;
pub const SMALL_MODEL_LR: f64 = 1e-3;
/// The model of a run without `--model`.
const STARTER: StarterModel = StarterModel {
    vocab_size: 1024,
    context_length: 64,
    emb_dim: 96,
    n_heads: 4,
    n_layers: 2,
    drop_rate: 0.1,
    learning_rate: 2e-3,
    eval_freq: 5,
};
/// The starter model has learnt little before it sees the messages, so it needs more epochs.
pub const STARTER_EPOCHS: usize = 10;
/// Its run has few steps, so it is measured more often.
const STARTER_EVAL_FREQ: usize = 10;

/// Trains the model in `folder`, or the starter model.
pub fn run(args: &Args, folder: Option<&Path>) -> Result<ExitCode> {
    let is_starter = folder.is_none();
    args.training(defaults(BOOK_WIDTH, is_starter)).validate()?;
    let split = read_parts(&args.data)?;
    let device = args.device.open()?.autodiff();
    let base = folder.map(|folder| open_text_model(folder, &device)).transpose()?;
    let (config, tokenizer) = match &base {
        Some((config, _, tokenizer)) => (config.clone(), tokenizer.clone()),
        None => {
            let story = data::find(STORY)?.text()?;
            let texts = split.train.iter().map(|message| message.text.as_str()).chain([&*story]);
            let tokenizer = STARTER.tokenizer(texts)?;
            (STARTER.config(&tokenizer), tokenizer)
        }
    };
    let training = args.training(defaults(config.emb_dim, is_starter));
    let loaders = args.loaders(&split, &tokenizer, training.batch_size, config.context_length)?;
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
            STARTER.pretrain(&tokenizer, args.seed.seed, &device, &interrupt, |_, _| ())?
        }
    };
    let Some(model) = model.filter(|_| !interrupt.is_pressed()) else {
        warn(tr!("interrupted before the messages; nothing was saved", "在训练消息之前中断；没有保存任何内容"));
        return Ok(ExitCode::from(130));
    };
    let causal_mask = !(args.no_causal_mask || is_starter);
    let model = classifier(args, model, causal_mask, &device)?;
    say_sizes(&model);
    let readout = args.token.unwrap_or(if is_starter { Readout::Mean } else { Readout::Last });
    let config = args.classifier_config(GptConfig { drop_rate: 0.0, ..config }, &loaders, readout, causal_mask);
    let save = |out: &Path, model: &GptModel| -> Result<()> {
        let merged = merge_lora(model.clone()).valid();
        Ok(save_classifier_with_vocabulary(out, &config, &merged, tokenizer.vocabulary())?)
    };
    let rng = TorchRng::new(args.seed.seed);
    Finetuning {
        readout,
        training: &training,
        loaders: &loaders,
        save: &save,
        out: &args.out,
        device: &device,
        interrupt,
    }
    .run(model, &rng)
}

/// The settings for a model of this width.
fn defaults(emb_dim: usize, is_starter: bool) -> TrainingConfig {
    let book = training_config();
    TrainingConfig {
        epochs: if is_starter { STARTER_EPOCHS } else { book.epochs },
        learning_rate: if emb_dim < BOOK_WIDTH { SMALL_MODEL_LR } else { book.learning_rate },
        eval_freq: if is_starter { STARTER_EVAL_FREQ } else { book.eval_freq },
        ..book
    }
}

/// The pretrained model with a new head, ready for fine-tuning.
fn classifier(args: &Args, model: GptModel, causal_mask: bool, device: &Device) -> Result<GptModel> {
    let model = model.with_drop_rate(0.0);
    let model = if causal_mask { model } else { without_causal_mask(model) };
    let mut rng = TorchRng::new(args.seed.seed);
    let model = add_classification_head(model, &mut rng, device);
    if let Some(settings) = args.lora.settings()? {
        return Ok(attach_lora(freeze(model), &settings, &mut rng, device));
    }
    let default = if args.model.folder.is_some() { Trainable::LastBlock } else { Trainable::All };
    Ok(set_trainable(model, args.trainable.unwrap_or(default)))
}
