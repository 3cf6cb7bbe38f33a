//! A GPT learns to follow instructions.

use std::process::ExitCode;

use anyhow::Result;
use appendix_lora::{attach_lora, freeze};
use appendix_train_tricks::{Decay, Recipe, Schedule};
use burn::module::Module;
use burn::tensor::Device;
use ch02_text::Gpt2Tokenizer;
use ch04_gpt::GptModel;
use ch07_instruct::{
    CollateOptions, Entry, InstructionDataset, InstructionLoaders, PromptFormat, partition, training_config,
};
use shared::rng::TorchRng;
use shared::{GptConfig, TrainingConfig};

use super::Args;
use crate::commands::instruct::finetune::Finetuning;
use crate::commands::instruct::saver::{LoraBase, Saver};
use crate::models::open_text_model;
use crate::run_folder::{BASE_FOLDER, ensure_vocabulary};
use crate::starter_model::{STORY, StarterModel};
use crate::terminal::{Interrupt, say, tr, warn};

/// The model of a run without `--model`. With a vocabulary of the tasks, a task with its answer has 40 to 70 tokens.
const STARTER: StarterModel = StarterModel {
    vocab_size: 2560,
    context_length: 128,
    emb_dim: 96,
    n_heads: 4,
    n_layers: 3,
    drop_rate: 0.0,
    learning_rate: STARTER_LEARNING_RATE,
    eval_freq: 20,
};
/// The starter model is trained from scratch, so it needs larger steps than the book's, and more epochs.
pub const STARTER_LEARNING_RATE: f64 = 3e-3;
pub const STARTER_EPOCHS: usize = 10;
/// Its run has thousands of steps, so it is measured less often.
const STARTER_EVAL_FREQ: usize = 200;

/// Trains the model of `--model`, or the starter model.
pub fn run(args: Args, entries: &[Entry]) -> Result<ExitCode> {
    let device = args.device.open()?.autodiff();
    // A model of another kind should be noticed before anything else happens, so it is opened first.
    let opened = args.model.folder.as_deref().map(|folder| open_text_model(folder, &device)).transpose()?;
    let format = args.format.unwrap_or(PromptFormat::Alpaca);
    let (config, tokenizer) = match &opened {
        Some((config, _, tokenizer)) => (config.clone(), tokenizer.clone()),
        None => {
            let tokenizer = STARTER.tokenizer(training_texts(entries, format))?;
            (STARTER.config(&tokenizer), tokenizer)
        }
    };
    let config = GptConfig { drop_rate: 0.0, ..config };
    let training = args.training(defaults(opened.is_none()));
    training.validate()?;
    let lora = args.lora.settings()?;
    args.ensure_base_is_kept(lora.is_some())?;
    let loaders = loaders(&args, entries, config.context_length, format, &tokenizer)?.loaders;
    let interrupt = Interrupt::watch()?;
    let _folder = args.prepare_out()?;
    ensure_vocabulary(&args.out, tokenizer.vocabulary())?;
    let Some(model) = pretrained(&args, opened.map(|(_, model, _)| model), &tokenizer, &device, &interrupt)? else {
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
    let recipe = recipe(args.model.folder.is_none(), training.learning_rate);
    let prompt = format.format_input(&partition(entries).validation[0]);
    let (out, model_folder) = (args.out.as_path(), args.model.folder.as_deref());
    let device_of_samples = device.clone();
    let keeper =
        Saver { out, model: model_folder, config, tokenizer, format, lora: base, prompt, device: device_of_samples };
    let sizes = [&loaders.train, &loaders.validation].map(|loader| loader.dataset().items().len());
    Finetuning { data: &args.data, training, recipe, loaders, entries: sizes, keeper, out, device, interrupt }
        .run(model, &rng)
}

/// The settings where the user says nothing.
fn defaults(is_starter: bool) -> TrainingConfig {
    let book = training_config();
    TrainingConfig {
        epochs: if is_starter { STARTER_EPOCHS } else { book.epochs },
        learning_rate: if is_starter { STARTER_LEARNING_RATE } else { book.learning_rate },
        eval_freq: if is_starter { STARTER_EVAL_FREQ } else { book.eval_freq },
        ..book
    }
}

/// How the learning rate of the starter model rises and falls; any other model has the book's, which does not change.
fn recipe(is_starter: bool, peak_lr: f64) -> Recipe {
    if !is_starter {
        return Recipe::default();
    }
    let schedule = Schedule { warmup_steps: 100, initial_lr: peak_lr / 100.0, min_lr: 0.0, decay: Decay::Cosine };
    Recipe { schedule, ..Recipe::default() }
}

/// The training tasks with their answers.
fn training_texts(entries: &[Entry], format: PromptFormat) -> impl Iterator<Item = String> {
    let text = move |entry: &Entry| format.format_input(entry) + &format.format_response(&entry.output);
    partition(entries).train.iter().map(text)
}

fn loaders(
    args: &Args,
    entries: &[Entry],
    context_length: usize,
    format: PromptFormat,
    tokenizer: &Gpt2Tokenizer,
) -> Result<InstructionLoaders> {
    let options = CollateOptions {
        pad_token_id: tokenizer.end_of_text_id(),
        allowed_max_length: Some(args.max_length(context_length)?),
        mask_instruction: args.mask_instruction || args.model.folder.is_none(),
        ..Default::default()
    };
    let parts = partition(entries);
    let datasets = [parts.train, parts.validation].map(|part| InstructionDataset::new(part, format, tokenizer));
    args.loaders(entries, datasets, &options)
}

/// The model to fine-tune: the one of `--model`, or the starter model. `None` after Ctrl-C.
fn pretrained(
    args: &Args,
    opened: Option<GptModel>,
    tokenizer: &Gpt2Tokenizer,
    device: &Device,
    interrupt: &Interrupt,
) -> Result<Option<GptModel>> {
    if let Some(model) = opened {
        return Ok(Some(model.with_drop_rate(0.0)));
    }
    warn(tr!(
        "warning: without --model, a tiny model is pretrained on the story '{STORY}' first; it will know nothing but the \
         tasks that it is trained on",
        "警告：没有 --model，先用故事 '{STORY}' 预训练一个很小的模型；除了训练时见过的任务，它什么也不会"
    ));
    say(format_args!("Pretraining on '{STORY}':"));
    STARTER.pretrain(tokenizer, args.seed.seed, device, interrupt, |progress, evaluation| progress.say(evaluation))
}
