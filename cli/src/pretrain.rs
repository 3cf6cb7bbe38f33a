//! `llm pretrain`.

use std::borrow::Cow;
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use appendix_train_tricks::lr_plot::plot_learning_rates;
use appendix_train_tricks::{Recipe, Schedule, train_model};
use burn::module::Module;
use burn::tensor::Device;
use ch02_text::{Gpt2Tokenizer, VOCAB_SIZE};
use ch04_gpt::{GptModel, generate_text_simple};
use ch05_pretrain::checkpoint::check_sizes;
use ch05_pretrain::loss_plot::plot_losses;
use ch05_pretrain::sample::generate_sample;
use ch05_pretrain::tokens::{ids_to_tensor, tensor_to_ids};
use ch05_pretrain::{
    Evaluation, Event, Loaders, Run, load_checkpoint, load_run_file, newest_checkpoint, save_checkpoint, save_model,
};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use shared::config::ConfigError;
use shared::device::{DeviceChoice, is_cpu};
use shared::files::write_whole;
use shared::init::torch_init;
use shared::progress::Progress;
use shared::rng::TorchRng;
use shared::{GptConfig, TrainingConfig, data};

use crate::generate::check_prompt;
use crate::interrupt::Interrupt;
use crate::leftovers::{ensure_companions, prepare_out, remove, remove_companions};
use crate::precision::ProductPrecision;
use crate::recipe::RecipeArgs;
use crate::say::{say, warn};
use crate::{grouped, positive};

/// Name of the loss plot in the output folder.
const PLOT_FILE: &str = "losses.svg";
/// Name of the picture of the learning rate, of runs in which it changes.
pub const RATES_FILE: &str = "learning-rate.svg";
/// Greedy tokens at the end of a run.
const FINAL_TOKENS: usize = 20;
/// The book trains GPT-2's sizes with a shorter context than the 1024 tokens they can take (section 5.1.1).
const BOOK_TRAINING_CONTEXT: usize = 256;

#[derive(clap::Args)]
#[command(allow_negative_numbers = true)]
pub struct Args {
    /// Text file to learn from
    #[arg(long, value_name = "FILE", conflicts_with = "dataset")]
    text: Option<PathBuf>,
    /// Data set to learn from, see `llm data list`
    #[arg(long, value_name = "NAME", default_value = "lamp")]
    dataset: String,
    /// Size of the model: tiny, gpt2-small (124M), gpt2-medium (355M), gpt2-large (774M), gpt2-xl (1558M)
    #[arg(long, value_name = "SIZE", default_value = "tiny", value_parser = GptConfig::preset)]
    size: GptConfig,
    /// JSON file {"model": {...}, "training": {...}}; the other options override it
    #[arg(long, value_name = "FILE", conflicts_with = "size")]
    config: Option<PathBuf>,
    /// Passes over the text
    #[arg(long, value_name = "N", value_parser = positive)]
    epochs: Option<usize>,
    /// Windows in a batch
    #[arg(long, value_name = "N", value_parser = positive)]
    batch_size: Option<usize>,
    /// Tokens in a window, and most that the model can see
    #[arg(long, value_name = "N", value_parser = positive)]
    context_length: Option<usize>,
    /// Learning rate, the highest where it changes
    #[arg(long, value_name = "X")]
    lr: Option<f64>,
    #[command(flatten)]
    recipe: RecipeArgs,
    /// Weight decay
    #[arg(long, value_name = "X")]
    weight_decay: Option<f64>,
    /// Dropout rate
    #[arg(long, value_name = "X")]
    drop_rate: Option<f64>,
    /// Seed of all random numbers; the same seed gives the same run
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Steps between two evaluations
    #[arg(long, value_name = "N", value_parser = positive)]
    eval_freq: Option<usize>,
    /// Batches of an evaluation
    #[arg(long, value_name = "N", value_parser = positive)]
    eval_iter: Option<usize>,
    /// Start of the samples
    #[arg(long, value_name = "TEXT")]
    prompt: Option<String>,
    /// Folder for the model and the loss plot
    #[arg(long, value_name = "DIR", default_value = "runs/pretrain")]
    out: PathBuf,
    /// File for every loss, one JSON object a line
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
    /// Where to compute: auto, cpu, ndarray, wgpu, vulkan, metal or cuda
    #[arg(long, value_name = "D", default_value = "auto")]
    device: DeviceChoice,
    /// Draw dropout masks on the host also for a GPU, so that a seed gives the same masks everywhere
    #[arg(long)]
    reproducible_masks: bool,
    /// Compute with the book's formulas instead of the fast operations for the CPU
    #[arg(long)]
    plain: bool,
    /// Precision of the products in linear layers: f32, or mixed precision with bf16 or f16 on graphics cards that have
    /// them
    #[arg(long, value_name = "P", value_enum, default_value = "f32", conflicts_with = "plain")]
    precision: ProductPrecision,
    /// Save the run every N steps, besides the end of each epoch, so that it can be continued
    #[arg(long, value_name = "N", value_parser = positive)]
    save_every: Option<usize>,
    /// Continue the run in this folder; only --epochs and --device may be given with it, and where they have been moved
    /// to, its --text and --log
    #[arg(long, value_name = "DIR", conflicts_with_all = ["dataset", "size", "config", "batch_size",
        "context_length", "lr", "weight_decay", "drop_rate", "seed", "eval_freq", "eval_iter", "prompt", "out",
        "reproducible_masks", "plain", "precision", "save_every", "warmup_steps", "warmup_ratio", "initial_lr", "min_lr",
        "lr_schedule", "clip_grad_norm", "grad_accum"])]
    resume: Option<PathBuf>,
}

/// The file of `--config`. Other keys beside these are left alone.
#[derive(Deserialize)]
struct RunConfig {
    model: GptConfig,
    training: TrainingConfig,
    #[serde(default)]
    recipe: Recipe,
    seed: Option<u64>,
}

/// Everything that is settled before the first step.
struct Job {
    model: GptConfig,
    training: TrainingConfig,
    loaders: Loaders,
    run: Run,
    settings: Settings,
    out: PathBuf,
    log: Log,
}

/// What a run needs to go on besides its state and configuration; kept in every checkpoint.
#[derive(Clone, Serialize, Deserialize)]
struct Settings {
    text: Source,
    text_sha256: String,
    prompt: String,
    reproducible_masks: bool,
    /// Whether the book's formulas compute it. Runs of earlier versions go on with the fast operations.
    #[serde(default)]
    plain: bool,
    /// Precision of the products in linear layers. Runs of earlier versions have 32 bits.
    #[serde(default)]
    precision: ProductPrecision,
    /// Appendix D's part of the training. Runs of earlier versions have none.
    #[serde(default)]
    recipe: Recipe,
    save_every: Option<usize>,
    log: Option<PathBuf>,
    /// Length of the log when the checkpoint was saved: what comes after it is written again.
    log_bytes: u64,
    /// SHA-256 of the log until there. Runs of earlier versions have none.
    #[serde(default)]
    log_sha256: Option<String>,
}

/// Where the text comes from.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Source {
    File(PathBuf),
    Dataset(String),
}

impl Source {
    fn read(&self) -> Result<Cow<'static, str>> {
        Ok(match self {
            Self::File(path) => data::read_text(path)?.into(),
            Self::Dataset(name) => data::find(name)?.text()?,
        })
    }
}

/// A line of the log.
#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum LogLine<'a> {
    Step {
        step: usize,
        loss: f32,
        /// In runs in which it changes.
        #[serde(skip_serializing_if = "Option::is_none")]
        learning_rate: Option<f64>,
    },
    Eval {
        #[serde(flatten)]
        evaluation: &'a Evaluation,
    },
    Sample {
        ids: &'a [u32],
        text: &'a str,
    },
}

pub fn run(args: Args) -> Result<ExitCode> {
    let (device, job) = match &args.resume {
        Some(folder) => {
            let device = args.device.open()?;
            let job = resume(folder, &args, &device)?;
            (device, job)
        }
        None => {
            let plan = plan(&args)?;
            let device = args.device.open()?;
            let job = start(&args, plan, &device)?;
            (device, job)
        }
    };
    let interrupt = Interrupt::watch()?;
    let Job { model: config, training, loaders, run, mut settings, out, mut log } = job;
    let prompt = settings.prompt.clone();
    let tokenizer = Gpt2Tokenizer::new();
    let recipe = settings.recipe.clone();
    let steps = recipe.total_steps(loaders.train.num_batches(), training.epochs);
    let learning_rate = |step| recipe.schedule.learning_rate(step, training.learning_rate, steps);
    let rate_changes = recipe.schedule != Schedule::default();
    say(format_args!(
        "{} parameters, {} training tokens, {} validation tokens, {steps} steps",
        grouped(run.model.num_params()),
        grouped(loaders.train.dataset().num_tokens()),
        grouped(loaders.validation.dataset().num_tokens()),
    ));
    if run.place.steps > 0 {
        say(format_args!("continuing after step {}", run.place.steps - 1));
    }

    let mut progress = Progress::new(run.place.steps as u64, steps as u64);
    let mut evaluations = run.place.evaluations.clone();
    let mut epoch_ended = false;
    let mut stopped = None;
    let reproducible_masks = settings.reproducible_masks;
    let run = train_model(
        run,
        &loaders,
        &training,
        &recipe,
        reproducible_masks || is_cpu(&device),
        &device.clone().autodiff(),
        |event| -> Result<ControlFlow<()>> {
            match event {
                Event::Step { step, loss } => {
                    if log.file.is_some() {
                        let (loss, learning_rate) =
                            (loss.clone().into_scalar(), rate_changes.then(|| learning_rate(step)));
                        log.write(&LogLine::Step { step, loss, learning_rate })?;
                    }
                    progress.step(|| format!("loss {:.3}", loss.clone().into_scalar::<f32>()));
                }
                Event::Evaluation(evaluation) => {
                    log.write(&LogLine::Eval { evaluation })?;
                    evaluations.push(evaluation.clone());
                    let Evaluation { epoch, step, train_loss, val_loss, .. } = evaluation;
                    progress.suspend(|| {
                        say(format_args!(
                            "Ep {epoch} (Step {step:06}): Train loss {train_loss:.3}, Val loss {val_loss:.3}"
                        ));
                    });
                }
                Event::EpochEnd { epoch, model } => {
                    let sample = generate_sample(model, &tokenizer, &device, &prompt)?;
                    progress.suspend(|| say(sample));
                    remove_companions(&out)?;
                    save_model(&out, &config, &model.valid())?;
                    let plot = plot_losses(&evaluations, epoch)?;
                    write_whole(&out.join(PLOT_FILE), plot.as_bytes())?;
                    if rate_changes {
                        let plot = plot_learning_rates(&[("learning rate", (0..steps).map(learning_rate).collect())])?;
                        write_whole(&out.join(RATES_FILE), plot.as_bytes())?;
                    }
                    epoch_ended = true;
                }
                Event::Rest(run) => {
                    let stop = interrupt.is_pressed();
                    let due = settings.save_every.is_some_and(|n| run.place.steps.is_multiple_of(n));
                    if due || stop || std::mem::take(&mut epoch_ended) {
                        (settings.log_bytes, settings.log_sha256) = (log.length, log.sha256()?);
                        save_checkpoint(&out, run, &config, &training, &settings)?;
                    }
                    if stop {
                        stopped = Some(run.place.steps);
                        return Ok(ControlFlow::Break(()));
                    }
                }
            }
            Ok(ControlFlow::Continue(()))
        },
    )?;
    progress.finish();

    if let Some(done) = stopped.filter(|&done| done < steps) {
        warn(format_args!(
            "interrupted after {done} of {steps} steps; continue with:\n  cargo run --release -- pretrain --resume {}",
            out.display()
        ));
        return Ok(ExitCode::from(130));
    }
    let (ids, text) = continue_prompt(&run.model, &tokenizer, &device, &prompt)?;
    log.write(&LogLine::Sample { ids: &ids, text: &text })?;
    let folder = out.display();
    say(format_args!("\nmodel:  {folder}\nlosses: {}", out.join(PLOT_FILE).display()));
    if rate_changes {
        say(format_args!("rates:  {}", out.join(RATES_FILE).display()));
    }
    say(format_args!("\nLet it write:\n  cargo run --release -- generate --model {folder} --prompt {prompt:?}"));
    Ok(ExitCode::SUCCESS)
}

/// What a new run is to do, before anything is written.
struct Plan {
    model: GptConfig,
    training: TrainingConfig,
    recipe: Recipe,
    seed: u64,
    text: Source,
    text_sha256: String,
    loaders: Loaders,
    prompt: String,
}

/// Settles the configuration of a new run and reads the text.
fn plan(args: &Args) -> Result<Plan> {
    let (mut model, mut training, recipe, seed) = match &args.config {
        Some(path) => {
            let config = read_config(path)?;
            (config.model, config.training, config.recipe, config.seed)
        }
        None => {
            let (model, training) = preset(&args.size);
            (model, training, Recipe::default(), None)
        }
    };
    // An explicit option wins over the file and the preset.
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
    check_sizes(&model)?; // or the model could be made, but not opened
    training.validate()?;
    ensure!(
        model.vocab_size == VOCAB_SIZE,
        "vocab_size is {}, but text is read with GPT-2's tokenizer, which has {VOCAB_SIZE} ids",
        model.vocab_size
    );

    let source = match &args.text {
        Some(path) => Source::File(absolute(path)?),
        None => Source::Dataset(args.dataset.clone()),
    };
    // The error should name the file as the user did.
    let text = match &args.text {
        Some(path) => data::read_text(path)?.into(),
        None => source.read()?,
    };
    let loaders = Loaders::new(&text, model.context_length, training.batch_size)?;
    let (peak_lr, batches) = (training.learning_rate, loaders.train.num_batches());
    let recipe = args.recipe.apply(recipe, peak_lr, batches, training.epochs)?;
    let default_prompt = match &source {
        Source::Dataset(name) if name == "lamp" => "The old clockmaker",
        Source::Dataset(name) if name == "station-tea" => "水开了，外婆",
        _ => "Every effort moves you",
    };
    let prompt = args.prompt.clone().unwrap_or_else(|| default_prompt.to_string());
    check_prompt(&Gpt2Tokenizer::new().encode_with_end_of_text(&prompt), &model)?;
    let seed = args.seed.or(seed).unwrap_or(123);
    let text_sha256 = data::sha256(text.as_bytes());
    Ok(Plan { model, training, recipe, seed, text: source, text_sha256, loaders, prompt })
}

/// Makes the model, the output folder and the log of a new run.
fn start(args: &Args, plan: Plan, device: &Device) -> Result<Job> {
    let Plan { model: config, training, recipe, seed, text, text_sha256, loaders, prompt } = plan;
    let kernels = args.precision.kernels(args.plain, device)?; // before any file is touched
    let finished = finished_run(&args.out)?;
    ensure_companions(&args.out)?;
    prepare_out(&args.out)?;
    let log = Log::create(args.log.as_deref())?;
    // It must not be taken up in place of this run. Its model stays until there is another.
    if let Some(checkpoint) = finished {
        warn(format_args!("note: the finished run in {} is replaced", args.out.display()));
        remove(&checkpoint)?;
    }
    let mut rng = TorchRng::new(seed);
    let model = torch_init(GptModel::new(&config, &device.clone().autodiff()), &mut rng);
    let run = Run::new(model, training.weight_decay, &rng).with_kernels(kernels);
    let settings = Settings {
        text,
        text_sha256,
        prompt,
        reproducible_masks: args.reproducible_masks,
        plain: args.plain,
        precision: args.precision,
        recipe,
        save_every: args.save_every,
        log: args.log.as_deref().map(absolute).transpose()?,
        log_bytes: 0,
        log_sha256: None,
    };
    Ok(Job { model: config, training, loaders, run, settings, out: args.out.clone(), log })
}

/// The checkpoint of a finished run in `folder`, if there is one. A run that is not over is worth more than a new one
/// may cost.
fn finished_run(folder: &Path) -> Result<Option<PathBuf>> {
    let Ok(checkpoint) = newest_checkpoint(folder) else { return Ok(None) };
    let shown = folder.display();
    ensure!(checkpoint != folder, "{shown} is itself a checkpoint of a run; name another folder with --out");
    let file = load_run_file::<IgnoredAny>(&checkpoint)
        .with_context(|| format!("the run in {shown} cannot be read; name another folder with --out"))?;
    ensure!(
        file.place.epoch > file.training.epochs,
        "the run in {shown} is not finished: it has made {} steps; continue it with --resume {shown}, or name another \
         folder with --out",
        file.place.steps
    );
    Ok(Some(checkpoint))
}

/// Takes up the run in `folder` where its newest checkpoint left it.
fn resume(folder: &Path, args: &Args, device: &Device) -> Result<Job> {
    let checkpoint = newest_checkpoint(folder)?;
    let out = match checkpoint.parent() {
        Some(parent) if checkpoint == folder => parent.to_path_buf(),
        _ => folder.to_path_buf(),
    };
    ensure_companions(&out)?;
    let (model, run, file) = load_checkpoint::<Settings>(&checkpoint, &device.clone().autodiff())?;
    let (mut training, mut settings) = (file.training, file.settings);
    let planned = training.epochs;
    training.epochs = args.epochs.unwrap_or(planned);
    ensure!(
        run.place.epoch <= training.epochs,
        "the run in {} {}; to go on, give a larger number: --epochs N",
        folder.display(),
        if run.place.epoch > planned {
            format!("is complete with {} epochs", run.place.epoch - 1)
        } else {
            format!("is in epoch {} already", run.place.epoch)
        }
    );
    if let Some(text) = &args.text {
        ensure!(
            matches!(settings.text, Source::File(_)),
            "the run in {} learns from a data set, so --text has no place",
            folder.display()
        );
        settings.text = Source::File(absolute(text)?);
    }
    if let Some(log) = &args.log {
        ensure!(settings.log.is_some(), "the run in {} has no log, so --log has no place", folder.display());
        settings.log = Some(absolute(log)?);
    }
    let text = match &settings.text {
        Source::File(_) => {
            settings.text.read().context("if the text of the run lies elsewhere now, name it with --text")?
        }
        Source::Dataset(_) => settings.text.read()?,
    };
    let found = data::sha256(text.as_bytes());
    ensure!(
        found == settings.text_sha256,
        "the text has changed since the run began: its SHA-256 is {found}, but was {}",
        settings.text_sha256
    );
    let loaders = Loaders::new(&text, model.context_length, training.batch_size)?;
    ensure!(
        run.place.batch < loaders.train.num_batches(),
        "{} is damaged: it is at batch {} of {}",
        checkpoint.display(),
        run.place.batch,
        loaders.train.num_batches()
    );
    settings.recipe.validate(training.learning_rate, loaders.train.num_batches(), training.epochs)?;
    let run = run.with_kernels(settings.precision.kernels(settings.plain, device)?);
    let log = Log::reopen(&settings)?;
    Ok(Job { model, training, loaders, run, settings, out, log })
}

fn absolute(path: &Path) -> Result<PathBuf> {
    std::path::absolute(path).with_context(|| format!("{} is not a path", path.display()))
}

/// The settings that go with a size: the book's for GPT-2, others for the tiny model, which learns in a minute.
fn preset(size: &GptConfig) -> (GptConfig, TrainingConfig) {
    let book = TrainingConfig::book();
    if size.context_length > BOOK_TRAINING_CONTEXT {
        (GptConfig { context_length: BOOK_TRAINING_CONTEXT, ..size.clone() }, book)
    } else {
        let tiny =
            TrainingConfig { batch_size: 4, learning_rate: 2e-3, epochs: 12, eval_freq: 10, eval_iter: 4, ..book };
        (size.clone(), tiny)
    }
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

/// The prompt and its greedy continuation.
fn continue_prompt(
    model: &GptModel,
    tokenizer: &Gpt2Tokenizer,
    device: &Device,
    prompt: &str,
) -> Result<(Vec<u32>, String)> {
    let prompt = ids_to_tensor(&tokenizer.encode_with_end_of_text(prompt), device);
    let ids = tensor_to_ids(generate_text_simple(&model.valid(), prompt, FINAL_TOKENS, model.context_length()));
    let text = tokenizer.decode(&ids)?;
    Ok((ids, text))
}

/// The log file, or nothing.
struct Log {
    file: Option<(File, PathBuf)>,
    /// Bytes in the file.
    length: u64,
}

impl Log {
    fn create(path: Option<&Path>) -> Result<Self> {
        let create = |path: &Path| {
            let file = File::create(path).with_context(|| format!("cannot write the log {}", path.display()))?;
            anyhow::Ok((file, path.to_path_buf()))
        };
        Ok(Self { file: path.map(create).transpose()?, length: 0 })
    }

    /// Opens the log of an interrupted run and takes away what was written after its checkpoint.
    fn reopen(settings: &Settings) -> Result<Self> {
        let Settings { log, log_bytes: length, log_sha256, .. } = settings;
        let (Some(path), length) = (log, *length) else { return Ok(Self { file: None, length: 0 }) };
        let mut file = OpenOptions::new().write(true).open(path).with_context(|| {
            format!("cannot continue the log {}; if it lies elsewhere now, name it with --log", path.display())
        })?;
        let there = file.metadata()?.len();
        ensure!(
            there >= length,
            "the log {} is not that of this run: it has {there} bytes, but had {length} at the checkpoint",
            path.display()
        );
        ensure!(
            log_sha256.is_none() || *log_sha256 == Some(sha256_of_start(path, length)?),
            "the log {} is not that of this run: its first {length} bytes are others",
            path.display()
        );
        file.set_len(length)?;
        file.seek(SeekFrom::End(0))?;
        Ok(Self { file: Some((file, path.clone())), length })
    }

    /// SHA-256 of what is in the file.
    fn sha256(&self) -> Result<Option<String>> {
        self.file.as_ref().map(|(_, path)| sha256_of_start(path, self.length)).transpose()
    }

    /// Appends one line and hands it to the system at once.
    fn write(&mut self, line: &LogLine) -> Result<()> {
        let Some((file, path)) = &mut self.file else { return Ok(()) };
        let mut text = serde_json::to_string(line)?;
        text.push('\n');
        file.write_all(text.as_bytes()).with_context(|| format!("cannot write the log {}", path.display()))?;
        self.length += text.len() as u64;
        Ok(())
    }
}

/// SHA-256 of the first `length` bytes of a log.
fn sha256_of_start(path: &Path, length: u64) -> Result<String> {
    let mut start = Vec::new();
    File::open(path)
        .and_then(|file| file.take(length).read_to_end(&mut start))
        .with_context(|| format!("cannot read the log {}", path.display()))?;
    Ok(data::sha256(&start))
}
