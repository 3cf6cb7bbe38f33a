//! One step on several devices (section A.9.3).
//!
//! What PyTorch calls distributed data parallel (DDP): every device has a copy of the model and its own share of the
//! batch, the gradients are averaged, and all copies take the same step. Here one device keeps the model; before each
//! step the others get a copy, and they send their gradients back. That costs more transfers than PyTorch's all-reduce,
//! and gives the same numbers.

use burn::module::Module;
use burn::optim::{GradientsAccumulator, GradientsParams};
use burn::tensor::{Device, Tensor};
use shared::cross_entropy;

use crate::{NeuralNetwork, ToyBatch};

/// Loss and gradients of all `shares` together, each computed on the device that stands beside it. Every point has the
/// same weight: a share of two points has twice the weight of a share of one.
///
/// The results come to `device`, the one of `model`. All devices must record gradients.
///
/// # Panics
/// If there is no share.
pub fn averaged_gradients(
    model: &NeuralNetwork,
    shares: Vec<(Device, ToyBatch)>,
    device: &Device,
) -> (Tensor<1>, GradientsParams) {
    let points: usize = shares.iter().map(|(_, batch)| batch.labels.dims()[0]).sum();
    // First all forward passes, then everything that waits for results: so devices that run asynchronously run at the same
    // time.
    let losses: Vec<_> = shares
        .into_iter()
        .map(|(worker, batch)| {
            let replica = model.clone().fork(&worker);
            let [n] = batch.labels.dims();
            let loss = cross_entropy(replica.forward(batch.features), batch.labels) * (n as f64 / points as f64);
            let gradients = GradientsParams::from_grads(loss.backward(), &replica);
            (loss.inner(), gradients)
        })
        .collect();

    let inner = device.clone().inner();
    let mut sum = GradientsAccumulator::new();
    let losses = losses.into_iter().map(|(loss, gradients)| {
        sum.accumulate(model, gradients.to_device(&inner, model));
        loss.to_device(&inner)
    });
    let loss = Tensor::cat(losses.collect(), 0).sum();
    (loss, sum.grads())
}
