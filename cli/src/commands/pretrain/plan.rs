//! A new run: its configuration, checked before anything is written, and its start.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use burn::tensor::Device;
use ch02_text::Gpt2Tokenizer;
use ch04_gpt::GptModel;
use ch05_pretrain::Loaders;
use serde::de::IgnoredAny;
use shared::init::torch_init;
use shared::rng::TorchRng;
use shared::{Batches, data};
use trainer::{Run, load_run_file, newest_checkpoint};

use super::args::Args;
use super::config_file::RunConfig;
use super::job::{PretrainJob, RunSettings};
use super::log::{Log, LogState};
use super::preset::preset;
use super::vocabulary;
use crate::options::{TextSource, TypedText, absolute};
use crate::run_folder::{ensure_companions, ensure_vocabulary, remove};
use crate::run_lock::RunFolder;
use crate::terminal::{tr, warn};
use crate::vocabulary::note_fewer_tokens;

/// A new run, before anything is written.
pub struct Plan {
    config: RunConfig,
    tokenizer: Gpt2Tokenizer,
    /// The number of tokens that was asked for.
    vocab_size: usize,
    text: TextSource,
    text_sha256: String,
    loaders: Loaders,
    prompt: String,
}

impl Plan {
    /// The settings of a new run from its options, and its text.
    pub fn new(args: &Args) -> Result<Self> {
        let mut config = configuration(args)?;
        ensure_one_reader(args)?;
        // The error should name the file as the user did.
        let text = args.text.source().read()?;
        let source = args.text.source().absolute()?;
        let RunConfig { model, training, recipe, .. } = &mut config;
        let vocab_size = model.vocab_size;
        let tokenizer = vocabulary::choose(args.tokenizer.as_deref(), vocab_size, &text)?;
        model.vocab_size = tokenizer.vocab_size();
        let loaders = Loaders::with_tokenizer(&text, &tokenizer, model.context_length, training.batch_size)?;
        let (peak_lr, batches) = (training.learning_rate, loaders.train.num_batches());
        *recipe = args.recipe.apply(recipe.clone(), peak_lr, batches, training.epochs)?;
        let prompt = match &args.prompt {
            Some(prompt) => prompt.read()?,
            None => default_prompt(&source).to_string(),
        };
        fast::check_prompt(&tokenizer.encode_ordinary(&prompt), model)?;
        let text_sha256 = data::sha256(text.as_bytes());
        Ok(Self { config, tokenizer, vocab_size, text: source, text_sha256, loaders, prompt })
    }

    /// The settings as a file for `--config`.
    pub fn config_file(&self) -> Result<String> {
        self.config.to_file()
    }

    /// Makes the model, the output folder and the log.
    pub fn start(self, args: &Args, device: &Device) -> Result<PretrainJob> {
        let Self { config, tokenizer, vocab_size, text, text_sha256, loaders, prompt } = self;
        let RunConfig { model: config, training, recipe, seed } = config;
        let forward = args.precision.forward(device)?; // before any file is touched
        let folder = RunFolder::open(&args.out)?;
        let finished = finished_run(&args.out)?;
        ensure_companions(&args.out)?;
        ensure_vocabulary(&args.out, tokenizer.vocabulary())?;
        let log = Log::create(args.log.as_deref())?;
        if args.tokenizer.is_none() && config.vocab_size < vocab_size {
            note_fewer_tokens(vocab_size);
        }
        // It must not be continued instead of this run. Its model stays until there is another.
        if let Some(checkpoint) = finished {
            warn(tr!(
                "note: the finished run in {} is replaced",
                "提示：{} 中已完成的训练将被替换",
                args.out.display()
            ));
            remove(&checkpoint)?;
        }
        let mut rng = TorchRng::new(seed);
        let mut model = torch_init(GptModel::new(&config, &device.clone().autodiff()), &mut rng);
        model.fast = forward;
        let run = Run::new(model, training.weight_decay, &rng);
        let settings = RunSettings {
            text,
            text_sha256,
            prompt,
            reproducible_masks: args.reproducible_masks,
            precision: args.precision,
            recipe,
            save_every: args.save_every,
            log: args.log.as_deref().map(absolute).transpose()?,
            log_state: LogState::default(),
        };
        let out = args.out.clone();
        Ok(PretrainJob { config, training, tokenizer, loaders, run, settings, out, folder, log })
    }
}

/// The settings of a new run: the preset, with the file and then the options applied.
fn configuration(args: &Args) -> Result<RunConfig> {
    let mut config = preset(&args.size);
    if let Some(path) = &args.config {
        config = config.with_file(path)?;
    }
    config.seed = args.seed.unwrap_or(config.seed);
    let RunConfig { model, training, .. } = &mut config;
    let set = |field: &mut usize, option: Option<usize>| *field = option.unwrap_or(*field);
    set(&mut model.vocab_size, args.vocab_size);
    set(&mut model.context_length, args.context_length);
    set(&mut training.epochs, args.epochs);
    set(&mut training.batch_size, args.batch_size);
    set(&mut training.eval_freq, args.eval_freq);
    set(&mut training.eval_iter, args.eval_iter);
    let set = |field: &mut f64, option: Option<f64>| *field = option.unwrap_or(*field);
    set(&mut model.drop_rate, args.drop_rate);
    set(&mut training.learning_rate, args.lr);
    set(&mut training.weight_decay, args.weight_decay);
    model.validate()?;
    training.validate()?;
    Ok(config)
}

/// Standard input can be read once.
fn ensure_one_reader(args: &Args) -> Result<()> {
    let text = matches!(args.text.source(), TextSource::StandardInput);
    ensure!(
        !(text && args.prompt == Some(TypedText::StandardInput)),
        tr!(
            "--text and --prompt cannot both be standard input; give one of them in another way",
            "--text 和 --prompt 不能都从标准输入读取；请用别的方式给出其中一个"
        )
    );
    Ok(())
}

/// A start for the samples that suits the text.
fn default_prompt(text: &TextSource) -> &'static str {
    match text {
        TextSource::Dataset(name) if name == "lamp" => "The old clockmaker",
        TextSource::Dataset(name) if name == "station-tea" => "水开了，外婆",
        _ => "Every effort moves you",
    }
}

/// The checkpoint of a finished run in `folder`, if there is one. An unfinished run is an error: it must not be lost.
fn finished_run(folder: &Path) -> Result<Option<PathBuf>> {
    let Ok(checkpoint) = newest_checkpoint(folder) else { return Ok(None) };
    let shown = folder.display();
    ensure!(
        checkpoint != folder,
        tr!(
            "{shown} is itself a checkpoint of a run; name another folder with --out",
            "{shown} 本身就是一次训练的检查点；请用 --out 指定另一个文件夹"
        )
    );
    let file = load_run_file::<IgnoredAny>(&checkpoint).with_context(|| {
        tr!(
            "the run in {shown} cannot be read; name another folder with --out",
            "无法读取 {shown} 中的训练；请用 --out 指定另一个文件夹"
        )
    })?;
    ensure!(
        file.state.epoch > file.training.epochs,
        tr!(
            "the run in {shown} is not finished: it has made {} steps; continue it with --resume {shown}, or name another \
             folder with --out",
            "{shown} 中的训练还没有完成：已经进行了 {} 步；请用 --resume {shown} 继续，或用 --out 指定另一个文件夹",
            file.state.steps
        )
    );
    Ok(Some(checkpoint))
}
