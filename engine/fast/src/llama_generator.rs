//! Text generation with Llama, Qwen3 and Gemma 3 on the CPU.

use std::ops::ControlFlow;
use std::sync::Arc;

use bonus_llama::LlamaModel;
use ch05_pretrain::GenerateError;
use kernels::decode::Precision;
use kernels::decode::llama::LlamaWeights;
use shared::rng::TorchRng;

use crate::llama_decoder::{LlamaCpuDecoder, llama_weights};
use crate::llama_error::LlamaError;
use crate::token_filter::TokenFilter;

/// Settings of [`LlamaGenerator::generate`].
#[derive(Clone, Debug, PartialEq)]
pub struct LlamaOptions {
    /// Maximum number of tokens to add.
    pub max_new_tokens: usize,
    /// 0 takes the most likely token; values below 1 sharpen the distribution, values above 1 flatten it.
    pub temperature: f64,
    /// Only this many of the most likely tokens can be drawn.
    pub top_k: Option<usize>,
    /// Top-p and other limits, and penalties.
    pub filter: TokenFilter,
    /// The text ends before any of these.
    pub stop_ids: Vec<u32>,
}

impl LlamaOptions {
    /// The most likely token each time; nothing but the number of tokens ends the text.
    pub fn greedy(max_new_tokens: usize) -> Self {
        let (filter, stop_ids) = (TokenFilter::default(), Vec::new());
        Self { max_new_tokens, temperature: 0.0, top_k: None, filter, stop_ids }
    }

    /// Checks the options against a vocabulary.
    ///
    /// # Errors
    /// If the temperature is negative or not finite, or top-k is not in the vocabulary's range.
    pub fn check(&self, vocab_size: usize) -> Result<(), GenerateError> {
        if !(self.temperature.is_finite() && self.temperature >= 0.0) {
            return Err(GenerateError::Temperature(self.temperature));
        }
        match self.top_k.filter(|k| !(1..=vocab_size).contains(k)) {
            Some(top_k) => Err(GenerateError::TopK { top_k, vocab_size }),
            None => Ok(()),
        }
    }
}

/// Why a text ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finish {
    /// The model chose this stop id, which is not part of the text.
    Stop(u32),
    /// There are as many new tokens as were asked for.
    Length,
    /// The context is full.
    ContextFull,
    /// The caller broke off.
    Interrupted,
}

/// What was generated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generated {
    /// The new ids.
    pub ids: Vec<u32>,
    /// Why there are no more.
    pub finish: Finish,
    /// Number of tokens of the prompt that were still known from the text before.
    pub reused: usize,
}

/// Generates text with a model, with the weights that it has when this is made. It remembers the last text: a prompt that
/// begins with the same tokens, such as the next turn of a conversation, is read from the first different one on.
pub struct LlamaGenerator {
    weights: Arc<LlamaWeights>,
    decoder: LlamaCpuDecoder,
}

impl LlamaGenerator {
    /// A generator with weights of this precision, on all cores. The weights of 32 bits are shared with the model; the others
    /// are copies, and the model may be dropped.
    ///
    /// # Errors
    /// If the model is not on the CPU or not in 32 bits.
    pub fn new(model: &LlamaModel, precision: Precision) -> Result<Self, LlamaError> {
        let weights = llama_weights(model, precision).ok_or(LlamaError::OtherDevice)?;
        Ok(Self::from(Arc::new(weights)))
    }

    /// The weights.
    pub fn weights(&self) -> &LlamaWeights {
        &self.weights
    }

    /// The weights, for another generator or a [batch](crate::batch).
    pub fn shared_weights(&self) -> Arc<LlamaWeights> {
        Arc::clone(&self.weights)
    }

    /// Appends up to `max_new_tokens` tokens to `prompt` and shows each to `on_token` as soon as it is chosen, which can end
    /// the text with `ControlFlow::Break`. A draw takes one number of `rng`.
    ///
    /// # Errors
    /// If the prompt or an option does not suit the model, or the model's logits are not finite.
    pub fn generate(
        &mut self,
        prompt: &[u32],
        options: &LlamaOptions,
        rng: &mut TorchRng,
        mut on_token: impl FnMut(u32) -> ControlFlow<()>,
    ) -> Result<Generated, LlamaError> {
        options.check(self.weights().vocab_size())?;
        self.decoder.check(prompt)?;
        let context_length = self.weights().context_length;
        let reused = self.decoder.reusable(prompt);
        let mut ids = prompt.to_vec();
        let finish = loop {
            if ids.len() - prompt.len() == options.max_new_tokens {
                break Finish::Length;
            }
            // The last token that fits could be chosen, but never be read.
            if ids.len() == context_length {
                break Finish::ContextFull;
            }
            let logits = self.decoder.next_logits(&ids)?;
            let id = choose(logits, &ids, options, rng)?;
            if options.stop_ids.contains(&id) {
                break Finish::Stop(id);
            }
            ids.push(id);
            if on_token(id).is_break() {
                break Finish::Interrupted;
            }
        };
        Ok(Generated { ids: ids.split_off(prompt.len()), finish, reused })
    }
}

impl From<Arc<LlamaWeights>> for LlamaGenerator {
    /// A generator on all cores. Several can share weights, one for each text.
    fn from(weights: Arc<LlamaWeights>) -> Self {
        Self { decoder: LlamaCpuDecoder::new(Arc::clone(&weights)), weights }
    }
}

/// Below this temperature the most likely token is certain.
pub(crate) const GREEDY_BELOW: f64 = 1e-30;

/// Chooses the next token: penalties, then top-k, temperature and the other limits, then one draw; or the most likely one
/// for temperature 0 (or almost 0).
///
/// # Errors
/// If a logit is not a number, or the largest one infinite.
pub(crate) fn choose(
    mut logits: Vec<f32>,
    ids: &[u32],
    options: &LlamaOptions,
    rng: &mut TorchRng,
) -> Result<u32, GenerateError> {
    if largest(&logits).is_nan() {
        return Err(GenerateError::NotFinite);
    }
    options.filter.penalize(&mut logits, ids);
    let largest = largest(&logits);
    if !largest.is_finite() {
        return Err(GenerateError::NotFinite);
    }
    let best = logits.iter().position(|&logit| logit == largest).unwrap_or_default();
    if options.temperature < GREEDY_BELOW {
        return Ok(best as u32);
    }
    let candidates = options.filter.candidates(&logits, options.temperature, options.top_k);
    let total: f64 = candidates.iter().map(|candidate| candidate.weight).sum();
    let mut left = rng.uniform_f64() * total;
    for candidate in &candidates {
        left -= candidate.weight;
        if left < 0.0 {
            return Ok(candidate.id as u32);
        }
    }
    // Rounding used up the last candidate.
    Ok(candidates.last().map_or(best, |candidate| candidate.id) as u32)
}

/// The most likely token, the first one of several, as chapter 5 chooses it without temperature.
///
/// # Errors
/// If a logit is not a number.
pub(crate) fn greedy(logits: &[f32]) -> Result<u32, GenerateError> {
    let largest = largest(logits);
    let place = logits.iter().position(|&logit| logit == largest);
    place.map(|place| place as u32).ok_or(GenerateError::NotFinite)
}

/// The largest number, or NaN if there is one. A vocabulary is so large that one number after the other would take a
/// thirtieth of a token.
fn largest(numbers: &[f32]) -> f32 {
    const LANES: usize = 32;
    let (blocks, rest) = numbers.as_chunks::<LANES>();
    let (mut largest, mut sums) = ([f32::NEG_INFINITY; LANES], [0.0; LANES]);
    for block in blocks {
        for ((largest, sum), &number) in largest.iter_mut().zip(&mut sums).zip(block) {
            *largest = if number > *largest { number } else { *largest };
            *sum += number * 0.0; // not 0 if the number is not finite
        }
    }
    let numbers = largest.iter().chain(rest);
    let largest = numbers.fold(f32::NEG_INFINITY, |largest, &number| if number > largest { number } else { largest });
    let is_nan = |number: &f32| number.is_nan();
    if sums.iter().any(is_nan) && blocks.as_flattened().iter().any(is_nan) || rest.iter().any(is_nan) {
        return f32::NAN;
    }
    largest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_of_any_number_of_numbers() {
        for n in [1, 31, 32, 33, 200] {
            for place in [0, n / 2, n - 1] {
                let mut numbers = vec![-2.0; n];
                numbers[n / 3] = f32::NEG_INFINITY;
                numbers[place] = 3.0;
                assert_eq!(largest(&numbers), 3.0);
                numbers[place] = f32::INFINITY;
                assert_eq!(largest(&numbers), f32::INFINITY);
                numbers[place] = f32::NAN;
                assert!(largest(&numbers).is_nan());
            }
        }
    }
}
