//! Text generation, one token after the other (section 4.7).

use burn::tensor::activation::softmax;
use burn::tensor::{Int, Tensor, s};
use shared::{LanguageModel, Mode};

/// Appends `max_new_tokens` tokens to every row of `ids`, each time the one that the model finds most likely.
///
/// Only the last `context_size` tokens are shown to the model. No gradients are recorded, whatever device the model
/// is on.
///
/// # Shapes
/// - `ids`: `[batch, tokens]`, at least one token;
/// - result: `[batch, tokens + max_new_tokens]`.
///
/// # Panics
/// If there is no token to begin with, if `context_size` is 0, or if it is larger than the model's context and the text
/// outgrows that.
pub fn generate_text_simple(
    model: &impl LanguageModel,
    ids: Tensor<2, Int>,
    max_new_tokens: usize,
    context_size: usize,
) -> Tensor<2, Int> {
    check_prompt(&ids, context_size);
    let model = model.valid();
    let mut ids = ids;
    for _ in 0..max_new_tokens {
        let [_, tokens] = ids.dims();
        let context = ids.clone().slice(s![.., tokens.saturating_sub(context_size)..]);
        let logits = model.forward(context, &mut Mode::Eval); // [batch, tokens, vocab_size]
        let last = logits.slice(s![.., -1.., ..]).squeeze_dim::<2>(1); // [batch, vocab_size]
        // Softmax keeps the order, so the largest logit would do; it stands here for what comes in chapter 5.
        let next = softmax(last, 1).argmax(1); // [batch, 1]
        ids = Tensor::cat(vec![ids, next], 1);
    }
    ids
}

/// Panics if there is nothing to continue.
pub(crate) fn check_prompt(ids: &Tensor<2, Int>, context_size: usize) {
    let [_, tokens] = ids.dims();
    assert!(tokens > 0, "the prompt is empty: give the model at least one token to continue");
    assert!(context_size > 0, "a context of 0 tokens shows nothing to the model");
}
