//! `llm instruct respond`.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, ensure};
use ch07_instruct::entry::DRILLS_NAME;
use ch07_instruct::{Entries, Entry, partition};
use fast::{EntryResponse, LlamaGenerator};
use pretrained::TaskWriter;
use shared::files::{ensure_writable, write_whole};

use super::llama_answer::{answer, task_writer};
use crate::llama;
use crate::options::{AnswerArgs, Answerer};
use crate::run_folder::is_same;
use crate::terminal::{Interrupt, Progress, command, positive, say, tr, warn};
use crate::writing::{AllWritten, Ending, Stopwatch, Written};

/// Time between two writes of the answers so far.
const WRITE_EVERY: Duration = Duration::from_secs(2);
/// Number of answers that are shown.
const SHOWN: usize = 3;

#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    answer: AnswerArgs,
    /// The data set that the model was fine-tuned on: a JSON file, or a name; its test part is answered
    #[arg(long, value_name = "FILE|NAME", default_value = DRILLS_NAME)]
    data: String,
    /// File for the entries with their answers
    #[arg(long, value_name = "FILE", default_value = "runs/responses.json")]
    out: PathBuf,
    /// Answer only the first N test entries [default: all]
    #[arg(long, value_name = "N", value_parser = positive)]
    limit: Option<usize>,
}

pub fn run(args: Args) -> Result<ExitCode> {
    ensure!(
        !is_same(Path::new(&args.data), &args.out),
        tr!(
            "{} is both --data and --out, and would be replaced by the answers; name another file with --out",
            "{} 既是 --data 又是 --out，会被回答替换；请用 --out 指定另一个文件",
            args.out.display()
        )
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
    ensure_writable(&args.out).map_err(|error| anyhow!("{error}; name another file with --out"))?;
    let mut responder = Responder { model: AnsweringModel::open(&args.answer)?, args: &args };
    let answered = responder.answer_all(test)?;
    if answered.len() < test.len() {
        warn(format_args!("interrupted: {}", keep(&args.out, &answered)?));
        return Ok(ExitCode::from(130));
    }
    keep(&args.out, &answered)?;
    let out = args.out.display();
    say(format_args!("{} answers: {out}", answered.len()));
    let right = answered.iter().filter(|entry| entry.model_response.as_ref() == Some(&entry.output)).count();
    say(tr!("{right} of them are the expected ones, word for word", "其中 {right} 个与标准答案一字不差"));
    let evaluate = command(format_args!("instruct evaluate --responses {out}"));
    say(format_args!("\nHave them scored:\n  {evaluate}"));
    Ok(ExitCode::SUCCESS)
}

/// A model that answers tasks.
enum AnsweringModel {
    Gpt(Answerer),
    Llama { generator: LlamaGenerator, writer: TaskWriter },
}

impl AnsweringModel {
    fn open(args: &AnswerArgs) -> Result<Self> {
        let path = args.path();
        if !llama::is_llama(path) {
            return Ok(Self::Gpt(args.open()?));
        }
        args.ensure_cpu()?;
        let opened = llama::open_generator(path, args.weights.precision.on_cpu()?)?;
        let (writer, generator) = task_writer(path, opened, args.format)?;
        Ok(Self::Llama { generator, writer })
    }

    /// The most likely answer, of at most `max_new_tokens` tokens, and how it was written.
    fn answer(&mut self, entry: &Entry, max_new_tokens: usize) -> Result<(EntryResponse, Written)> {
        match self {
            Self::Gpt(Answerer { generator, tokenizer, format, device }) => {
                let prompt = tokenizer.encode_ordinary(&format.format_input(entry)).len();
                let (mut watch, mut tokens) = (Stopwatch::start(), 0);
                let response = generator.respond(entry, *format, max_new_tokens, tokenizer, device, |_| {
                    watch.token();
                    tokens += 1;
                    ControlFlow::Continue(())
                })?;
                let ending = if tokens == max_new_tokens { Ending::Length } else { Ending::Complete };
                let written = watch.stop(prompt - response.left_out, ending);
                Ok((response, written))
            }
            Self::Llama { generator, writer } => {
                let (text, written) = answer(generator, writer, entry, max_new_tokens)?;
                Ok((EntryResponse { text, left_out: 0 }, written))
            }
        }
    }

    /// A task as the model reads it.
    fn shown(&self, entry: &Entry) -> String {
        match self {
            Self::Gpt(answerer) => answerer.format.format_input(entry),
            Self::Llama { writer, .. } => writer.shown(entry),
        }
    }
}

struct Responder<'a> {
    model: AnsweringModel,
    args: &'a Args,
}

impl Responder<'_> {
    /// The entries with their answers; fewer than all after Ctrl-C.
    fn answer_all(&mut self, test: &[Entry]) -> Result<Vec<Entry>> {
        let interrupt = Interrupt::watch()?;
        let mut answered: Vec<Entry> = Vec::with_capacity(test.len());
        let mut progress = Progress::new(0, test.len() as u64);
        let (mut written, mut all) = (Instant::now(), AllWritten::default());
        for (index, entry) in test.iter().enumerate() {
            let (EntryResponse { text: response, left_out }, how) =
                match self.model.answer(entry, self.args.answer.max_new_tokens) {
                    Ok(response) => response,
                    Err(error) => {
                        let kept = keep(&self.args.out, &answered)?;
                        return Err(error).with_context(|| format!("test entry {index} ({kept})"));
                    }
                };
            if left_out > 0 {
                let note = tr!(
                    "note: the prompt of test entry {index} is longer than the model's context; the model does not see \
                     its first {left_out} tokens",
                    "注意：测试条目 {index} 的提示超出了模型的上下文；模型看不到最前面的 {left_out} 个词元"
                );
                progress.suspend(|| warn(note));
            }
            if index < SHOWN {
                progress.suspend(|| show(&self.model.shown(entry), entry, &response, &how));
            }
            all.add(&how);
            answered.push(Entry { model_response: Some(response), ..entry.clone() });
            progress.step(String::new);
            if interrupt.is_pressed() {
                break;
            }
            if written.elapsed() >= WRITE_EVERY {
                keep(&self.args.out, &answered)?;
                written = Instant::now();
            }
        }
        progress.finish();
        warn(all.summary());
        Ok(answered)
    }
}

/// Writes the answers so far and says where they are.
fn keep(path: &Path, answered: &[Entry]) -> Result<String> {
    if answered.is_empty() {
        return Ok("no answers yet".to_string());
    }
    write_whole(path, Entries::to_json(answered).as_bytes())?;
    Ok(format!("the {} answers so far are in {}", answered.len(), path.display()))
}

fn show(task: &str, entry: &Entry, response: &str, how: &Written) {
    say(format_args!("{task}\n"));
    say(format_args!("Correct response:\n>> {}\n", entry.output));
    say(format_args!("Model response:\n>> {response}"));
    warn(how.summary());
    say("-------------------------------------");
}
