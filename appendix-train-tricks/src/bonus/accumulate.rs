//! Gradient accumulation: one step from several batches, with the gradients of a large batch in the memory of a small one.

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Gradients, Tensor};
use ch02_text::Batch;
use shared::IGNORE_INDEX;

/// The loss, `[1]`, and the gradients of `batches` as if they were one batch. `loss_of` is the mean loss of a batch, `[1]`;
/// `backward()` is called on each before the next one is computed.
///
/// Every batch is weighted by its share of the targets. Otherwise padding would give the tokens of a batch with few targets
/// more weight than the others. A batch whose targets are all ignored adds nothing; the loss is NaN only if none of the
/// batches has a target.
///
/// # Panics
/// If there is no batch.
pub fn accumulate(
    model: &impl Module,
    batches: Vec<Batch>,
    mut loss_of: impl FnMut(Batch) -> Tensor<1>,
) -> (Tensor<1>, Gradients) {
    assert!(!batches.is_empty(), "a step needs a batch");
    let shares = shares_of_targets(&batches);
    let mut sum: Option<(Tensor<1>, Gradients)> = None;
    for (batch, share) in batches.into_iter().zip(shares) {
        let loss = match share {
            Some(share) => loss_of(without_nan(batch)) * share,
            None => loss_of(batch),
        };
        let mut gradients = loss.backward();
        let mut loss = loss.inner();
        if let Some((loss_before, gradients_before)) = sum {
            loss = loss_before + loss;
            model.visit(&mut Add { before: gradients_before, gradients: &mut gradients });
        }
        sum = Some((loss, gradients));
    }
    sum.expect("there is a batch")
}

/// The share of each batch in all targets that are not ignored, `[1]`; `None` for a batch that is the only one. The shares
/// stay on the device.
fn shares_of_targets(batches: &[Batch]) -> Vec<Option<Tensor<1>>> {
    if batches.len() == 1 {
        return vec![None];
    }
    let counts: Vec<Tensor<1>> = batches.iter().map(num_targets).collect();
    let total = Tensor::cat(counts.clone(), 0).sum();
    counts.into_iter().map(|count| Some(count / total.clone())).collect()
}

/// Number of targets that are not ignored, `[1]`.
fn num_targets(batch: &Batch) -> Tensor<1> {
    batch.targets.clone().not_equal_scalar(IGNORE_INDEX).int().sum().float()
}

/// A batch whose targets are all ignored has no mean loss, and even 0 times NaN is NaN. So it gets targets, which have no
/// weight. Other batches stay as they are.
fn without_nan(batch: Batch) -> Batch {
    let shape = batch.targets.dims();
    let no_targets = num_targets(&batch).equal_scalar(0).unsqueeze::<2>().expand(shape);
    Batch { inputs: batch.inputs, targets: batch.targets.mask_fill(no_targets, 0) }
}

/// Adds the gradients of the batches before to those of the current one.
struct Add<'a> {
    before: Gradients,
    gradients: &'a mut Gradients,
}

impl ModuleVisitor for Add<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let weight = param.val();
        let Some(old) = weight.grad_remove(&mut self.before) else { return };
        let sum = match weight.grad_remove(self.gradients) {
            Some(new) => old + new,
            None => old,
        };
        weight.grad_replace(self.gradients, sum);
    }
}
