//! Scores: parsing and averaging them (listing 7.11).

use std::sync::LazyLock;

use regex::Regex;
use serde::{Deserialize, Serialize};

/// A judge's answer about one response.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// The score from 0 to 100, or `None` if the reply has none.
    pub score: Option<u8>,
    /// The judge's reply.
    pub reply: String,
}

/// Numbers that name the scale, not the score.
static SCALE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)/\s*100\b|\bout of (a )?(possible )?100\b|\b0\s*(to|-|–)\s*100\b").expect("the pattern is valid")
});

static NUMBER: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"-?\d+(\.\d+)?").expect("the pattern is valid"));

/// The score in a judge's reply.
///
/// The judge is asked for a number alone, but some reply "Score: 85" or "85/100". A reply counts if, apart from the
/// scale, it contains exactly one number, from 0 to 100. Anything else would be a guess.
pub fn parse_score(reply: &str) -> Option<u8> {
    let without_scale = SCALE.replace_all(reply, " ");
    let mut numbers = NUMBER.find_iter(&without_scale).map(|found| found.as_str().parse::<f64>());
    let number = numbers.next()?.ok()?;
    let alone = numbers.all(|other| other == Ok(number));
    (alone && (0.0..=100.0).contains(&number)).then(|| number.round() as u8)
}

/// Counts and mean of many scores.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary {
    /// Number of judged responses.
    pub total: usize,
    /// Number of responses with a score.
    pub scored: usize,
    /// Mean of the scores; `None` if there are none.
    pub mean: Option<f64>,
}

impl Summary {
    /// The summary of `verdicts`.
    pub fn of(verdicts: &[Verdict]) -> Self {
        let scores: Vec<f64> = verdicts.iter().filter_map(|verdict| verdict.score).map(f64::from).collect();
        let mean = (!scores.is_empty()).then(|| scores.iter().sum::<f64>() / scores.len() as f64);
        Self { total: verdicts.len(), scored: scores.len(), mean }
    }

    /// Number of replies without a score.
    pub fn failures(&self) -> usize {
        self.total - self.scored
    }
}
