//! The training loop and the accuracy (section A.7).

use burn::module::Module;
use burn::optim::{GradientsParams, SgdConfig};
use burn::tensor::Device;
use shared::cross_entropy;
use shared::rng::TorchRng;

use crate::{NeuralNetwork, ToyLoader};

/// The loss of one batch during training.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// Pass over the data, from 1.
    pub epoch: usize,
    /// Batch of the pass, from 1.
    pub batch: usize,
    /// Cross entropy before the update.
    pub loss: f32,
}

/// Trains by stochastic gradient descent (listing A.9): forward pass, loss, backward pass, update. `device` must record
/// gradients. Returns the trained network and the loss of every batch.
///
/// PyTorch adds to the gradients of the previous step unless they are set to zero; burn's `backward` returns new ones each
/// time, so there is nothing to reset.
pub fn train(
    mut model: NeuralNetwork,
    loader: &ToyLoader,
    learning_rate: f64,
    epochs: usize,
    rng: &mut TorchRng,
    device: &Device,
) -> (NeuralNetwork, Vec<Step>) {
    let mut optimizer = SgdConfig::new().init();
    let mut steps = Vec::new();
    for epoch in 1..=epochs {
        for (i, batch) in loader.iter(rng, device).enumerate() {
            let logits = model.forward(batch.features); // [batch, 2]
            let loss = cross_entropy(logits, batch.labels);
            let gradients = GradientsParams::from_grads(loss.backward(), &model);
            model = optimizer.step(learning_rate, model, gradients);
            steps.push(Step { epoch, batch: i + 1, loss: loss.into_scalar() });
        }
    }
    (model, steps)
}

/// Share of the points whose largest logit is that of their class (listing A.10), 0 to 1; NaN without points. Points
/// that the loader drops do not count.
pub fn compute_accuracy(model: &NeuralNetwork, loader: &ToyLoader, rng: &mut TorchRng, device: &Device) -> f64 {
    let model = model.valid();
    let device = device.clone().inner();
    let (mut correct, mut total) = (0, 0);
    for batch in loader.iter(rng, &device) {
        let logits = model.forward(batch.features); // [batch, 2]
        let [n] = batch.labels.dims();
        let predictions = logits.argmax(1).reshape([n]); // [batch]
        correct += predictions.equal(batch.labels).int().sum().into_scalar::<i64>();
        total += n;
    }
    correct as f64 / total as f64
}
