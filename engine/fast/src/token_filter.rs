//! Which tokens can come next, besides top-k and temperature. The options and their rules are llama.cpp's and Ollama's.

use std::cmp::Ordering;
use std::collections::HashMap;

use burn::tensor::{Int, Tensor, TensorData};
use ch05_pretrain::GenerateOptions;
use ch05_pretrain::tokens::tensor_to_ids;

/// Penalties for tokens that are there already, and limits on how unlikely a token can be. The default limits nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct TokenFilter {
    /// Of the most likely tokens, only as many as it takes to exceed this probability can be drawn; from 0 to 1.
    pub top_p: f64,
    /// Only tokens that are at least this many times as likely as the most likely one can be drawn; from 0 to 1.
    pub min_p: f64,
    /// As `top_p`, but of the tokens whose surprise `-ln p` is nearest to the entropy; from 0 to 1.
    pub typical_p: f64,
    /// The logit of a token that is there already is divided by this if it is positive, and multiplied otherwise; above 0.
    pub repeat_penalty: f64,
    /// Subtracted from the logit of a token that is there already.
    pub presence_penalty: f64,
    /// The same, once for every time that it is there.
    pub frequency_penalty: f64,
    /// Number of tokens, from the end of the text, in which the penalties look for it.
    pub repeat_last_n: usize,
}

impl Default for TokenFilter {
    fn default() -> Self {
        Self {
            top_p: 1.0,
            min_p: 0.0,
            typical_p: 1.0,
            repeat_penalty: 1.0,
            presence_penalty: 0.0,
            frequency_penalty: 0.0,
            repeat_last_n: 64,
        }
    }
}

/// A token that can be drawn, with its probability, up to a factor that all share.
#[derive(Clone, Copy)]
pub(crate) struct Candidate {
    pub(crate) id: usize,
    logit: f32,
    pub(crate) weight: f64,
}

impl Candidate {
    /// The more likely one first. At a high temperature weights are equal where logits are not.
    fn order(&self, other: &Self) -> Ordering {
        other.logit.total_cmp(&self.logit).then(self.id.cmp(&other.id))
    }
}

impl TokenFilter {
    /// Whether there is a penalty or a limit.
    pub(crate) fn changes_logits(&self) -> bool {
        *self != Self { repeat_last_n: self.repeat_last_n, ..Self::default() }
    }

    /// The logits after the penalties, with minus infinity for every token that cannot be drawn.
    ///
    /// # Shapes
    /// - `logits`: `[batch, vocab_size]`; the result has the same;
    /// - `ids`: `[batch, tokens]`, the text so far.
    pub fn apply(&self, logits: Tensor<2>, ids: &Tensor<2, Int>, options: &GenerateOptions) -> Tensor<2> {
        if !self.changes_logits() {
            return logits;
        }
        let (shape, device) = (logits.dims(), logits.device());
        let data = logits.into_data();
        let mut values = data.as_slice::<f32>().map_or_else(|_| data.iter::<f32>().collect(), <[f32]>::to_vec);
        let ids = tensor_to_ids(ids.clone());
        for (row, ids) in values.chunks_mut(shape[1]).zip(ids.chunks(ids.len() / shape[0])) {
            self.penalize(row, ids);
            self.limit(row, options);
        }
        Tensor::from_data(TensorData::new(values, shape), &device)
    }

    /// Applies the penalties for the last of `ids`, the text so far.
    pub(crate) fn penalize(&self, logits: &mut [f32], ids: &[u32]) {
        let mut counts = HashMap::<u32, f64>::new();
        for &id in &ids[ids.len().saturating_sub(self.repeat_last_n)..] {
            *counts.entry(id).or_default() += 1.0;
        }
        for (id, count) in counts {
            let Some(logit) = logits.get_mut(id as usize) else { continue };
            let value = f64::from(*logit);
            let value = if value > 0.0 { value / self.repeat_penalty } else { value * self.repeat_penalty };
            let value = value - count * self.frequency_penalty - self.presence_penalty;
            *logit = value.clamp(f32::MIN.into(), f32::MAX.into()) as f32;
        }
    }

    fn limit(&self, logits: &mut [f32], options: &GenerateOptions) {
        // The most likely token always remains, and is all that temperature 0 asks for.
        if options.temperature == 0.0 || (self.top_p, self.min_p, self.typical_p) == (1.0, 0.0, 1.0) {
            return;
        }
        let mut can_be_drawn = vec![false; logits.len()];
        for candidate in self.candidates(logits, options.temperature, options.top_k) {
            can_be_drawn[candidate.id] = true;
        }
        for (logit, _) in logits.iter_mut().zip(can_be_drawn).filter(|(_, can_be_drawn)| !can_be_drawn) {
            *logit = f32::NEG_INFINITY;
        }
    }

    /// The tokens that can be drawn at a temperature above 0, in no particular order: at least one, unless there is no logit.
    pub(crate) fn candidates(&self, logits: &[f32], temperature: f64, top_k: Option<usize>) -> Vec<Candidate> {
        let best = logits.iter().fold(f32::NEG_INFINITY, |best, &logit| best.max(logit));
        let exponent = |logit: f32| (f64::from(logit) - f64::from(best)) / temperature;
        let possible = logits.iter().enumerate().filter(|(_, logit)| exponent(**logit) >= NEVER_DRAWN);
        let candidate = |(id, &logit)| Candidate { id, logit, weight: exponent(logit).exp() };
        let mut candidates: Vec<Candidate> = possible.map(candidate).collect();
        if let Some(k) = top_k {
            keep_best(&mut candidates, k);
        }
        if self.typical_p < 1.0 {
            sort_by_typicality(&mut candidates);
            keep_share(&mut candidates, self.typical_p);
        }
        if self.top_p < 1.0 {
            keep_best_share(&mut candidates, self.top_p);
        }
        let largest = candidates.iter().fold(0.0, |largest: f64, candidate| largest.max(candidate.weight));
        candidates.retain(|candidate| candidate.weight >= self.min_p * largest);
        candidates
    }
}

/// `e^x` of it, for every token of a vocabulary, adds nothing to 1 in 64 bits.
const NEVER_DRAWN: f64 = -50.0;

/// Keeps the `k` most likely candidates.
fn keep_best(candidates: &mut Vec<Candidate>, k: usize) {
    if (1..candidates.len()).contains(&k) {
        candidates.select_nth_unstable_by(k - 1, Candidate::order);
        candidates.truncate(k);
    }
}

/// As [`keep_share`] of the candidates from the most likely one on. Only as many as are likely to be kept are sorted.
fn keep_best_share(candidates: &mut Vec<Candidate>, share: f64) {
    let total: f64 = candidates.iter().map(|candidate| candidate.weight).sum();
    let mut sorted = 64;
    while sorted < candidates.len() {
        candidates.select_nth_unstable_by(sorted - 1, Candidate::order);
        let best: f64 = candidates[..sorted].iter().map(|candidate| candidate.weight).sum();
        if best > share * total {
            break;
        }
        sorted *= 8;
    }
    candidates.truncate(sorted);
    candidates.sort_unstable_by(Candidate::order);
    keep_share_of(total, candidates, share);
}

/// Keeps the first candidates until their share of all probability exceeds `share`, but at least one.
fn keep_share(candidates: &mut Vec<Candidate>, share: f64) {
    keep_share_of(candidates.iter().map(|candidate| candidate.weight).sum(), candidates, share);
}

/// As [`keep_share`], where the probability of all is given.
fn keep_share_of(total: f64, candidates: &mut Vec<Candidate>, share: f64) {
    let mut sum = 0.0;
    let kept = candidates.iter().take_while(|candidate| {
        let goes_on = sum <= share * total;
        sum += candidate.weight;
        goes_on
    });
    let kept = kept.count().max(1);
    candidates.truncate(kept);
}

/// Sorts by the distance between a token's surprise and the entropy, the average surprise.
fn sort_by_typicality(candidates: &mut [Candidate]) {
    let total: f64 = candidates.iter().map(|candidate| candidate.weight).sum();
    let surprise = |candidate: &Candidate| -(candidate.weight / total).ln();
    // A token of probability 0 adds nothing.
    let possible = candidates.iter().filter(|candidate| candidate.weight > 0.0);
    let entropy: f64 = possible.map(|candidate| candidate.weight / total * surprise(candidate)).sum();
    let distance = |candidate: &Candidate| (surprise(candidate) - entropy).abs();
    candidates.sort_by(|a, b| distance(a).total_cmp(&distance(b)));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The ids that can be drawn of four with the logits 2, 1, 0, -1: probabilities 0.644, 0.237, 0.087, 0.032 at
    /// temperature 1, and 0.455, 0.276, 0.167, 0.102 at temperature 2.
    fn left(filter: &TokenFilter, temperature: f64, top_k: Option<usize>) -> Vec<usize> {
        let mut logits = [2.0, 1.0, 0.0, -1.0];
        filter.limit(&mut logits, &GenerateOptions { temperature, top_k, ..GenerateOptions::greedy(1, 1) });
        (0..4).filter(|&id| logits[id] > f32::NEG_INFINITY).collect()
    }

    #[test]
    fn top_p_keeps_the_token_that_exceeds_it() {
        let left = |top_p, temperature, top_k| left(&TokenFilter { top_p, ..Default::default() }, temperature, top_k);
        assert_eq!(left(0.0, 1.0, None), [0]);
        assert_eq!(left(0.6, 1.0, None), [0]);
        assert_eq!(left(0.7, 1.0, None), [0, 1]);
        assert_eq!(left(0.9, 1.0, None), [0, 1, 2]);
        assert_eq!(left(0.6, 2.0, None), [0, 1]);
        // Of two tokens, the first has 0.731.
        assert_eq!(left(0.7, 1.0, Some(2)), [0]);
        assert_eq!(left(0.6, 1e39, None), [0, 1, 2]);
        assert_eq!(left(0.6, 0.0, None), [0, 1, 2, 3], "the most likely one will be taken");
    }

    #[test]
    fn min_p_is_relative_to_the_most_likely_token() {
        let left = |min_p, temperature| left(&TokenFilter { min_p, ..Default::default() }, temperature, None);
        // 1, 0.368, 0.135, 0.050, and at temperature 2 1, 0.607, 0.368, 0.223.
        assert_eq!(left(0.1, 1.0), [0, 1, 2]);
        assert_eq!(left(0.3, 1.0), [0, 1]);
        assert_eq!(left(0.3, 2.0), [0, 1, 2]);
        assert_eq!(left(1.0, 1e39), [0, 1, 2, 3]);
    }

    #[test]
    fn typical_tokens_are_about_as_surprising_as_the_average() {
        let left = |typical_p| left(&TokenFilter { typical_p, ..Default::default() }, 1.0, None);
        // The entropy is 0.948; the surprises are 0.440, 1.440, 2.440 and 3.440.
        assert_eq!(left(0.2), [1]);
        assert_eq!(left(0.3), [0, 1]);
        assert_eq!(left(0.9), [0, 1, 2]);
    }

    #[test]
    fn penalties_count_the_last_tokens() {
        let penalized = |filter: TokenFilter| {
            let mut logits = [2.0, -1.0, 0.5];
            filter.penalize(&mut logits, &[2, 0, 1, 1]);
            logits
        };
        let last = TokenFilter { repeat_last_n: 3, ..Default::default() };
        assert_eq!(penalized(TokenFilter { repeat_penalty: 2.0, ..last.clone() }), [1.0, -2.0, 0.5]);
        assert_eq!(penalized(TokenFilter { presence_penalty: 0.25, ..last.clone() }), [1.75, -1.25, 0.5]);
        assert_eq!(penalized(TokenFilter { frequency_penalty: 0.25, ..last.clone() }), [1.75, -1.5, 0.5]);
        assert_eq!(penalized(TokenFilter { repeat_penalty: 2.0, repeat_last_n: 0, ..last }), [2.0, -1.0, 0.5]);
    }
}
