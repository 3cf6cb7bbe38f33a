//! How wrong the model is (sections 5.1.2 and 5.1.3). The loss itself is [`shared::cross_entropy`].

use burn::tensor::{Device, Tensor};
use ch02_text::Batch;
use shared::rng::TorchRng;
use shared::{Batches, LanguageModel, Mode, cross_entropy};

/// The effective number of tokens that the model is choosing between: `exp(loss)`.
pub fn perplexity(loss: f64) -> f64 {
    loss.exp()
}

/// The loss of one batch, `[1]`. `backward()` can be called on the result if the model records gradients.
pub fn calc_loss_batch(model: &impl LanguageModel, batch: Batch, mode: &mut Mode) -> Tensor<1> {
    let logits = model.forward(batch.inputs, mode); // [batch, tokens, vocab_size]
    let logits = logits.flatten(0, 1); // [batch * tokens, vocab_size]
    let targets = batch.targets.flatten(0, 1); // [batch * tokens]
    cross_entropy(logits, targets)
}

/// The mean of the losses of the first `num_batches` batches (all if `None` or more than there are) of a new pass over
/// `loader`, in evaluation mode. NaN if the loader is empty.
///
/// Draws from `rng` what a pass draws, see [`BatchLoader`](shared::BatchLoader::batches).
pub fn calc_loss_loader(
    model: &impl LanguageModel,
    loader: &impl Batches<Batch = Batch>,
    num_batches: Option<usize>,
    rng: &mut TorchRng,
    device: &Device,
) -> f64 {
    let (model, device) = (model.valid(), device.clone().inner());
    let num_batches = num_batches.map_or(loader.num_batches(), |n| n.min(loader.num_batches()));
    let mut total_loss = 0.0;
    for batch in loader.iter(rng, &device).take(num_batches) {
        let loss = calc_loss_batch(&model, batch, &mut Mode::Eval); // [1]
        total_loss += f64::from(loss.into_scalar::<f32>());
    }
    total_loss / num_batches as f64
}
