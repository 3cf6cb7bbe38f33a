//! `llm classify`: a spam classifier (chapter 6).

use std::borrow::Cow;
use std::io::{Write, stdin, stdout};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};
use appendix_lora::merge_lora;
use burn::module::Module;
use burn::tensor::Device;
use ch02_text::{END_OF_TEXT, Gpt2Tokenizer, VOCAB_SIZE};
use ch04_gpt::GptModel;
use ch05_pretrain::{Event as PretrainEvent, Loaders, Run, train_model_simple};
use ch06_classify::csv_files::is_split;
use ch06_classify::head::without_causal_mask;
use ch06_classify::plots::{plot_accuracies, plot_confusion, plot_losses};
use ch06_classify::{
    CSV_FILES, ClassifierConfig, Confusion, EMBEDDED_MESSAGES, Event, Label, Length, Message, Readout, SpamDataset,
    SpamLoader, SpamLoaders, Split, Trainable, add_classification_head, book_training, classify_review, confusion,
    create_balanced_dataset, load_classifier, num_trainable, read_messages, read_split, save_classifier, set_trainable,
    train_classifier_simple, write_split,
};
use clap::Subcommand;
use kernels::Kernels;
use serde::Serialize;
use shared::data::{DataError, find, read_text};
use shared::device::DeviceChoice;
use shared::files::write_whole;
use shared::init::torch_init;
use shared::progress::Progress;
use shared::rng::TorchRng;
use shared::{GptConfig, TrainingConfig};

use crate::instruct::open_text_model;
use crate::interrupt::Interrupt;
use crate::leftovers::{ensure_companions, prepare_out, remove, remove_companions};
use crate::lora::{LoraArgs, adapt};
use crate::say::{say, warn};
use crate::{grouped, positive};

/// How the training went, and what the classifier takes for what.
const PICTURES: [&str; 3] = ["losses.svg", "accuracy.svg", "confusion.svg"];
/// Name of the embedded messages.
const EMBEDDED: &str = "messages";
/// Models at least this wide learn with the book's learning rate; small ones need larger steps.
const BOOK_WIDTH: usize = 768;
const SMALL_MODEL_LR: f64 = 1e-3;
/// The tiny model knows next to nothing when it meets the messages.
const TINY_EPOCHS: usize = 10;

#[derive(Subcommand)]
pub enum Command {
    /// Balance a collection of messages and split it: train.csv, validation.csv, test.csv
    Prepare(PrepareArgs),
    /// Turn a model into a spam classifier; without arguments a tiny one on the embedded messages
    Train(Box<TrainArgs>),
    /// How often a classifier is right, on each part of the data
    Eval(EvalArgs),
    /// Label new messages
    Predict(PredictArgs),
}

#[derive(clap::Args)]
pub struct PrepareArgs {
    /// Messages: a file with "label TAB text" lines, or a data set (sms-spam, messages)
    #[arg(long, value_name = "FILE|NAME", default_value = EMBEDDED)]
    data: String,
    /// Folder for the three files
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

#[derive(clap::Args)]
pub struct TrainArgs {
    /// Messages: a file with "label TAB text" lines, a folder made by `prepare`, or a data set (sms-spam, messages)
    #[arg(long, value_name = "FILE|NAME", default_value = EMBEDDED)]
    data: String,
    /// Folder with a pretrained model; without it, a tiny one learns the embedded story first
    #[arg(long, value_name = "DIR")]
    model: Option<PathBuf>,
    /// What training changes: last-block, last-two-blocks, all or head [default: last-block, without --model all]
    #[arg(long, value_name = "PART", value_parser = trainable, conflicts_with = "lora_rank")]
    trainable: Option<Trainable>,
    /// Position that speaks for a message: last, first, last-real (no filler) or mean (of all)
    #[arg(long, value_name = "POSITION", default_value = "last", value_parser = readout)]
    token: Readout,
    /// Passes over the training messages; 5 with a model, 10 without
    #[arg(long, value_name = "N", value_parser = positive)]
    epochs: Option<usize>,
    /// Messages in a batch [default: 8, with --no-padding 1]
    #[arg(long, value_name = "N", value_parser = positive)]
    batch_size: Option<usize>,
    /// Learning rate [default: 5e-5 for the sizes of GPT-2, 1e-3 for smaller models]
    #[arg(long, value_name = "X")]
    lr: Option<f64>,
    #[command(flatten)]
    lora: LoraArgs,
    /// Seed of the head and of the order of the messages
    #[arg(long, value_name = "N", default_value_t = 123)]
    seed: u64,
    /// Tokens that messages are cut or filled up to [default: the longest training message, if the context holds it]
    #[arg(long, value_name = "N", value_parser = positive)]
    max_length: Option<usize>,
    /// Leave the messages as long as they are; needs batches of 1
    #[arg(long, conflicts_with = "max_length")]
    no_padding: bool,
    /// Let every token see the whole message
    #[arg(long)]
    no_causal_mask: bool,
    /// Folder for the classifier and the pictures
    #[arg(long, value_name = "DIR", default_value = "runs/classify")]
    out: PathBuf,
    /// Where to compute: auto, cpu, ndarray, wgpu, vulkan, metal or cuda
    #[arg(long, value_name = "D", default_value = "auto")]
    device: DeviceChoice,
}

#[derive(clap::Args)]
pub struct EvalArgs {
    /// Folder with the classifier
    #[arg(long, value_name = "DIR")]
    model: PathBuf,
    /// Messages: a file with "label TAB text" lines, a folder made by `prepare`, or a data set (sms-spam, messages)
    #[arg(long, value_name = "FILE|NAME", default_value = EMBEDDED)]
    data: String,
    /// Where to compute: auto, cpu, ndarray, wgpu, vulkan, metal or cuda
    #[arg(long, value_name = "D", default_value = "auto")]
    device: DeviceChoice,
}

#[derive(clap::Args)]
pub struct PredictArgs {
    /// Folder with the classifier
    #[arg(long, value_name = "DIR")]
    model: PathBuf,
    /// Messages; without any, standard input is read, one message a line
    #[arg(value_name = "TEXT")]
    texts: Vec<String>,
    /// Print a line of JSON for each message
    #[arg(long)]
    json: bool,
    /// Where to compute: auto, cpu, ndarray, wgpu, vulkan, metal or cuda
    #[arg(long, value_name = "D", default_value = "auto")]
    device: DeviceChoice,
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

pub fn run(command: Command) -> Result<ExitCode> {
    match command {
        Command::Prepare(args) => prepare(&args),
        Command::Train(args) => train(&args),
        Command::Eval(args) => eval(&args),
        Command::Predict(args) => predict(args),
    }
}

/// The messages of a file or a data set.
fn read_collection(data: &str) -> Result<Vec<Message>> {
    let path = Path::new(data);
    let text: Cow<str> = if data == EMBEDDED && !path.exists() {
        EMBEDDED_MESSAGES.into()
    } else if path.exists() {
        read_text(path)?.into()
    } else {
        match find(data) {
            Ok(set) => set.text()?,
            Err(DataError::Unknown { .. }) => {
                bail!("{data} is neither a file nor a data set; data sets with messages are sms-spam and {EMBEDDED}")
            }
            Err(error) => return Err(error.into()),
        }
    };
    read_messages(&text).with_context(|| data.to_string())
}

/// The three parts of the messages.
fn read_parts(data: &str) -> Result<Split> {
    let split = if is_split(Path::new(data)) {
        read_split(Path::new(data))?
    } else {
        Split::of_collection(&read_collection(data)?).with_context(|| data.to_string())?
    };
    for (part, messages) in split.parts() {
        if let Some(message) = messages.iter().find(|message| message.text.contains(END_OF_TEXT)) {
            let start: String = message.text.chars().take(40).collect();
            bail!("{data}: the {part} message that begins with {start:?} contains {END_OF_TEXT}; take it out");
        }
    }
    Ok(split)
}

fn prepare(args: &PrepareArgs) -> Result<ExitCode> {
    let messages = read_collection(&args.data)?;
    let split = Split::of_collection(&messages).with_context(|| args.data.clone())?;
    write_split(&args.out, &split)?;
    let counts = |messages: &[Message]| {
        let [ham, spam] = Label::ALL.map(|label| messages.iter().filter(|message| message.label == label).count());
        format!("{} messages: {} ham, {} spam", grouped(messages.len()), grouped(ham), grouped(spam))
    };
    let mut out = stdout().lock();
    writeln!(out, "read      {}", counts(&messages))?;
    writeln!(out, "balanced  {}", counts(&create_balanced_dataset(&messages)))?;
    for (file, (_, part)) in CSV_FILES.into_iter().zip(split.parts()) {
        writeln!(out, "{}  {}", args.out.join(file).display(), counts(part))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn train(args: &TrainArgs) -> Result<ExitCode> {
    let training = TrainingConfig {
        epochs: args.epochs.unwrap_or(if args.model.is_some() { book_training().epochs } else { TINY_EPOCHS }),
        batch_size: args.batch_size.unwrap_or(if args.no_padding { 1 } else { book_training().batch_size }),
        learning_rate: args.lr.unwrap_or(book_training().learning_rate),
        ..book_training()
    };
    training.validate()?;
    let lora = args.lora.settings()?;
    let split = read_parts(&args.data)?;
    let tokenizer = Gpt2Tokenizer::new();
    let device = args.device.open()?.autodiff();
    let base = args.model.as_deref().map(|folder| open_text_model(folder, &device)).transpose()?;
    let mut config = base.as_ref().map_or_else(tiny_config, |(config, _)| config.clone());
    let length = length(args, &split, &tokenizer, config.context_length)?;
    let loaders = SpamLoaders::new(&split, &tokenizer, length, training.batch_size, config.context_length)?;
    ensure_companions(&args.out)?;
    prepare_out(&args.out)?;

    say(format_args!(
        "{} training, {} validation, {} test messages; at most {} tokens each",
        grouped(split.train.len()),
        grouped(split.validation.len()),
        grouped(split.test.len()),
        loaders.train.dataset().max_length()
    ));
    let cut: usize = loaders.parts().iter().map(|(_, loader)| loader.dataset().truncated()).sum();
    if cut > 0 {
        warn(format_args!(
            "note: messages longer than {} tokens lose their end: {cut}",
            loaders.train.dataset().max_length()
        ));
    }

    let interrupt = Interrupt::watch()?;
    let (model, default_trainable) = match base {
        Some((_, model)) => (model, Trainable::LastBlock),
        None => (pretrain_tiny(&config, args.seed, &device, &interrupt)?, Trainable::All),
    };
    if interrupt.is_pressed() {
        warn("interrupted before the messages; nothing was saved");
        return Ok(ExitCode::from(130));
    }
    let small = config.emb_dim < BOOK_WIDTH;
    let learning_rate = args.lr.unwrap_or(if small { SMALL_MODEL_LR } else { training.learning_rate });
    // The tiny run has few steps, so it is measured more often.
    let eval_freq = if args.model.is_some() { training.eval_freq } else { 10 };
    let training = TrainingConfig { learning_rate, eval_freq, ..training };
    config.drop_rate = 0.0;
    let model = model.with_drop_rate(config.drop_rate);
    let model = if args.no_causal_mask { without_causal_mask(model) } else { model };
    let mut rng = TorchRng::new(args.seed);
    let model = add_classification_head(model, &mut rng, &device);
    let model = match &lora {
        Some(settings) => adapt(model, settings, &mut rng, &device),
        None => set_trainable(model, args.trainable.unwrap_or(default_trainable)),
    };
    let (all, trainable) = (grouped(model.num_params()), grouped(num_trainable(&model)));
    say(format_args!("{all} parameters, {trainable} of them trainable"));

    let config = ClassifierConfig {
        model: config,
        max_length: (!args.no_padding).then_some(loaders.train.dataset().max_length()),
        readout: args.token,
        causal_mask: !args.no_causal_mask,
        labels: Label::ALL.map(|label| label.name().to_string()).to_vec(),
    };
    let save = |model: &GptModel| -> Result<()> {
        remove_companions(&args.out)?;
        PICTURES.iter().try_for_each(|file| remove(&args.out.join(file)))?;
        // The additions alone are of no use: they fit a head that is random and nowhere else.
        Ok(save_classifier(&args.out, &config, &merge_lora(model.clone()).valid())?)
    };

    let started = Instant::now();
    let mut rng = TorchRng::new(args.seed);
    let mut saved = Ok(());
    let mut progress = Progress::new(0, (loaders.train.num_batches() * training.epochs) as u64);
    let (model, history) =
        train_classifier_simple(model, &loaders, &training, args.token, &mut rng, &device, |event| {
            match event {
                Event::Step { loss, .. } => progress.step(|| format!("loss {:.3}", loss.clone().into_scalar::<f32>())),
                Event::Evaluation(evaluation) => progress.suspend(|| say(evaluation)),
                Event::EpochEnd { accuracies, model } => {
                    progress.suspend(|| say(accuracies));
                    saved = save(model);
                }
            }
            if saved.is_err() { ControlFlow::Break(()) } else { interrupt.go_on() }
        });
    progress.finish();
    saved?;
    let passes = history.accuracies.len();
    let interrupted = passes < training.epochs;
    if interrupted && passes == 0 {
        warn("interrupted in the first pass; nothing was saved");
        return Ok(ExitCode::from(130));
    }
    if interrupted {
        save(&model)?;
        warn(format_args!(
            "interrupted after {passes} whole passes; the model as it is then is saved in {}, and measured now",
            args.out.display()
        ));
        interrupt.let_through();
    } else {
        say(format_args!("Training completed in {:.2} minutes.\n", started.elapsed().as_secs_f64() / 60.0));
    }

    let mut of_test = Confusion::default();
    for (name, loader) in loaders.parts() {
        of_test = confusion(&model, loader, None, args.token, &mut rng, &device);
        say(accuracy_line(name, &of_test));
    }
    let pictures = [plot_losses(&history)?, plot_accuracies(&history)?, plot_confusion(&of_test)];
    for (file, picture) in PICTURES.iter().zip(pictures) {
        write_whole(&args.out.join(file), picture.as_bytes())?;
    }
    let folder = args.out.display();
    say(format_args!("\nclassifier: {folder}\npictures:   {folder}/{}", PICTURES.join(", ")));
    say(format_args!(
        "\nTry it:\n  cargo run --release -- classify predict --model {folder} \"You have won a prize! Reply YES to claim it.\""
    ));
    Ok(if interrupted { ExitCode::from(130) } else { ExitCode::SUCCESS })
}

/// How long the messages are made.
fn length(args: &TrainArgs, split: &Split, tokenizer: &Gpt2Tokenizer, context_length: usize) -> Result<Length> {
    if args.no_padding {
        return Ok(Length::Unpadded(context_length));
    }
    if let Some(max_length) = args.max_length {
        ensure!(
            max_length <= context_length,
            "--max-length is {max_length}, but the model's context holds {context_length} tokens"
        );
        return Ok(Length::Exactly(max_length));
    }
    let longest = SpamDataset::new(&split.train, tokenizer, Length::Longest)?.max_length();
    Ok(Length::Exactly(longest.min(context_length)))
}

/// The model of a run without `--model`: learns in half a minute.
fn tiny_config() -> GptConfig {
    GptConfig {
        vocab_size: VOCAB_SIZE,
        context_length: 64,
        emb_dim: 64,
        n_heads: 4,
        n_layers: 2,
        drop_rate: 0.1,
        qkv_bias: false,
    }
}

/// Lets a tiny model read the embedded story, until Ctrl-C.
fn pretrain_tiny(config: &GptConfig, seed: u64, device: &Device, interrupt: &Interrupt) -> Result<GptModel> {
    warn(
        "warning: without --model, a tiny model learns the embedded story first; for better results give a model that \
         has read more",
    );
    let training = TrainingConfig { batch_size: 4, learning_rate: 2e-3, epochs: 2, ..TrainingConfig::book() };
    let loaders = Loaders::new(&find("lamp")?.text()?, config.context_length, training.batch_size)?;
    let mut rng = TorchRng::new(seed);
    let model = torch_init(GptModel::new(config, device), &mut rng).with_kernels(Kernels::Fused);
    let mut progress = Progress::new(0, (loaders.train.num_batches() * training.epochs) as u64);
    let run = Run::new(model, training.weight_decay, &rng);
    let run = train_model_simple(run, &loaders, &training, true, device, |event| {
        if let PretrainEvent::Step { loss, .. } = event {
            progress.step(|| format!("pretraining, loss {:.3}", loss.clone().into_scalar::<f32>()));
        }
        anyhow::Ok(interrupt.go_on())
    })?;
    progress.finish();
    Ok(run.model)
}

fn accuracy_line(name: &str, confusion: &Confusion) -> String {
    let [[ham, false_spam], [missed, spam]] = confusion.counts;
    format!(
        "{name:<10} accuracy: {:6.2}%  ({} of {}; {false_spam} ham taken for spam, {missed} spam missed)",
        100.0 * confusion.accuracy(),
        grouped(ham + spam),
        grouped(confusion.total())
    )
}

fn eval(args: &EvalArgs) -> Result<ExitCode> {
    let split = read_parts(&args.data)?;
    let device = args.device.open()?;
    let (config, model) = load_classifier(&args.model, &device)?;
    let model = model.with_kernels(Kernels::Fused);
    let tokenizer = Gpt2Tokenizer::new();
    let (length, batch_size) = match config.max_length {
        Some(max_length) => (Length::Exactly(max_length), book_training().batch_size),
        None => (Length::Unpadded(config.model.context_length), 1),
    };
    for (name, part) in split.parts() {
        let loader = SpamLoader::new(SpamDataset::new(part, &tokenizer, length)?, batch_size, false)?;
        let cut = loader.dataset().truncated();
        if cut > 0 {
            warn(format_args!(
                "note: {name} messages longer than {} tokens, whose end does not count: {cut}",
                loader.dataset().max_length()
            ));
        }
        // Nothing is shuffled, so the seed does not matter.
        let found = confusion(&model, &loader, None, config.readout, &mut TorchRng::new(0), &device);
        writeln!(stdout(), "{}", accuracy_line(name, &found))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// What `predict --json` prints for a message.
#[derive(Serialize)]
struct Prediction<'a> {
    text: &'a str,
    label: &'static str,
    probabilities: Probabilities,
    tokens: usize,
    truncated: bool,
}

#[derive(Serialize)]
struct Probabilities {
    ham: f32,
    spam: f32,
}

fn predict(args: PredictArgs) -> Result<ExitCode> {
    let device = args.device.open()?;
    let (config, model) = load_classifier(&args.model, &device)?;
    let model = model.with_kernels(Kernels::Fused);
    let tokenizer = Gpt2Tokenizer::new();
    let show = |number: usize, text: &str| -> Result<()> {
        let verdict = classify_review(text, &model, &tokenizer, config.max_length, config.readout, &device)
            .with_context(|| format!("message {number}"))?;
        if verdict.truncated {
            let counted = config.max_length.unwrap_or(config.model.context_length);
            warn(format_args!("note: message {number} has {} tokens; only the first {counted} count", verdict.tokens));
        }
        let [ham, spam] = verdict.probabilities;
        let mut out = stdout().lock();
        if args.json {
            let prediction = Prediction {
                text,
                label: verdict.label.name(),
                probabilities: Probabilities { ham, spam },
                tokens: verdict.tokens,
                truncated: verdict.truncated,
            };
            writeln!(out, "{}", serde_json::to_string(&prediction)?)?;
        } else {
            writeln!(out, "{:<8}  {:.3}  {text}", verdict.label.verdict(), ham.max(spam))?;
        }
        Ok(())
    };
    if !args.texts.is_empty() {
        args.texts.iter().enumerate().try_for_each(|(i, text)| show(i + 1, text))?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut shown = 0;
    for (i, line) in stdin().lines().enumerate() {
        let line = line.with_context(|| format!("cannot read line {} of standard input", i + 1))?;
        if !line.trim().is_empty() {
            show(i + 1, &line)?;
            shown += 1;
        }
    }
    ensure!(shown > 0, "there are no messages: give some as arguments or on standard input");
    Ok(ExitCode::SUCCESS)
}
