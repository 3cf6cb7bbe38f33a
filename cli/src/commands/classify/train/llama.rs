//! A Llama, Qwen3 or Gemma 3 becomes a classifier.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use appendix_lora::merge_lora;
use bonus_llama::LlamaModel;
use bonus_llama::classifier::{add_classification_head, attach_lora_to_blocks, set_trainable};
use burn::module::Module;
use burn::tensor::Device;
use ch06_classify::{Readout, Trainable, training_config};
use model_text::DocumentTokenizer;
use pretrained::{Texts, save_classifier};
use shared::TrainingConfig;
use shared::rng::TorchRng;

use super::{Args, introduce, say_sizes};
use crate::commands::classify::finetune::Finetuning;
use crate::commands::classify::messages::read_parts;
use crate::llama;
use crate::run_folder::ensure_companions;
use crate::run_lock::RunFolder;
use crate::terminal::{Interrupt, tr};

/// Chosen by the validation accuracy of SmolLM2 135M on the book's messages, from 1e-4 to 1e-3.
pub const LEARNING_RATE: f64 = 3e-4;

/// Trains the model in `path`.
pub fn run(args: &Args, path: &Path) -> Result<ExitCode> {
    ensure!(
        !args.no_causal_mask,
        tr!(
            "--no-causal-mask is for GPT-2 and its like; the attention of the model in {} has no such switch",
            "--no-causal-mask 只适用于 GPT-2 一类的模型；{} 中模型的注意力没有这个开关",
            path.display()
        )
    );
    let training = args.training(defaults());
    training.validate()?;
    let split = read_parts(&args.data)?;
    let device = args.device.open()?.autodiff();
    let base = llama::open(path, &device)?;
    let tokenizer = base.tokenizer.ok_or_else(|| llama::no_tokenizer(path))?;
    let texts = Texts::of(path)?;
    let tokenizer = DocumentTokenizer::new(tokenizer).with_context(|| path.display().to_string())?;
    let loaders = args.loaders(&split, &tokenizer, training.batch_size, base.config.context_length)?;
    let interrupt = Interrupt::watch()?;
    let _folder = RunFolder::open(&args.out)?;
    ensure_companions(&args.out)?;
    introduce(&split, &loaders);

    let model = classifier(args, base.model, &device)?;
    say_sizes(&model);
    let readout = args.token.unwrap_or(Readout::LastReal);
    let config = args.classifier_config(model.config.clone(), &loaders, readout, true);
    let save = |out: &Path, model: &LlamaModel| -> Result<()> {
        let merged = merge_lora(model.clone()).valid();
        Ok(save_classifier(out, &config, &merged, &texts)?)
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

/// The settings where the user says nothing: the book's, with larger steps. With the book's 5e-5 the loss of SmolLM2 135M still
/// falls steeply after five epochs.
fn defaults() -> TrainingConfig {
    TrainingConfig { learning_rate: LEARNING_RATE, ..training_config() }
}

/// The pretrained model with a new head, ready for fine-tuning.
fn classifier(args: &Args, model: LlamaModel, device: &Device) -> Result<LlamaModel> {
    let mut rng = TorchRng::new(args.seed.seed);
    let model = add_classification_head(model, &mut rng, device);
    let model = match args.lora.settings()? {
        Some(settings) => attach_lora_to_blocks(set_trainable(model, Trainable::Head), &settings, &mut rng, device),
        None => set_trainable(model, args.trainable.unwrap_or_default()),
    };
    Ok(fast::accelerate_llama(model))
}
