//! How likely a token was.

use crate::top_k::most_likely;

/// How likely a token was according to the model itself: before temperature, penalties and all limits.
#[derive(Clone, Debug, PartialEq)]
pub struct TokenScore {
    /// The token.
    pub id: u32,
    /// The natural logarithm of its probability.
    pub log_probability: f32,
    /// The most likely tokens and the logarithms of their probabilities, the most likely one first.
    pub top: Vec<(u32, f32)>,
}

impl TokenScore {
    /// `log(softmax(logits))` of a token, and of this many of the most likely ones.
    ///
    /// # Panics
    /// If the vocabulary does not have the token.
    pub fn of(id: u32, logits: &[f32], top: usize) -> Self {
        let largest = logits.iter().fold(f32::NEG_INFINITY, |largest, &logit| largest.max(logit));
        let exponent = |logit: f32| f64::from(logit) - f64::from(largest);
        let log_sum = logits.iter().map(|&logit| exponent(logit).exp()).sum::<f64>().ln();
        let log_probability = |id: u32| (exponent(logits[id as usize]) - log_sum) as f32;
        let top = most_likely(logits, top).into_iter().map(|id| (id, log_probability(id))).collect();
        Self { id, log_probability: log_probability(id), top }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// exp(2), exp(1) and exp(0) have the shares 0.6652, 0.2447 and 0.0900.
    #[test]
    fn the_logarithms_of_the_probabilities() {
        let score = TokenScore::of(0, &[1.0, 2.0, 0.0], 2);
        assert_eq!((score.id, score.top[0].0, score.top[1].0, score.top.len()), (0, 1, 0, 2));
        let expected = [0.24472847_f32.ln(), 0.66524096_f32.ln(), 0.24472847_f32.ln()];
        for (found, expected) in [score.log_probability, score.top[0].1, score.top[1].1].into_iter().zip(expected) {
            assert!((found - expected).abs() < 1e-6, "{found} {expected}");
        }
        // Logits of thousands neither overflow nor lose the differences.
        let large = TokenScore::of(0, &[4001.0, 4002.0, 4000.0], 0);
        assert!((large.log_probability - expected[0]).abs() < 1e-6 && large.top.is_empty());
    }
}
