//! `llm pretrain`.

mod args;
mod config_file;
mod diverged;
mod job;
mod log;
mod observer;
mod plan;
mod preset;
mod resume;
mod vocabulary;

use std::io::{Write, stdout};
use std::process::ExitCode;

use anyhow::Result;
use burn::module::Module;
use burn::tensor::Device;
use ch02_text::Gpt2Tokenizer;
use ch04_gpt::{GptModel, generate_text_simple};
use ch05_pretrain::tokens::{ids_to_tensor, tensor_to_ids};
use trainer::{Masks, Run, train_language_model};
use workshop::device::is_cpu;

pub use self::args::Args;
use self::job::{LearningRates, PretrainJob};
use self::log::LogLine;
use self::observer::Observer;
use self::plan::Plan;
use crate::lowest_loss::say_lowest_validation_loss;
use crate::options::TextSource;
use crate::run_folder::{LEARNING_RATE_FILE, LOSSES_FILE};
use crate::terminal::{Interrupt, LossProgress, command, grouped, say, tr, warn};

/// Greedy tokens at the end of a run.
const FINAL_TOKENS: usize = 20;

pub fn run(args: Args) -> Result<ExitCode> {
    let (job, device, interrupt) = match &args.resume {
        Some(folder) => {
            let Some((job, device)) = resume::resume(folder, &args)? else { return Ok(ExitCode::SUCCESS) };
            (job, device, Interrupt::watch()?)
        }
        None => {
            let plan = Plan::new(&args)?;
            if args.print_config {
                writeln!(stdout(), "{}", plan.config_file()?)?;
                return Ok(ExitCode::SUCCESS);
            }
            let device = args.device.open()?;
            let interrupt = Interrupt::watch()?;
            (plan.start(&args, &device)?, device, interrupt)
        }
    };
    let rates = LearningRates::new(&job.settings.recipe, &job.training, &job.loaders);
    introduce(&job, rates.steps);
    train(job, rates, device, interrupt)
}

fn introduce(job: &PretrainJob, steps: usize) {
    let PretrainJob { run, loaders, tokenizer, .. } = job;
    if tokenizer.vocabulary().is_some() {
        let size = grouped(tokenizer.vocab_size());
        say(tr!("a vocabulary of {size} tokens of its own", "自己的词表：{size} 个词元"));
    }
    say(format_args!(
        "{} parameters, {} training tokens, {} validation tokens, {steps} steps",
        grouped(run.model.num_params()),
        grouped(loaders.train.dataset().num_tokens()),
        grouped(loaders.validation.dataset().num_tokens()),
    ));
    let done = run.state.steps;
    if done > 0 {
        say(tr!("continuing after {done} of {steps} steps", "从第 {done} 步之后继续，共 {steps} 步"));
    }
}

fn train(job: PretrainJob, rates: LearningRates, device: Device, interrupt: Interrupt) -> Result<ExitCode> {
    let PretrainJob { config, training, tokenizer, loaders, run, settings, out, folder, log } = job;
    let (steps, recipe) = (rates.steps, settings.recipe.clone());
    let masks = if settings.reproducible_masks || is_cpu(&device) { Masks::Reproducible } else { Masks::Device };
    let mut observer = Observer {
        config,
        training: training.clone(),
        settings,
        rates,
        out,
        log,
        device: device.clone(),
        tokenizer,
        progress: LossProgress::new(run.state.steps, steps),
        interrupt,
        evaluations: run.state.evaluations.clone(),
        saved_epoch: run.state.epoch - 1,
        epoch_ended: false,
        stopped: None,
    };
    let recording = device.autodiff();
    let trained =
        train_language_model(run, &loaders, &training, &recipe, masks, &recording, |event| observer.observe(event));
    let ended = match trained {
        Ok(run) => finish(observer, &run),
        Err(error) => Err(diverged::explain(error, &observer)),
    };
    drop(folder); // only now may another program write there
    ended
}

/// Says how the run ended, and writes a sample if it is complete.
fn finish(observer: Observer, run: &Run) -> Result<ExitCode> {
    let Observer { settings, rates, out, mut log, device, tokenizer, progress, stopped, .. } = observer;
    progress.finish();
    let (steps, prompt, folder) = (rates.steps, settings.prompt, out.display());
    if let Some(done) = stopped.filter(|&done| done < steps) {
        let text = if matches!(settings.text, TextSource::StandardInput) { " --text FILE" } else { "" };
        let resume = command(format_args!("pretrain --resume {folder}{text}"));
        warn(tr!(
            "interrupted after {done} of {steps} steps; continue with:\n  {resume}",
            "在第 {done} 步之后中断，共 {steps} 步；要继续训练，请运行：\n  {resume}"
        ));
        return Ok(ExitCode::from(130));
    }
    let (ids, text) = continue_prompt(&run.model, &tokenizer, &device, &prompt)?;
    log.write(&LogLine::Sample { ids: &ids, text: &text })?;
    say("");
    say_lowest_validation_loss(&run.state.evaluations);
    say(format_args!("\nmodel:  {folder}\nlosses: {}", out.join(LOSSES_FILE).display()));
    if rates.change() {
        say(format_args!("rates:  {}", out.join(LEARNING_RATE_FILE).display()));
    }
    let generate = command(format_args!("generate --model {folder} --prompt {prompt:?}"));
    say(tr!("\nGenerate text with it:\n  {generate}", "\n用它生成文本：\n  {generate}"));
    Ok(ExitCode::SUCCESS)
}

/// The prompt and its greedy continuation.
fn continue_prompt(
    model: &GptModel,
    tokenizer: &Gpt2Tokenizer,
    device: &Device,
    prompt: &str,
) -> Result<(Vec<u32>, String)> {
    let prompt = ids_to_tensor(&tokenizer.encode_ordinary(prompt), device);
    let ids = tensor_to_ids(generate_text_simple(&model.valid(), prompt, FINAL_TOKENS, model.context_length()));
    let text = tokenizer.decode_whole_characters(&ids)?;
    Ok((ids, text))
}
