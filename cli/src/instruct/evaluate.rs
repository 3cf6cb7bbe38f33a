//! `llm instruct evaluate`.

use std::fs;
use std::io::{Write, stdout};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use ch07_instruct::judge::{JUDGE_MODEL, OLLAMA_URL, TIMEOUT};
use ch07_instruct::{Entries, Judge, Summary, Verdict};
use serde::{Deserialize, Serialize};
use shared::data;
use shared::files::write_whole;
use shared::progress::Progress;

use crate::interrupt::Interrupt;
use crate::say::{say, warn};

#[derive(clap::Args)]
pub struct Args {
    /// File with entries and answers, as `llm instruct respond` writes it
    #[arg(long, value_name = "FILE")]
    responses: PathBuf,
    /// Where the judge listens
    #[arg(long, value_name = "URL", default_value = OLLAMA_URL)]
    judge_url: String,
    /// The judge's name on that server
    #[arg(long, value_name = "NAME", default_value = JUDGE_MODEL)]
    judge_model: String,
    /// Seconds to wait for one reply
    #[arg(long, value_name = "S", default_value_t = TIMEOUT.as_secs_f64())]
    timeout: f64,
    /// File for the scores, also to take up an interrupted evaluation; by default RESPONSES with -scores.json
    #[arg(long, value_name = "FILE")]
    scores: Option<PathBuf>,
}

/// The scores so far, and what they are of.
#[derive(Serialize, Deserialize)]
struct Scores {
    responses_sha256: String,
    judge_model: String,
    verdicts: Vec<Verdict>,
}

pub fn run(args: Args) -> Result<ExitCode> {
    let timeout = Duration::try_from_secs_f64(args.timeout).ok().filter(|timeout| !timeout.is_zero());
    let timeout = timeout.with_context(|| format!("--timeout is {}, but must be a time above 0 s", args.timeout))?;
    let name = args.responses.display().to_string();
    let text = data::read_text(&args.responses)?;
    let entries = Entries::parse(&text, &name)?;
    if let Some(place) = entries.iter().position(|entry| entry.model_response.is_none()) {
        bail!(
            "{name}: entry {place} (the first is 0): the key \"model_response\" is missing; see `llm instruct respond`"
        );
    }

    let path = args.scores.clone().unwrap_or_else(|| beside(&args.responses));
    let sha256 = data::sha256(text.as_bytes());
    let mut scores = Scores::take_up(&path, sha256, &args.judge_model)?;
    ensure!(scores.verdicts.len() <= entries.len(), "{} has more scores than there are entries", path.display());
    let judge = Judge::new(&args.judge_url, &args.judge_model, timeout);
    let interrupt = Interrupt::watch()?;
    let done = scores.verdicts.len();
    if done > 0 {
        say(format_args!("taking up {}: {done} of {} are scored", path.display(), entries.len()));
    }

    let mut progress = Progress::new(done as u64, entries.len() as u64);
    for entry in &entries[done..] {
        let verdict = match judge.score(entry) {
            Ok(verdict) => verdict,
            Err(error) => {
                progress.finish();
                let kept = match scores.verdicts.len() {
                    0 => "nothing is scored yet".to_string(),
                    n => format!("{n} of {} are scored and kept in {}", entries.len(), path.display()),
                };
                return Err(anyhow::Error::new(error).context(kept));
            }
        };
        if verdict.score.is_none() {
            progress.suspend(|| warn(format_args!("Could not convert score: {:?}", verdict.reply)));
        }
        scores.verdicts.push(verdict);
        // A judge takes seconds for each answer, so none may be lost.
        write_whole(&path, &serde_json::to_vec_pretty(&scores)?)?;
        progress.step(String::new);
        if interrupt.is_pressed() && scores.verdicts.len() < entries.len() {
            let done = scores.verdicts.len();
            warn(format_args!("interrupted: {done} of {} are scored and kept in {}", entries.len(), path.display()));
            return Ok(ExitCode::from(130));
        }
    }
    progress.finish();

    let summary = Summary::of(&scores.verdicts);
    let mean = summary.mean.map_or("none".to_string(), |mean| format!("{mean:.2}"));
    let mut out = stdout().lock();
    writeln!(out, "Number of scores: {} of {}", summary.scored, summary.total)?;
    writeln!(out, "Failures: {}", summary.failures())?;
    writeln!(out, "Average score: {mean}")?;
    writeln!(out, "scores: {}", path.display())?;
    Ok(ExitCode::SUCCESS)
}

/// `runs/responses.json` becomes `runs/responses-scores.json`.
fn beside(responses: &Path) -> PathBuf {
    let stem = responses.file_stem().unwrap_or_default().to_string_lossy();
    responses.with_file_name(format!("{stem}-scores.json"))
}

impl Scores {
    /// The scores in `path`, if they are of these responses by this judge; none if there is no such file.
    fn take_up(path: &Path, responses_sha256: String, judge_model: &str) -> Result<Self> {
        let judge_model = judge_model.to_string();
        if !path.exists() {
            return Ok(Self { responses_sha256, judge_model, verdicts: Vec::new() });
        }
        let json = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        let there: Self = serde_json::from_slice(&json)
            .with_context(|| format!("{} holds no scores; name another file with --scores", path.display()))?;
        ensure!(
            there.responses_sha256 == responses_sha256 && there.judge_model == judge_model,
            "{} holds the scores of other responses or of another judge; name another file with --scores",
            path.display()
        );
        Ok(there)
    }
}
