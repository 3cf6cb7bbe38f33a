//! How wrong the model is (sections 5.1.2 and 5.1.3).

use burn::module::Module;
use burn::tensor::activation::log_softmax;
use burn::tensor::{Device, Int, Tensor};
use ch02_text::{Batch, GptDataLoader};
use ch04_gpt::GptModel;
use shared::Mode;
use shared::rng::TorchRng;

/// The mean of `-log p(target)` over all positions, where p is the softmax of the logits. It is 0 for a model that is
/// sure and right, and ln(vocabulary) for one that has no idea.
///
/// # Shapes
/// - `logits`: `[positions, vocab_size]`;
/// - `targets`: `[positions]`;
/// - result: `[1]`.
pub fn cross_entropy(logits: Tensor<2>, targets: Tensor<1, Int>) -> Tensor<1> {
    let [positions] = targets.dims();
    let log_probabilities = log_softmax(logits, 1); // [positions, vocab_size]
    let of_targets = log_probabilities.gather(1, targets.reshape([positions, 1])); // [positions, 1]
    of_targets.mean().neg()
}

/// Between how many tokens the model hesitates, on average: `exp(loss)`.
pub fn perplexity(loss: f64) -> f64 {
    loss.exp()
}

/// The loss of one batch. The result can be walked backward if the model records gradients.
pub fn calc_loss_batch(model: &GptModel, batch: Batch, mode: &mut Mode) -> Tensor<1> {
    let logits = model.forward(batch.inputs, mode); // [batch, tokens, vocab_size]
    cross_entropy(logits.flatten(0, 1), batch.targets.flatten(0, 1))
}

/// The mean of the losses of the first `num_batches` batches (all if `None` or more than there are) of a new pass over
/// `loader`, in evaluation mode. NaN if the loader is empty.
///
/// Draws from `rng` what a pass draws, see [`BatchLoader`](shared::BatchLoader::batches).
pub fn calc_loss_loader(
    model: &GptModel,
    loader: &GptDataLoader,
    num_batches: Option<usize>,
    rng: &mut TorchRng,
    device: &Device,
) -> f64 {
    let model = model.valid();
    let device = device.clone().inner();
    let num_batches = num_batches.map_or(loader.num_batches(), |n| n.min(loader.num_batches()));
    let total: f64 = loader
        .iter(rng, &device)
        .take(num_batches)
        .map(|batch| f64::from(calc_loss_batch(&model, batch, &mut Mode::Eval).into_scalar::<f32>()))
        .sum();
    total / num_batches as f64
}
