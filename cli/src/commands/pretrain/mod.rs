//! `llm pretrain`.

mod args;
mod job;
mod log;
mod observer;
mod plan;
mod resume;

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
use crate::run_folder::{LEARNING_RATE_FILE, LOSSES_FILE};
use crate::terminal::{Interrupt, LossProgress, command, grouped, say, warn};

/// Greedy tokens at the end of a run.
const FINAL_TOKENS: usize = 20;

pub fn run(args: Args) -> Result<ExitCode> {
    let (device, job) = match &args.resume {
        Some(folder) => {
            let device = args.device.open()?;
            let job = resume::resume(folder, &args, &device)?;
            (device, job)
        }
        None => {
            let plan = Plan::new(&args)?;
            let device = args.device.open()?;
            let job = plan.start(&args, &device)?;
            (device, job)
        }
    };
    let interrupt = Interrupt::watch()?;
    let rates = LearningRates::new(&job.settings.recipe, &job.training, &job.loaders);
    introduce(&job, rates.steps);
    train(job, rates, device, interrupt)
}

fn introduce(job: &PretrainJob, steps: usize) {
    let PretrainJob { run, loaders, .. } = job;
    say(format_args!(
        "{} parameters, {} training tokens, {} validation tokens, {steps} steps",
        grouped(run.model.num_params()),
        grouped(loaders.train.dataset().num_tokens()),
        grouped(loaders.validation.dataset().num_tokens()),
    ));
    if run.state.steps > 0 {
        say(format_args!("continuing after step {}", run.state.steps - 1));
    }
}

fn train(job: PretrainJob, rates: LearningRates, device: Device, interrupt: Interrupt) -> Result<ExitCode> {
    let PretrainJob { config, training, loaders, run, settings, out, log } = job;
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
        tokenizer: Gpt2Tokenizer::new(),
        progress: LossProgress::new(run.state.steps, steps),
        interrupt,
        evaluations: run.state.evaluations.clone(),
        epoch_ended: false,
        stopped: None,
    };
    let recording = device.autodiff();
    let run =
        train_language_model(run, &loaders, &training, &recipe, masks, &recording, |event| observer.observe(event))?;
    finish(observer, &run)
}

/// Says how the run ended, and writes a sample if it is complete.
fn finish(observer: Observer, run: &Run) -> Result<ExitCode> {
    let Observer { settings, rates, out, mut log, device, tokenizer, progress, stopped, .. } = observer;
    progress.finish();
    let (steps, prompt, folder) = (rates.steps, settings.prompt, out.display());
    if let Some(done) = stopped.filter(|&done| done < steps) {
        let resume = command(format_args!("pretrain --resume {folder}"));
        warn(format_args!("interrupted after {done} of {steps} steps; continue with:\n  {resume}"));
        return Ok(ExitCode::from(130));
    }
    let (ids, text) = continue_prompt(&run.model, &tokenizer, &device, &prompt)?;
    log.write(&LogLine::Sample { ids: &ids, text: &text })?;
    say(format_args!("\nmodel:  {folder}\nlosses: {}", out.join(LOSSES_FILE).display()));
    if rates.change() {
        say(format_args!("rates:  {}", out.join(LEARNING_RATE_FILE).display()));
    }
    let generate = command(format_args!("generate --model {folder} --prompt {prompt:?}"));
    say(format_args!("\nGenerate text with it:\n  {generate}"));
    Ok(ExitCode::SUCCESS)
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
