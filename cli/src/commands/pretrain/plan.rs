//! A new run: its configuration, checked before anything is written, and its start.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use appendix_train_tricks::Recipe;
use burn::tensor::Device;
use ch02_text::{Gpt2Tokenizer, VOCAB_SIZE};
use ch04_gpt::GptModel;
use ch05_pretrain::Loaders;
use serde::Deserialize;
use serde::de::IgnoredAny;
use shared::config::ConfigError;
use shared::init::torch_init;
use shared::rng::TorchRng;
use shared::{Batches, GptConfig, TrainingConfig, data};
use trainer::{Run, load_run_file, newest_checkpoint};

use super::args::{Args, absolute};
use super::job::{PretrainJob, RunSettings};
use super::log::{Log, LogState};
use crate::options::TextSource;
use crate::run_folder::{ensure_companions, prepare_out, remove};
use crate::terminal::warn;

/// The book trains GPT-2's sizes with a shorter context than the 1024 tokens they support (section 5.1.1).
const BOOK_TRAINING_CONTEXT: usize = 256;

/// The file of `--config`. Other keys are ignored.
#[derive(Deserialize)]
struct RunConfig {
    model: GptConfig,
    training: TrainingConfig,
    #[serde(default)]
    recipe: Recipe,
    seed: Option<u64>,
}

/// A new run, before anything is written.
pub struct Plan {
    config: GptConfig,
    training: TrainingConfig,
    recipe: Recipe,
    seed: u64,
    text: TextSource,
    text_sha256: String,
    loaders: Loaders,
    prompt: String,
}

impl Plan {
    /// The configuration of a new run from its options, and its text.
    pub fn new(args: &Args) -> Result<Self> {
        let RunConfig { model: config, training, recipe, seed } = configuration(args)?;
        // The error should name the file as the user did.
        let text = args.text.source().read()?;
        let source = match args.text.source() {
            TextSource::File(path) => TextSource::File(absolute(&path)?),
            dataset => dataset,
        };
        let loaders = Loaders::new(&text, config.context_length, training.batch_size)?;
        let (peak_lr, batches) = (training.learning_rate, loaders.train.num_batches());
        let recipe = args.recipe.apply(recipe, peak_lr, batches, training.epochs)?;
        let prompt = args.prompt.clone().unwrap_or_else(|| default_prompt(&source).to_string());
        fast::check_prompt(&Gpt2Tokenizer::new().encode_with_end_of_text(&prompt), &config)?;
        let seed = args.seed.or(seed).unwrap_or(123);
        let text_sha256 = data::sha256(text.as_bytes());
        Ok(Self { config, training, recipe, seed, text: source, text_sha256, loaders, prompt })
    }

    /// Makes the model, the output folder and the log.
    pub fn start(self, args: &Args, device: &Device) -> Result<PretrainJob> {
        let Self { config, training, recipe, seed, text, text_sha256, loaders, prompt } = self;
        let forward = args.precision.forward(device)?; // before any file is touched
        let finished = finished_run(&args.out)?;
        ensure_companions(&args.out)?;
        prepare_out(&args.out)?;
        let log = Log::create(args.log.as_deref())?;
        // It must not be continued instead of this run. Its model stays until there is another.
        if let Some(checkpoint) = finished {
            warn(format_args!("note: the finished run in {} is replaced", args.out.display()));
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
        Ok(PretrainJob { config, training, loaders, run, settings, out: args.out.clone(), log })
    }
}

/// The configuration of a new run: the file or the preset, with the options applied.
fn configuration(args: &Args) -> Result<RunConfig> {
    let mut config = match &args.config {
        Some(path) => read_config(path)?,
        None => preset(&args.size),
    };
    let RunConfig { model, training, .. } = &mut config;
    let set = |field: &mut usize, option: Option<usize>| *field = option.unwrap_or(*field);
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
    ensure!(
        model.vocab_size == VOCAB_SIZE,
        "vocab_size is {}, but text is read with GPT-2's tokenizer, which has {VOCAB_SIZE} ids",
        model.vocab_size
    );
    Ok(config)
}

fn read_config(path: &Path) -> Result<RunConfig> {
    let text = data::read_text(path)?;
    let config: RunConfig =
        serde_json::from_str(&text).with_context(|| format!("{} is not a configuration of a run", path.display()))?;
    let named = |e: ConfigError| anyhow::Error::new(e).context(path.display().to_string());
    config.model.validate().map_err(named)?;
    config.training.validate().map_err(named)?;
    Ok(config)
}

/// The settings that belong to a size: the book's for GPT-2, others for the tiny model, which is trained in a minute.
fn preset(size: &GptConfig) -> RunConfig {
    let book = TrainingConfig::book();
    let (model, training) = if size.context_length > BOOK_TRAINING_CONTEXT {
        (GptConfig { context_length: BOOK_TRAINING_CONTEXT, ..size.clone() }, book)
    } else {
        let tiny =
            TrainingConfig { batch_size: 4, learning_rate: 2e-3, epochs: 12, eval_freq: 10, eval_iter: 4, ..book };
        (size.clone(), tiny)
    };
    RunConfig { model, training, recipe: Recipe::default(), seed: None }
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
    ensure!(checkpoint != folder, "{shown} is itself a checkpoint of a run; name another folder with --out");
    let file = load_run_file::<IgnoredAny>(&checkpoint)
        .with_context(|| format!("the run in {shown} cannot be read; name another folder with --out"))?;
    ensure!(
        file.state.epoch > file.training.epochs,
        "the run in {shown} is not finished: it has made {} steps; continue it with --resume {shown}, or name another \
         folder with --out",
        file.state.steps
    );
    Ok(Some(checkpoint))
}
