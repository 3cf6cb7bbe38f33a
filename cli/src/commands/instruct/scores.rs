//! The file with the scores of an evaluation, which can be continued from it.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use ch07_instruct::Verdict;
use serde::{Deserialize, Serialize};
use shared::files::write_whole;
use shared::text;

/// The scores so far, and what they are of.
#[derive(Serialize, Deserialize)]
pub struct Scores {
    responses_sha256: String,
    judge_model: String,
    pub verdicts: Vec<Verdict>,
}

impl Scores {
    /// The scores in `path`, if they are of these responses by this judge; none if there is no such file.
    pub fn open(path: &Path, responses_sha256: String, judge_model: &str) -> Result<Self> {
        let judge_model = judge_model.to_string();
        if !path.exists() {
            return Ok(Self { responses_sha256, judge_model, verdicts: Vec::new() });
        }
        let json = text::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        let there: Self = serde_json::from_str(&json)
            .with_context(|| format!("{} holds no scores; name another file with --scores", path.display()))?;
        ensure!(
            there.responses_sha256 == responses_sha256 && there.judge_model == judge_model,
            "{} holds the scores of other responses or of another judge; name another file with --scores",
            path.display()
        );
        Ok(there)
    }

    /// Writes the scores so far.
    pub fn save(&self, path: &Path) -> Result<()> {
        Ok(write_whole(path, &serde_json::to_vec_pretty(self)?)?)
    }

    /// How many of `entries` are scored, and where.
    pub fn kept(&self, path: &Path, entries: usize) -> String {
        format!("{} of {entries} are scored and kept in {}", self.verdicts.len(), path.display())
    }
}
