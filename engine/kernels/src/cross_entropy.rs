//! Cross-entropy: the mean of `-log softmax(logits)[target]` over the rows that are not ignored.
//!
//! ```text
//! L       = log Σⱼ e^(logitsⱼ)                       for each row
//! loss    = mean of L - logits[target]
//! dlogits = (e^(logits - L) - 1 at the target) · dloss / rows        0 in an ignored row
//! ```
//!
//! GPT-2 has many logits, 50257 for each token. The forward pass reads them twice and saves only one number for each row; the
//! backward pass overwrites them with their gradient.

use burn::backend::tensor::{FloatTensor, IntTensor};
use burn::backend::{Autodiff, Backend, Dispatch, Flex, backend_extension};
use burn::tensor::{Int, Tensor};
use burn_autodiff::checkpoint::base::Checkpointer;
use burn_autodiff::checkpoint::strategy::CheckpointStrategy;
use burn_autodiff::grads::Gradients;
use burn_autodiff::ops::{Backward, Ops, OpsKind};
use burn_flex::FlexTensor;
use multiversion::multiversion;
use rayon::prelude::*;

use crate::autodiff::{incoming, inputs, register};
use crate::math::{exp, max, sum};
use crate::tensor::{dense, from_vec, integers, values, width};

/// The mean cross-entropy of the rows whose target is not `ignored`; NaN if there is no such row.
///
/// # Shapes
/// - `logits`: `[rows, classes]`; `targets`: `[rows]`, each below `classes` or `ignored`;
/// - result: `[1]`.
///
/// # Panics
/// If a target is out of range, the shapes do not fit, or the logits are not 32-bit numbers on the CPU.
pub fn cross_entropy(logits: Tensor<2>, targets: Tensor<1, Int>, ignored: i64) -> Tensor<1> {
    Tensor::from_dispatch(Dispatch::mean_cross_entropy(logits.into_dispatch(), targets.into_dispatch(), ignored))
}

/// The operation for burn's dispatch.
#[backend_extension(Flex, Autodiff)]
trait CrossEntropyOps: Backend {
    fn mean_cross_entropy(logits: FloatTensor<Self>, targets: IntTensor<Self>, ignored: i64) -> FloatTensor<Self>;
}

impl CrossEntropyOps for Flex {
    fn mean_cross_entropy(logits: FlexTensor, targets: FlexTensor, ignored: i64) -> FlexTensor {
        forward(&dense(logits), &Targets::new(targets, ignored)).0
    }
}

impl<C: CheckpointStrategy> CrossEntropyOps for Autodiff<Flex, C> {
    fn mean_cross_entropy(logits: FloatTensor<Self>, targets: IntTensor<Self>, ignored: i64) -> FloatTensor<Self> {
        let (logits, node) = logits.into_parts();
        let (logits, targets) = (dense(logits), Targets::new(targets, ignored));
        let (loss, log_sums) = forward(&logits, &targets);
        match CrossEntropyGradient.prepare::<C>([node]).compute_bound().stateful() {
            OpsKind::Tracked(prep) => prep.finish(Saved { logits, targets, log_sums }, loss),
            OpsKind::UnTracked(prep) => prep.finish(loss),
        }
    }
}

/// The class of each row, `None` for an ignored row.
#[derive(Clone, Debug)]
struct Targets(Vec<Option<usize>>);

impl Targets {
    fn new(targets: FlexTensor, ignored: i64) -> Self {
        let class = |target: i64| usize::try_from(target).unwrap_or_else(|_| panic!("there is no class {target}"));
        let row = |target: i64| (target != ignored).then(|| class(target));
        Self(integers(targets).into_iter().map(row).collect())
    }

    fn counted(&self) -> usize {
        self.0.iter().flatten().count()
    }
}

/// What the backward pass needs.
#[derive(Clone, Debug)]
struct Saved {
    logits: FlexTensor,
    targets: Targets,
    /// The logarithm of the sum of `e^logit` for each row.
    log_sums: Vec<f32>,
}

/// The backward pass.
#[derive(Debug)]
struct CrossEntropyGradient;

impl Backward<Flex, 1> for CrossEntropyGradient {
    type State = Saved;

    fn backward(self, ops: Ops<Self::State, 1>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let dloss = values(&incoming(gradients, &ops))[0];
        let [input] = inputs(&ops);
        let Saved { mut logits, targets, log_sums } = ops.state;
        register(gradients, input, || {
            let (classes, per_row) = (width(&logits), dloss / targets.counted() as f32);
            // In place, unless the caller still owns the logits.
            let rows = logits.storage_mut::<f32>().par_chunks_mut(classes);
            rows.zip(&targets.0).zip(&log_sums).for_each(|((row, target), &log_sum)| match *target {
                Some(target) => {
                    probabilities(row, log_sum, per_row);
                    row[target] -= per_row;
                }
                None => row.fill(0.0),
            });
            logits
        });
    }
}

/// The loss, and the logarithm of the sum of `e^logit` for each row.
fn forward(logits: &FlexTensor, targets: &Targets) -> (FlexTensor, Vec<f32>) {
    let classes = width(logits);
    let logits = values(logits);
    assert_eq!(logits.len() / classes, targets.0.len(), "a target for each row of logits");
    let log_sums: Vec<f32> = logits.par_chunks(classes).map(log_sum_exp).collect();
    let rows = logits.chunks_exact(classes).zip(&targets.0).zip(&log_sums);
    let losses = rows.filter_map(|((row, target), log_sum)| {
        let target = (*target)?;
        assert!(target < classes, "there are {classes} classes, but a target is {target}");
        Some(f64::from(log_sum - row[target]))
    });
    let mean = losses.sum::<f64>() / targets.counted() as f64;
    (from_vec(vec![mean as f32], &[1]), log_sums)
}

fn log_sum_exp(row: &[f32]) -> f32 {
    let (largest, sum) = max_and_sum_exp(row);
    largest + sum.ln()
}

#[multiversion(targets = "simd")]
fn max_and_sum_exp(row: &[f32]) -> (f32, f32) {
    let largest = max(row);
    (largest, sum(row, |x| exp(x - largest)))
}

#[multiversion(targets = "simd")]
fn probabilities(row: &mut [f32], log_sum: f32, factor: f32) {
    for x in row {
        *x = exp(*x - log_sum) * factor;
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;
    use shared::{IGNORE_INDEX, cross_entropy as lesson};

    use super::*;
    use crate::testing::assert_same;

    #[test]
    fn values_and_gradients_are_those_of_chapter_5() {
        for (rows, classes, ignored) in [(1, 2, 7), (1, 1003, 7), (5, 33, 2), (40, 257, 3)] {
            let id = |i: i32| if i % ignored == 1 { IGNORE_INDEX } else { i * 97 % classes };
            let ids: Vec<i32> = (0..rows).map(id).collect();
            let targets = |device: &Device| Tensor::<1, Int>::from_data(&ids[..], device);
            let logits = |t: &[Tensor<1>]| t[0].clone().reshape([rows as usize, classes as usize]) * 5.0;
            assert_same(
                &[(rows * classes) as usize],
                |t| cross_entropy(logits(t), targets(&t[0].device()), IGNORE_INDEX.into()),
                |t| lesson(logits(t), targets(&t[0].device())),
            );
        }
    }

    #[test]
    fn it_is_nan_if_every_row_is_ignored() {
        let device = Device::flex();
        let loss = cross_entropy(Tensor::ones([2, 3], &device), Tensor::from_ints([-100, -100], &device), -100);
        assert!(loss.into_scalar::<f32>().is_nan());
    }

    #[test]
    #[should_panic(expected = "3 classes, but a target is 3")]
    fn a_target_out_of_range() {
        let device = Device::flex();
        cross_entropy(Tensor::ones([2, 3], &device), Tensor::from_ints([0, 3], &device), -100);
    }

    #[test]
    fn logits_with_another_owner_are_not_overwritten() {
        let device = Device::flex().autodiff();
        let logits = Tensor::<2>::from_floats([[1.0, 2.0]], &device).require_grad();
        let loss = cross_entropy(logits.clone(), Tensor::from_ints([0], &device), -100);
        loss.backward();
        assert_eq!(logits.into_data().try_into_vec_as::<f32>().unwrap(), [1.0, 2.0]);
    }
}
