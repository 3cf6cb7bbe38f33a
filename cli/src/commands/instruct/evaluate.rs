//! `llm instruct evaluate`.

use std::io::{Write, stdout};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail, ensure};
use ch07_instruct::judge::{JUDGE_MODEL, OLLAMA_URL, TIMEOUT};
use ch07_instruct::{Entries, Entry, Judge, Summary, Verdict};
use shared::data;
use shared::files::ensure_writable;

use super::scores::Scores;
use crate::terminal::{Interrupt, Progress, say, tr, warn};

#[derive(clap::Args)]
#[command(allow_negative_numbers = true)]
pub struct Args {
    /// File with entries and answers, as `llm instruct respond` writes it
    #[arg(long, value_name = "FILE")]
    responses: PathBuf,
    /// Address of the judge's server, with http:// or https://
    #[arg(long, value_name = "URL", default_value = OLLAMA_URL)]
    judge_url: String,
    /// Name of the judge's model on that server
    #[arg(long, value_name = "NAME", default_value = JUDGE_MODEL)]
    judge_model: String,
    /// Seconds to wait for one reply
    #[arg(long, value_name = "SECONDS", default_value_t = TIMEOUT.as_secs_f64())]
    timeout: f64,
    /// File for the scores; an interrupted evaluation continues from it [default: RESPONSES with -scores.json]
    #[arg(long, value_name = "FILE")]
    scores: Option<PathBuf>,
}

pub fn run(args: Args) -> Result<ExitCode> {
    let timeout = Duration::try_from_secs_f64(args.timeout).ok().filter(|timeout| !timeout.is_zero());
    let timeout = timeout.with_context(|| format!("--timeout is {}, but must be a time above 0 s", args.timeout))?;
    let name = args.responses.display().to_string();
    let text = data::read_text(&args.responses)?;
    let entries = Entries::parse(&text, &name)?;
    if let Some(index) = entries.iter().position(|entry| entry.model_response.is_none()) {
        bail!(
            "{name}: entry {index} (the first is 0): the key \"model_response\" is missing; see `llm instruct respond`"
        );
    }

    let path = args.scores.clone().unwrap_or_else(|| beside(&args.responses));
    let sha256 = data::sha256(text.as_bytes());
    let mut scores = Scores::open(&path, sha256, &args.judge_model)?;
    ensure!(scores.verdicts.len() <= entries.len(), "{} has more scores than there are entries", path.display());
    ensure_writable(&path).map_err(|error| anyhow!("{error}; name another file with --scores"))?;
    let judge = Judge::new(&args.judge_url, &args.judge_model, timeout);
    if score(&judge, &entries, &mut scores, &path)?.is_break() {
        warn(format_args!("interrupted: {}", scores.kept(&path, entries.len())));
        return Ok(ExitCode::from(130));
    }
    let summary = Summary::of(&scores.verdicts);
    report(&summary, &path)?;
    ensure!(
        summary.scored > 0,
        tr!("no answer got a score; {} has the reasons", "没有一个回答得到分数；原因见 {}", path.display())
    );
    Ok(ExitCode::SUCCESS)
}

/// Has the entries scored that have no score yet; breaks after Ctrl-C.
fn score(judge: &Judge, entries: &[Entry], scores: &mut Scores, path: &Path) -> Result<ControlFlow<()>> {
    let interrupt = Interrupt::watch()?;
    let done = scores.verdicts.len();
    if done > 0 {
        say(format_args!("continuing {}: {done} of {} are scored", path.display(), entries.len()));
    }
    let mut progress = Progress::new(done as u64, entries.len() as u64);
    for entry in &entries[done..] {
        let index = scores.verdicts.len();
        let verdict = match judge.score(entry) {
            Ok(verdict) => {
                if verdict.score.is_none() {
                    progress.suspend(|| warn(format_args!("Could not convert score: {:?}", verdict.reply)));
                }
                verdict
            }
            // A question that is too long for the judge, for example, costs only itself.
            Err(error) if error.is_about_the_question() => {
                let warning =
                    tr!("warning: no score for entry {index}: {error}", "警告：条目 {index} 没有分数：{error}");
                progress.suspend(|| warn(warning));
                Verdict { score: None, reply: error.to_string() }
            }
            Err(error) => {
                progress.finish();
                let none = scores.verdicts.is_empty();
                let kept = if none { "nothing is scored yet".to_string() } else { scores.kept(path, entries.len()) };
                return Err(anyhow::Error::new(error).context(kept));
            }
        };
        scores.verdicts.push(verdict);
        // A judge takes seconds for each answer, so none may be lost.
        scores.save(path)?;
        progress.step(String::new);
        if interrupt.is_pressed() && scores.verdicts.len() < entries.len() {
            return Ok(ControlFlow::Break(()));
        }
    }
    progress.finish();
    Ok(ControlFlow::Continue(()))
}

fn report(summary: &Summary, path: &Path) -> Result<()> {
    let mean = summary.mean.map_or("none".to_string(), |mean| format!("{mean:.2}"));
    let mut out = stdout().lock();
    writeln!(out, "Number of scores: {} of {}", summary.scored, summary.total)?;
    writeln!(out, "Failures: {}", summary.failures())?;
    writeln!(out, "Average score: {mean}")?;
    writeln!(out, "scores: {}", path.display())?;
    Ok(())
}

/// `runs/responses.json` becomes `runs/responses-scores.json`.
fn beside(responses: &Path) -> PathBuf {
    let stem = responses.file_stem().unwrap_or_default().to_string_lossy();
    responses.with_file_name(format!("{stem}-scores.json"))
}
