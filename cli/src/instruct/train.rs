//! `llm instruct train`.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use appendix_lora::{merge_lora, save_adapter};
use burn::module::Module;
use burn::tensor::Device;
use ch02_text::{Gpt2Tokenizer, VOCAB_SIZE};
use ch04_gpt::GptModel;
use ch05_pretrain::loss_plot::plot_losses;
use ch05_pretrain::sample::generate_sample;
use ch05_pretrain::{Batches, Event, Loaders, Run, save_model, train_model_simple};
use ch06_classify::num_trainable;
use ch07_instruct::entry::EMBEDDED_NAME;
use ch07_instruct::{
    CollateOptions, Entries, Entry, InstructionLoader, InstructionLoaders, PromptFormat, book_training, partition,
};
use kernels::Kernels;
use shared::device::{DeviceChoice, is_cpu};
use shared::files::write_whole;
use shared::init::torch_init;
use shared::progress::Progress;
use shared::rng::TorchRng;
use shared::{GptConfig, TrainingConfig, data};

use super::{Tuning, open_text_model};
use crate::interrupt::Interrupt;
use crate::leftovers::{ensure_companion, ensure_companions, is_same, prepare_out, remove};
use crate::lora::{ADAPTER_FOLDER, BASE_FOLDER, LoraArgs, adapt};
use crate::say::{say, warn};
use crate::{grouped, positive};

/// Name of the loss plot in the output folder.
const PLOT_FILE: &str = "losses.svg";
/// What the tiny model reads before it learns to follow instructions.
const STORY: &str = "lamp";
/// Context of the tiny model. A task with its answer has 40 to 90 tokens, a Chinese one more.
const TINY_CONTEXT: usize = 128;
/// The tiny model learns from scratch, so it may change faster than the book's and needs more epochs.
const TINY_LEARNING_RATE: f64 = 3e-3;
const TINY_EPOCHS: usize = 6;
const TINY_PRETRAINING_EPOCHS: usize = 2;

#[derive(clap::Args)]
pub struct Args {
    /// Entries to learn from: a JSON file, or a data set of `llm data list`; "small-tasks" are the embedded ones
    #[arg(long, value_name = "FILE|NAME", default_value = EMBEDDED_NAME)]
    data: String,
    /// Folder with a pretrained model
    #[arg(long, value_name = "DIR")]
    model: Option<PathBuf>,
    /// How tasks are written: alpaca or phi3
    #[arg(long, value_name = "F", default_value = "alpaca")]
    format: PromptFormat,
    /// Learn the answers only, not the tasks
    #[arg(long)]
    mask_instruction: bool,
    /// Passes over the entries; 2 with a model, 6 without
    #[arg(long, value_name = "N", value_parser = positive)]
    epochs: Option<usize>,
    /// Entries in a batch
    #[arg(long, value_name = "N", value_parser = positive, default_value_t = 8)]
    batch_size: usize,
    /// Learning rate; 0.00005 with a model, 0.003 without
    #[arg(long, value_name = "X")]
    lr: Option<f64>,
    /// Most tokens of an entry; longer ones are cut off. By default what the model can see
    #[arg(long, value_name = "N", value_parser = positive)]
    max_length: Option<usize>,
    #[command(flatten)]
    lora: LoraArgs,
    /// Seed of all random numbers; the same seed gives the same run
    #[arg(long, value_name = "N", default_value_t = 123)]
    seed: u64,
    /// Folder for the model and the loss plot
    #[arg(long, value_name = "DIR", default_value = "runs/instruct")]
    out: PathBuf,
    /// Where to compute: auto, cpu, ndarray, wgpu, vulkan, metal or cuda
    #[arg(long, value_name = "D", default_value = "auto")]
    device: DeviceChoice,
}

pub fn run(args: Args) -> Result<ExitCode> {
    let entries = Entries::load(&args.data)?;
    let device = args.device.open()?;
    let recording = device.clone().autodiff();
    // A model of another kind should be found out before anything else happens, so it is opened first.
    let opened = args.model.as_deref().map(|folder| open_text_model(folder, &recording)).transpose()?;
    let config = match &opened {
        Some((config, _)) => config.clone(),
        None => tiny_config(),
    };
    let config = GptConfig { drop_rate: 0.0, ..config };
    let book = book_training();
    let training = TrainingConfig {
        batch_size: args.batch_size,
        epochs: args.epochs.unwrap_or(if opened.is_some() { book.epochs } else { TINY_EPOCHS }),
        learning_rate: args.lr.unwrap_or(if opened.is_some() { book.learning_rate } else { TINY_LEARNING_RATE }),
        ..book
    };
    training.validate()?;
    let lora = args.lora.settings()?;
    if let (Some(model), Some(_)) = (&args.model, &lora) {
        ensure!(
            !is_same(model, &args.out),
            "{} is both --model and --out, but the LoRA adapter fits the model that would be overwritten; name another \
             folder with --out",
            model.display()
        );
    }
    let tokenizer = Gpt2Tokenizer::new();
    let loaders = make_loaders(&args, &entries, config.context_length, &tokenizer)?;
    ensure_companions(&args.out)?;
    if !args.model.iter().any(|model| is_same(model, &args.out.join(BASE_FOLDER))) {
        ensure_companion(&args.out, BASE_FOLDER)?;
    }
    prepare_out(&args.out)?;

    let interrupt = Interrupt::watch()?;
    let base = args.model.clone().unwrap_or_else(|| args.out.join(BASE_FOLDER));
    let base = lora.is_some().then_some(base);
    let job = Job { args: &args, config, base, tokenizer, device, recording, interrupt };
    let (model, own_base) = match opened {
        Some((_, model)) => (model.with_drop_rate(0.0), None),
        None => {
            warn(format_args!(
                "warning: without --model, a tiny model is pretrained on the story '{STORY}' first; it learns the form \
                 of an answer, and little else"
            ));
            let Some(model) = job.pretrain()? else {
                warn("interrupted before the instructions; nothing was saved");
                return Ok(ExitCode::from(130));
            };
            let own_base = job.base.is_some().then(|| model.valid());
            (model, own_base)
        }
    };
    let mut rng = TorchRng::new(job.args.seed);
    let model = match &lora {
        Some(settings) => adapt(model, settings, &mut rng, &job.recording),
        None => model,
    };
    job.finetune(model, own_base, &entries, &loaders, &training, rng)
}

/// The model of a run without `--model`.
fn tiny_config() -> GptConfig {
    GptConfig {
        vocab_size: VOCAB_SIZE,
        context_length: TINY_CONTEXT,
        emb_dim: 64,
        n_heads: 4,
        n_layers: 2,
        drop_rate: 0.0,
        qkv_bias: false,
    }
}

/// The loaders, with a word about entries that cannot be learnt from.
fn make_loaders(
    args: &Args,
    entries: &[Entry],
    context_length: usize,
    tokenizer: &Gpt2Tokenizer,
) -> Result<Loaders<InstructionLoader>> {
    let max_length = args.max_length.unwrap_or(context_length);
    ensure!(
        max_length <= context_length,
        "--max-length is {max_length}, but the model sees at most {context_length} tokens"
    );
    let options = CollateOptions {
        allowed_max_length: Some(max_length),
        mask_instruction: args.mask_instruction,
        ..Default::default()
    };
    let parts = partition(entries);
    let InstructionLoaders { loaders, left_out } =
        InstructionLoaders::new(parts, args.format, args.batch_size, &options, tokenizer)
            .with_context(|| args.data.clone())?;
    let places = left_out[0].iter().copied();
    let validation_start = parts.train.len() + parts.test.len();
    let places: Vec<usize> = places.chain(left_out[1].iter().map(|place| validation_start + place)).collect();
    if let Some(first) = places.first() {
        warn(format_args!(
            "warning: {} of {} entries are left out, because their instruction alone fills {max_length} tokens (the \
             first is entry {first})",
            places.len(),
            entries.len()
        ));
    }
    Ok(loaders)
}

/// What both phases of the run need.
struct Job<'a> {
    args: &'a Args,
    config: GptConfig,
    /// With LoRA, the folder of the model that the adapter fits.
    base: Option<PathBuf>,
    tokenizer: Gpt2Tokenizer,
    device: Device,
    recording: Device,
    interrupt: Interrupt,
}

impl Job<'_> {
    /// A tiny model that has read the story; `None` after Ctrl-C.
    fn pretrain(&self) -> Result<Option<GptModel>> {
        let training = TrainingConfig {
            batch_size: 4,
            learning_rate: TINY_LEARNING_RATE,
            epochs: TINY_PRETRAINING_EPOCHS,
            eval_freq: 20,
            ..TrainingConfig::book()
        };
        let loaders = Loaders::new(&data::find(STORY)?.text()?, self.config.context_length, training.batch_size)?;
        let mut rng = TorchRng::new(self.args.seed);
        let model = torch_init(GptModel::new(&self.config, &self.recording), &mut rng).with_kernels(Kernels::Fused);
        say(format_args!("Reading '{STORY}':"));
        let run = Run::new(model, training.weight_decay, &rng);
        let (run, finished) = self.learn(run, &loaders, &training, |_, _| Ok(()))?;
        Ok(finished.then_some(run.model))
    }

    /// `own_base` is what the adapter fits, if that was made here. It is saved with the first adapter: alone it is of no use.
    fn finetune(
        &self,
        model: GptModel,
        mut own_base: Option<GptModel>,
        entries: &[Entry],
        loaders: &Loaders<InstructionLoader>,
        training: &TrainingConfig,
        rng: TorchRng,
    ) -> Result<ExitCode> {
        let out = &self.args.out;
        say(format_args!(
            "{} parameters ({} trainable), {} entries to learn from, {} to measure on, {} steps",
            grouped(model.num_params()),
            grouped(num_trainable(&model)),
            grouped(loaders.train.dataset().items().len()),
            loaders.validation.dataset().items().len(),
            loaders.train.num_batches() * training.epochs,
        ));
        let prompt = self.args.format.format_input(&partition(entries).validation[0]);
        let run = Run::new(model, training.weight_decay, &rng);
        let mut save = |model: &GptModel| -> Result<()> {
            let (adapter, old_base) = (out.join(ADAPTER_FOLDER), out.join(BASE_FOLDER));
            // What an earlier run left fits another model.
            if !self.base.iter().chain(&self.args.model).any(|needed| is_same(needed, &old_base)) {
                remove(&old_base)?;
            }
            let first = own_base.take();
            if self.base.is_none() || first.is_some() {
                remove(&adapter)?;
            }
            save_model(out, &self.config, &merge_lora(model.clone()).valid())?;
            if let Some(base) = &self.base {
                first.iter().try_for_each(|model| save_model(base, &self.config, model))?;
                save_adapter(&adapter, model)?;
            }
            Tuning { format: self.args.format }.save(out)
        };
        let (run, finished) = self.learn(run, loaders, training, |model, progress| {
            let sample = generate_sample(model, &self.tokenizer, &self.device, &prompt)?;
            progress.suspend(|| say(sample));
            save(model)
        })?;
        if !run.place.evaluations.is_empty() {
            let plot = plot_losses(&run.place.evaluations, training.epochs)?;
            write_whole(&out.join(PLOT_FILE), plot.as_bytes())?;
        }
        if !finished {
            save(&run.model)?;
            warn(format_args!(
                "interrupted after {} steps; the model as it is then is in {}, and can learn on with --model {0}",
                run.place.steps,
                out.display()
            ));
            return Ok(ExitCode::from(130));
        }
        let folder = out.display();
        say(format_args!("\nmodel:  {folder}\nlosses: {}", out.join(PLOT_FILE).display()));
        if let Some(base) = &self.base {
            let adapter = out.join(ADAPTER_FOLDER);
            say(format_args!("adapter: {}, for the model in {}", adapter.display(), base.display()));
        }
        say(format_args!("\nTalk to it:\n  cargo run --release -- instruct chat --model {folder}"));
        say(format_args!(
            "Let it answer the test entries:\n  cargo run --release -- instruct respond --model {folder} --data {}",
            self.args.data
        ));
        Ok(ExitCode::SUCCESS)
    }

    /// Trains with a bar and a line per evaluation. Tells whether the run came to its end.
    fn learn(
        &self,
        run: Run,
        loaders: &Loaders<impl Batches>,
        training: &TrainingConfig,
        mut at_epoch_end: impl FnMut(&GptModel, &Progress) -> Result<()>,
    ) -> Result<(Run, bool)> {
        let steps = loaders.train.num_batches() * training.epochs;
        let mut progress = Progress::new(0, steps as u64);
        let mut stopped = false;
        let run = train_model_simple(
            run,
            loaders,
            training,
            is_cpu(&self.device),
            &self.recording,
            |event| -> Result<ControlFlow<()>> {
                match event {
                    Event::Step { loss, .. } => {
                        progress.step(|| format!("loss {:.3}", loss.clone().into_scalar::<f32>()))
                    }
                    Event::Evaluation(e) => progress.suspend(|| {
                        say(format_args!(
                            "Ep {} (Step {:06}): Train loss {:.3}, Val loss {:.3}",
                            e.epoch, e.step, e.train_loss, e.val_loss
                        ));
                    }),
                    Event::EpochEnd { model, .. } => at_epoch_end(model, &progress)?,
                    Event::Rest(run) if self.interrupt.is_pressed() && run.place.steps < steps => {
                        stopped = true;
                        return Ok(ControlFlow::Break(()));
                    }
                    Event::Rest(_) => {}
                }
                Ok(ControlFlow::Continue(()))
            },
        )?;
        progress.finish();
        Ok((run, !stopped))
    }
}
