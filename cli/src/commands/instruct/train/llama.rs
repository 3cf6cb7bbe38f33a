//! A Llama, Qwen3 or Gemma 3 learns to follow instructions.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use appendix_lora::{freeze, merge_lora};
use appendix_train_tricks::Recipe;
use bonus_llama::classifier::attach_lora_to_blocks;
use bonus_llama::{LlamaConfig, LlamaModel};
use burn::module::Module;
use ch05_pretrain::Loaders;
use ch05_pretrain::sample::SAMPLE_TOKENS;
use ch07_instruct::{Entry, InstructionLoaders, partition, training_config};
use fast::LlamaGenerator;
use model_files::save_adapter_for;
use pretrained::{AnswerLoader, TaskForm, TaskWriter, Texts};
use shared::TrainingConfig;
use shared::rng::TorchRng;

use super::Args;
use crate::commands::instruct::finetune::{Finetuning, Keeper};
use crate::commands::instruct::llama_answer::{answer, task_writer};
use crate::llama;
use crate::models::save_tuned_format;
use crate::run_folder::{ADAPTER_FOLDER, BASE_FOLDER, is_same, remove, remove_companions};
use crate::terminal::{Interrupt, tr};

/// Chosen by the validation loss of SmolLM2 135M on the book's tasks.
pub const LORA_LEARNING_RATE: f64 = 5e-4;
/// Steps between two evaluations.
const EVAL_FREQ: usize = 20;

/// Trains the model in `path`.
pub fn run(args: &Args, path: &Path, entries: &[Entry]) -> Result<ExitCode> {
    let lora = args.lora.settings()?;
    let training = args.training(defaults(lora.is_some()));
    training.validate()?;
    args.ensure_base_is_kept(lora.is_some())?;
    let device = args.device.open()?.autodiff();
    let base = llama::open(path, &device)?;
    let texts = Texts::of(path)?;
    let config = base.config.clone();
    let (writer, model) = task_writer(path, base, args.format)?;

    let parts = partition(entries);
    let [train, validation] = [parts.train, parts.validation].map(|part| writer.dataset(part));
    let datasets = [train.context(args.data.clone())?, validation.context(args.data.clone())?];
    let pad_token_id = AnswerLoader::padding(&datasets, config.vocab_size).with_context(|| {
        tr!("the entries of {} use every token of the model", "{} 中的条目用到了模型的所有词元", args.data)
    })?;
    let options = AnswerLoader::options(pad_token_id, args.max_length(config.context_length)?);
    let InstructionLoaders { loaders, .. } = args.loaders(entries, datasets, &options)?;
    let [train, validation] = [loaders.train, loaders.validation].map(|loader| AnswerLoader::new(loader, pad_token_id));
    let sizes = [train.len(), validation.len()];

    let interrupt = Interrupt::watch()?;
    let _folder = args.prepare_out()?;
    let mut rng = TorchRng::new(args.seed.seed);
    let model = match &lora {
        Some(settings) => attach_lora_to_blocks(freeze(model), settings, &mut rng, &device),
        None => model,
    };
    let model = fast::accelerate_llama(model);
    let task = parts.validation[0].clone();
    let keeper =
        LlamaKeeper { out: &args.out, base: path.to_path_buf(), config, texts, writer, has_lora: lora.is_some(), task };
    let loaders = Loaders { train, validation };
    Finetuning {
        data: &args.data,
        training,
        recipe: Recipe::default(),
        loaders,
        entries: sizes,
        keeper,
        out: &args.out,
        device,
        interrupt,
    }
    .run(model, &rng)
}

/// The settings where the user says nothing: the book's. LoRA layers begin at 0 and need larger steps; and as an evaluation
/// costs as much as several steps, there are fewer of them.
fn defaults(has_lora: bool) -> TrainingConfig {
    let book = training_config();
    let learning_rate = if has_lora { LORA_LEARNING_RATE } else { book.learning_rate };
    TrainingConfig { learning_rate, eval_freq: EVAL_FREQ, ..book }
}

struct LlamaKeeper<'a> {
    out: &'a Path,
    /// The model that training starts from.
    base: PathBuf,
    config: LlamaConfig,
    texts: Texts,
    writer: TaskWriter,
    has_lora: bool,
    /// What the samples answer.
    task: Entry,
}

impl Keeper for LlamaKeeper<'_> {
    type Model = LlamaModel;

    fn sample(&self, model: &LlamaModel) -> Result<String> {
        let merged = merge_lora(model.clone()).valid();
        let mut generator = LlamaGenerator::new(&merged, kernels::decode::Precision::F32)?;
        let (answer, _) = answer(&mut generator, &self.writer, &self.task, SAMPLE_TOKENS)?;
        Ok(format!("{} >> {answer}", self.writer.shown(&self.task)).replace('\n', " "))
    }

    fn save(&mut self, model: &LlamaModel) -> Result<()> {
        let (adapter, old_base) = (self.out.join(ADAPTER_FOLDER), self.out.join(BASE_FOLDER));
        remove_companions(self.out)?;
        // What an earlier run left there belongs to another model.
        if !is_same(&self.base, &old_base) {
            remove(&old_base)?;
        }
        pretrained::save(self.out, &self.config, &merge_lora(model.clone()).valid(), &self.texts)?;
        if self.has_lora {
            save_adapter_for(&adapter, model, Some(&self.base.display().to_string()))?;
        }
        match &self.writer.form {
            TaskForm::Format(format) => save_tuned_format(self.out, *format),
            TaskForm::Template(_) => Ok(()),
        }
    }

    fn adapted(&self) -> Option<&Path> {
        self.has_lora.then_some(self.base.as_path())
    }
}
