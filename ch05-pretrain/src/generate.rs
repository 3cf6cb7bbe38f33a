//! Choosing the next token by chance (section 5.3).

use burn::tensor::activation::softmax;
use burn::tensor::{Device, Int, Tensor, TensorData, s};
use shared::rng::TorchRng;
use shared::{LanguageModel, Mode};

/// Settings of [`generate`].
#[derive(Clone, Debug, PartialEq)]
pub struct GenerateOptions {
    /// Maximum number of tokens to add.
    pub max_new_tokens: usize,
    /// Maximum number of tokens that the model sees, from the end of the text.
    pub context_size: usize,
    /// 0 takes the most likely token; values below 1 sharpen the distribution, values above 1 flatten it.
    pub temperature: f64,
    /// Only this many of the most likely tokens can be drawn.
    pub top_k: Option<usize>,
    /// Generation stops before this token. For a batch of one row.
    pub eos_id: Option<u32>,
}

impl GenerateOptions {
    /// Greedy: no temperature, no top-k, no end token.
    pub fn greedy(max_new_tokens: usize, context_size: usize) -> Self {
        Self { max_new_tokens, context_size, temperature: 0.0, top_k: None, eos_id: None }
    }

    /// Checks the options against the model and the prompt, `[batch, tokens]`.
    ///
    /// # Errors
    /// The first thing that does not fit, with its value and what is allowed.
    pub fn check(&self, model: &impl LanguageModel, ids: &Tensor<2, Int>) -> Result<(), GenerateError> {
        let &Self { temperature, top_k, context_size, .. } = self;
        let (vocab_size, allowed) = (model.vocab_size(), model.context_length());
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
    /// No token is the most likely one.
    #[error("the model's logits are not finite numbers: its training has diverged, or its weights are damaged")]
    NotFinite,
}

/// 2^64. Temperatures above it are divided by in steps: they may lie outside the range of 32 bits.
const LARGEST_DIVISOR: f64 = 18_446_744_073_709_551_616.0;

/// `softmax(logits / temperature)`: a temperature above 1 makes the probabilities more alike, one below 1 less.
///
/// The largest logit is subtracted first, which changes nothing, so that no quotient is too large for 32 bits.
///
/// # Shapes
/// - `logits`: `[..., vocab_size]`; the result has the same.
pub fn softmax_with_temperature<const D: usize>(logits: Tensor<D>, temperature: f64) -> Tensor<D> {
    if temperature > LARGEST_DIVISOR {
        return softmax_with_temperature(logits / LARGEST_DIVISOR, temperature / LARGEST_DIVISOR);
    }
    let largest = logits.clone().max_dim(D - 1); // [..., 1]
    softmax((logits - largest) / temperature, D - 1)
}

/// Keeps the `k` largest logits of every row and sets the others to minus infinity, so that softmax gives them
/// probability 0. Logits equal to the smallest kept one stay too.
///
/// # Shapes
/// - `logits`: `[batch, vocab_size]`; the result has the same.
pub fn top_k_filter(logits: Tensor<2>, k: usize) -> Tensor<2> {
    let smallest_kept = logits.clone().topk(k, 1).slice(s![.., -1..]); // [batch, 1]
    let below = logits.clone().lower(smallest_kept);
    logits.mask_fill(below, f32::NEG_INFINITY)
}

/// Below this temperature the most likely token is certain, and the temperature itself may be 0 in 32 bits.
const GREEDY_BELOW: f64 = 1e-30;

/// Chooses a token for every row: first top-k, then temperature, then one draw; or the most likely one for temperature
/// 0 (or almost 0).
///
/// A draw takes one 64-bit number of `rng` for every entry of the vocabulary, as PyTorch's `multinomial`.
///
/// # Shapes
/// - `logits`: `[batch, vocab_size]`;
/// - result: one id per row.
///
/// # Errors
/// [`GenerateError::NotFinite`] if a logit is not a number, or, with a temperature, infinite.
pub fn choose_token(
    logits: Tensor<2>,
    temperature: f64,
    top_k: Option<usize>,
    rng: &mut TorchRng,
) -> Result<Vec<u32>, GenerateError> {
    if logits.clone().contains_nan().into_scalar::<bool>() {
        return Err(GenerateError::NotFinite);
    }
    let logits = match top_k {
        Some(k) => top_k_filter(logits, k),
        None => logits,
    };
    if temperature < GREEDY_BELOW {
        return Ok(logits.argmax(1).into_data().iter::<u32>().collect());
    }
    let [_, vocab_size] = logits.dims();
    let probabilities: Vec<f32> = softmax_with_temperature(logits, temperature).into_data().iter::<f32>().collect();
    if probabilities.iter().any(|probability| probability.is_nan()) {
        return Err(GenerateError::NotFinite);
    }
    Ok(probabilities.chunks(vocab_size).map(|row| rng.multinomial(row) as u32).collect())
}

/// Appends up to `max_new_tokens` tokens to every row of `ids` (the book's listing 5.4). No gradients are recorded,
/// whatever device the model is on.
///
/// # Shapes
/// - `ids`: `[batch, tokens]`, at least one token;
/// - result: `[batch, tokens + new tokens]`.
///
/// # Errors
/// If an option does not fit the model, or the model's logits are not finite.
///
/// # Panics
/// If an id is not in the model's vocabulary.
pub fn generate(
    model: &impl LanguageModel,
    mut ids: Tensor<2, Int>,
    options: &GenerateOptions,
    rng: &mut TorchRng,
) -> Result<Tensor<2, Int>, GenerateError> {
    options.check(model, &ids)?;
    let model = model.valid();
    for _ in 0..options.max_new_tokens {
        let [_, tokens] = ids.dims();
        let context = ids.clone().slice(s![.., tokens.saturating_sub(options.context_size)..]);
        let logits = model.forward(context, &mut Mode::Eval); // [batch, tokens, vocab_size]
        let last = logits.slice(s![.., -1.., ..]).squeeze_dim::<2>(1); // [batch, vocab_size]

        let next = choose_token(last, options.temperature, options.top_k, rng)?;
        if options.eos_id.is_some() && next.first() == options.eos_id.as_ref() {
            break;
        }
        ids = Tensor::cat(vec![ids.clone(), column(&next, &ids.device())], 1); // one token longer
    }
    Ok(ids)
}

/// One id per row as a tensor, `[batch, 1]`.
fn column(ids: &[u32], device: &Device) -> Tensor<2, Int> {
    let values: Vec<i64> = ids.iter().map(|&id| i64::from(id)).collect();
    Tensor::from_data(TensorData::new(values, [ids.len(), 1]), device)
}
