//! Choosing the next token by chance (section 5.3).

use std::ops::ControlFlow;
use std::sync::Arc;

use burn::module::Module;
use burn::tensor::activation::softmax;
use burn::tensor::{Int, Tensor, TensorData, s};
use ch04_gpt::{GptCache, GptModel};
use kernels::decode::{Precision, Weights};
use shared::Mode;
use shared::rng::TorchRng;

use crate::decoder::{FastCache, decoder_weights};
use crate::tokens::tensor_to_ids;

/// How [`generate`] writes.
#[derive(Clone, Debug, PartialEq)]
pub struct GenerateOptions {
    /// Most tokens to add.
    pub max_new_tokens: usize,
    /// Tokens that the model is shown, from the end of the text.
    pub context_size: usize,
    /// 0 takes the most likely token; small values stay close to it, large ones (above 1) dare more.
    pub temperature: f64,
    /// Only this many of the most likely tokens can be drawn.
    pub top_k: Option<usize>,
    /// Writing ends before this token. For a batch of one row.
    pub eos_id: Option<u32>,
    /// Whether keys and values are kept from token to token. The ids are the same, only the time differs. A model whose
    /// tokens see what comes after them has no use for a cache, and is run without.
    pub use_cache: bool,
}

impl GenerateOptions {
    /// Greedy: no temperature, no top-k, no end token; with a cache.
    pub fn greedy(max_new_tokens: usize, context_size: usize) -> Self {
        Self { max_new_tokens, context_size, temperature: 0.0, top_k: None, eos_id: None, use_cache: true }
    }
}

/// Why text cannot be generated with some options.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum GenerateError {
    /// The temperature is negative, infinite or not a number.
    #[error("the temperature is {0}, but must be at least 0 and finite")]
    Temperature(f64),
    /// Top-k keeps nothing, or more than there is.
    #[error("top-k is {top_k}, but must be at least 1 and at most {vocab_size}, the size of the vocabulary")]
    TopK {
        /// The value.
        top_k: usize,
        /// The largest allowed.
        vocab_size: usize,
    },
    /// The context is empty or larger than the model's.
    #[error("the context size is {context_size}, but must be at least 1 and at most {allowed}")]
    Context {
        /// The value.
        context_size: usize,
        /// The model's context.
        allowed: usize,
    },
    /// There is nothing to continue.
    #[error("the prompt is empty; give at least one token")]
    EmptyPrompt,
}

/// `softmax(logits / temperature)`: a temperature above 1 makes the probabilities more alike, one below 1 less.
///
/// # Shapes
/// - `logits`: `[..., vocab_size]`; the result has the same.
pub fn softmax_with_temperature<const D: usize>(logits: Tensor<D>, temperature: f64) -> Tensor<D> {
    softmax(logits / temperature, D - 1)
}

/// Keeps the `k` largest logits of every row and sets the others to minus infinity, so that softmax gives them
/// nothing. Logits equal to the smallest kept one stay too.
///
/// # Shapes
/// - `logits`: `[batch, vocab_size]`; the result has the same.
pub fn top_k_filter(logits: Tensor<2>, k: usize) -> Tensor<2> {
    let smallest_kept = logits.clone().topk(k, 1).slice(s![.., -1..]); // [batch, 1]
    let below = logits.clone().lower(smallest_kept);
    logits.mask_fill(below, f32::NEG_INFINITY)
}

/// Below this temperature the most likely token is certain, and logits divided by it could leave the range of 32 bits.
const COLDEST: f64 = 1e-30;

/// Chooses a token for every row: first top-k, then temperature, then one draw; or the most likely one for temperature
/// 0 (or next to 0).
///
/// A draw takes one 64-bit number of `rng` for every entry of the vocabulary, as PyTorch's `multinomial`.
///
/// # Shapes
/// - `logits`: `[batch, vocab_size]`;
/// - result: one id per row.
pub fn choose_token(logits: Tensor<2>, temperature: f64, top_k: Option<usize>, rng: &mut TorchRng) -> Vec<u32> {
    let logits = match top_k {
        Some(k) => top_k_filter(logits, k),
        None => logits,
    };
    if temperature < COLDEST {
        return logits.argmax(1).into_data().iter::<u32>().collect();
    }
    let [_, vocab_size] = logits.dims();
    let probabilities: Vec<f32> = softmax_with_temperature(logits, temperature).into_data().iter::<f32>().collect();
    probabilities.chunks(vocab_size).map(|row| rng.multinomial(row) as u32).collect()
}

/// Appends up to `max_new_tokens` tokens to every row of `ids`.
///
/// # Shapes
/// - `ids`: `[batch, tokens]`, at least one token;
/// - result: `[batch, tokens + new tokens]`.
///
/// # Errors
/// If an option does not fit the model.
///
/// # Panics
/// If an id is not in the model's vocabulary.
pub fn generate(
    model: &GptModel,
    ids: Tensor<2, Int>,
    options: &GenerateOptions,
    rng: &mut TorchRng,
) -> Result<Tensor<2, Int>, GenerateError> {
    generate_with(model, ids, options, rng, |_| ControlFlow::Continue(()))
}

/// As [`generate`], and shows the ids of every step to `on_tokens` as soon as they are chosen, one per row. It can end
/// the writing with `ControlFlow::Break`.
///
/// # Errors
/// If an option does not fit the model.
///
/// # Panics
/// If an id is not in the model's vocabulary.
pub fn generate_with(
    model: &GptModel,
    ids: Tensor<2, Int>,
    options: &GenerateOptions,
    rng: &mut TorchRng,
    on_tokens: impl FnMut(&[u32]) -> ControlFlow<()>,
) -> Result<Tensor<2, Int>, GenerateError> {
    Generator::from(model).generate(ids, options, rng, on_tokens)
}

/// Writes texts with one model, as it is when this is made.
pub struct Generator {
    model: GptModel,
    /// Those of the fast decoder.
    weights: Option<Arc<Weights>>,
}

impl From<&GptModel> for Generator {
    /// What [`generate`] writes with: the fast decoder, with all 32 bits.
    fn from(model: &GptModel) -> Self {
        Self::new(model, Some(Precision::F32))
    }
}

impl Generator {
    /// One text on the CPU, with a cache, is written by the fast [`decoder`](crate::decoder) with weights of precision
    /// `decoder`; `None` leaves it to chapter 4's cache. Below 32 bits the ids can differ.
    pub fn new(model: &GptModel, decoder: Option<Precision>) -> Self {
        let model = model.valid();
        let weights = decoder.and_then(|precision| decoder_weights(&model, precision)).map(Arc::new);
        Self { model, weights }
    }

    /// The model that writes.
    pub fn model(&self) -> &GptModel {
        &self.model
    }

    /// What the fast decoder reads; `None` without it.
    pub fn decoder_weights(&self) -> Option<&Weights> {
        self.weights.as_deref()
    }

    /// As [`generate_with`].
    ///
    /// # Errors
    /// If an option does not fit the model.
    ///
    /// # Panics
    /// If an id is not in the model's vocabulary.
    pub fn generate(
        &self,
        mut ids: Tensor<2, Int>,
        options: &GenerateOptions,
        rng: &mut TorchRng,
        mut on_tokens: impl FnMut(&[u32]) -> ControlFlow<()>,
    ) -> Result<Tensor<2, Int>, GenerateError> {
        check(&self.model, &ids, options)?;
        let mut reader = self.reader(&ids, options);
        for _ in 0..options.max_new_tokens {
            let logits = reader.next_logits(&self.model, &ids, options.context_size); // [batch, vocab_size]
            let next = choose_token(logits, options.temperature, options.top_k, rng);
            if options.eos_id.is_some() && next.first() == options.eos_id.as_ref() {
                break;
            }
            let column: Vec<i64> = next.iter().map(|&id| i64::from(id)).collect();
            let column = Tensor::from_data(TensorData::new(column, [next.len(), 1]), &ids.device());
            ids = Tensor::cat(vec![ids, column], 1);
            if on_tokens(&next).is_break() {
                break;
            }
        }
        Ok(ids)
    }

    fn reader(&self, ids: &Tensor<2, Int>, options: &GenerateOptions) -> Reader {
        let one_text = ids.dims()[0] == 1;
        let causal = self.model.trf_blocks.iter().all(|block| block.att.causal);
        match &self.weights {
            _ if !(options.use_cache && causal) => Reader::Whole,
            Some(weights) if one_text => Reader::Fast(FastCache::new(Arc::clone(weights))),
            _ => Reader::Cached(GptCache::new(&self.model)),
        }
    }
}

/// Where the logits come from. All three give the same ids, with weights of 32 bits.
enum Reader {
    /// The book's way: the whole window passes through the model again for every token.
    Whole,
    /// Keys and values are kept: chapter 4's bonus.
    Cached(GptCache),
    /// The same for one text on the CPU, at the speed of its memory.
    Fast(FastCache),
}

impl Reader {
    fn next_logits(&mut self, model: &GptModel, ids: &Tensor<2, Int>, context_size: usize) -> Tensor<2> {
        match self {
            Self::Whole => next_logits(model, ids, context_size),
            Self::Cached(cache) => cache.next_logits(model, ids, context_size),
            Self::Fast(cache) => {
                let logits = cache.next_logits(&tensor_to_ids(ids.clone()), context_size);
                let shape = [1, logits.len()];
                Tensor::from_data(TensorData::new(logits, shape), &ids.device())
            }
        }
    }
}

/// The book's way: the whole window passes through the model again for every token.
fn next_logits(model: &GptModel, ids: &Tensor<2, Int>, context_size: usize) -> Tensor<2> {
    let [_, tokens] = ids.dims();
    let context = ids.clone().slice(s![.., tokens.saturating_sub(context_size)..]);
    let logits = model.forward(context, &mut Mode::Eval); // [batch, tokens, vocab_size]
    logits.slice(s![.., -1.., ..]).squeeze_dim(1)
}

fn check(model: &GptModel, ids: &Tensor<2, Int>, options: &GenerateOptions) -> Result<(), GenerateError> {
    let GenerateOptions { temperature, top_k, context_size, .. } = *options;
    let (vocab_size, allowed) = (model.tok_emb.weight.lazy_shape()[0], model.context_length());
    if !(temperature.is_finite() && temperature >= 0.0) {
        return Err(GenerateError::Temperature(temperature));
    }
    if let Some(top_k) = top_k.filter(|k| !(1..=vocab_size).contains(k)) {
        return Err(GenerateError::TopK { top_k, vocab_size });
    }
    if !(1..=allowed).contains(&context_size) {
        return Err(GenerateError::Context { context_size, allowed });
    }
    if ids.dims()[1] == 0 {
        return Err(GenerateError::EmptyPrompt);
    }
    Ok(())
}
