//! `llm instruct respond`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use ch02_text::Gpt2Tokenizer;
use ch07_instruct::entry::EMBEDDED_NAME;
use ch07_instruct::response::MAX_NEW_TOKENS;
use ch07_instruct::{Entries, Entry, PromptFormat, RespondError, partition, respond_with};
use shared::device::DeviceChoice;
use shared::files::write_whole;
use shared::progress::Progress;

use super::{open_text_model, prompt_format};
use crate::interrupt::Interrupt;
use crate::leftovers::is_same;
use crate::positive;
use crate::precision::WeightPrecision;
use crate::say::{say, warn};

/// Time between two writes of the answers so far.
const WRITE_EVERY: Duration = Duration::from_secs(2);

#[derive(clap::Args)]
pub struct Args {
    /// Folder with the fine-tuned model
    #[arg(long, value_name = "DIR")]
    model: PathBuf,
    /// The data set that the model learnt from: a JSON file, or a name; its test part is answered
    #[arg(long, value_name = "FILE|NAME", default_value = EMBEDDED_NAME)]
    data: String,
    /// File for the entries with their answers
    #[arg(long, value_name = "FILE", default_value = "runs/responses.json")]
    out: PathBuf,
    /// Answer only the first N test entries
    #[arg(long, value_name = "N", value_parser = positive)]
    limit: Option<usize>,
    /// Most tokens of an answer
    #[arg(long, value_name = "N", value_parser = positive, default_value_t = MAX_NEW_TOKENS)]
    max_new_tokens: usize,
    /// How tasks are written: alpaca or phi3; by default as the model learnt them
    #[arg(long, value_name = "F")]
    format: Option<PromptFormat>,
    /// Precision of the weights: less is faster, and the answers can differ. bf16 and int8 on the CPU, bf16 and f16 on
    /// graphics cards that have them
    #[arg(long, value_name = "P", value_enum, default_value = "f32")]
    weights: WeightPrecision,
    /// Where to compute: auto, cpu, ndarray, wgpu, vulkan, metal or cuda
    #[arg(long, value_name = "D", default_value = "auto")]
    device: DeviceChoice,
}

pub fn run(args: Args) -> Result<ExitCode> {
    ensure!(
        !is_same(Path::new(&args.data), &args.out),
        "{} is both --data and --out, and would be replaced by the answers; name another file with --out",
        args.out.display()
    );
    let entries = Entries::load(&args.data)?;
    let test = partition(&entries).test;
    let test = &test[..args.limit.unwrap_or(test.len()).min(test.len())];
    ensure!(
        !test.is_empty(),
        "{} has no test entries: the test part, 10 % of its {} entries, is empty",
        args.data,
        entries.len()
    );
    let device = args.device.open()?;
    let format = prompt_format(args.format, &args.model)?;
    let (_, model) = open_text_model(&args.model, &device)?;
    let generator = args.weights.generator(model, &device)?;
    let tokenizer = Gpt2Tokenizer::new();
    let interrupt = Interrupt::watch()?;

    let mut answered: Vec<Entry> = Vec::with_capacity(test.len());
    let mut progress = Progress::new(0, test.len() as u64);
    let mut written = Instant::now();
    for (place, entry) in test.iter().enumerate() {
        let response = match respond_with(&generator, entry, format, args.max_new_tokens, &tokenizer, &device) {
            Ok(response) => response,
            Err(error @ RespondError::TooLong { .. }) => {
                progress.suspend(|| warn(format_args!("warning: test entry {place} gets an empty answer: {error}")));
                String::new()
            }
            Err(error) => {
                let kept = keep(&args.out, &answered)?;
                return Err(error).with_context(|| format!("test entry {place} ({kept})"));
            }
        };
        if place < 3 {
            progress.suspend(|| show(entry, &response, format));
        }
        answered.push(Entry { model_response: Some(response), ..entry.clone() });
        progress.step(String::new);
        if interrupt.is_pressed() && answered.len() < test.len() {
            warn(format_args!("interrupted: {}", keep(&args.out, &answered)?));
            return Ok(ExitCode::from(130));
        }
        if written.elapsed() >= WRITE_EVERY {
            keep(&args.out, &answered)?;
            written = Instant::now();
        }
    }
    progress.finish();
    keep(&args.out, &answered)?;
    let out = args.out.display();
    say(format_args!("{} answers: {out}", answered.len()));
    say(format_args!("\nHave them judged:\n  cargo run --release -- instruct evaluate --responses {out}"));
    Ok(ExitCode::SUCCESS)
}

/// Writes the answers so far and says where they are.
fn keep(path: &Path, answered: &[Entry]) -> Result<String> {
    if answered.is_empty() {
        return Ok("no answers yet".to_string());
    }
    write_whole(path, Entries::to_json(answered).as_bytes())?;
    Ok(format!("the {} answers so far are in {}", answered.len(), path.display()))
}

fn show(entry: &Entry, response: &str, format: PromptFormat) {
    say(format_args!("{}\n", format.format_input(entry)));
    say(format_args!("Correct response:\n>> {}\n", entry.output));
    say(format_args!("Model response:\n>> {response}\n-------------------------------------"));
}
