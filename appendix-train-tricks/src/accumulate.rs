//! One step from several batches: the gradients of a large batch in the memory of a small one.

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Gradients, Tensor};
use ch02_text::Batch;
use ch05_pretrain::loss::IGNORE_INDEX;

/// Loss and gradients of `batches` as if they were one batch, `[1]`. `loss_of` is the mean loss of a batch; each is
/// walked backward before the next is begun.
///
/// Every batch counts by its share of the targets. Without that, padding would give the words of a batch with few of
/// them more weight than the others. A batch whose targets are all ignored adds nothing; the loss is NaN only if none of
/// the batches has a target.
///
/// # Panics
/// If there is no batch.
pub fn accumulate(
    model: &impl Module,
    batches: Vec<Batch>,
    mut loss_of: impl FnMut(Batch) -> Tensor<1>,
) -> (Tensor<1>, Gradients) {
    let mut sum: Option<(Tensor<1>, Gradients)> = None;
    for (batch, share) in with_shares(batches) {
        let loss = match share {
            Some(share) => loss_of(batch) * share,
            None => loss_of(batch),
        };
        let mut gradients = loss.backward();
        let loss = loss.inner();
        sum = Some(match sum {
            None => (loss, gradients),
            Some((loss_so_far, so_far)) => {
                model.visit(&mut Add { so_far, gradients: &mut gradients });
                (loss_so_far + loss, gradients)
            }
        });
    }
    sum.expect("a step needs a batch")
}

/// Each batch with its share of all targets that are not ignored, `[1]`; without one if it is the only batch. The shares
/// stay on the device.
///
/// A batch whose targets are all ignored has no mean loss, and even 0 times NaN is NaN. So it gets targets, which then
/// count for nothing.
fn with_shares(batches: Vec<Batch>) -> Vec<(Batch, Option<Tensor<1>>)> {
    let [_, _, ..] = batches.as_slice() else { return batches.into_iter().map(|batch| (batch, None)).collect() };
    let counted = |batch: &Batch| batch.targets.clone().not_equal_scalar(IGNORE_INDEX).int().sum().float();
    let counts: Vec<Tensor<1>> = batches.iter().map(counted).collect();
    let total = Tensor::cat(counts.clone(), 0).sum();
    let pair = |(Batch { inputs, targets }, count): (Batch, Tensor<1>)| {
        let none = count.clone().equal_scalar(0).unsqueeze::<2>().expand(targets.dims());
        (Batch { inputs, targets: targets.mask_fill(none, 0) }, Some(count / total.clone()))
    };
    batches.into_iter().zip(counts).map(pair).collect()
}

/// Adds the gradients of the batches before to those of the newest one.
struct Add<'a> {
    so_far: Gradients,
    gradients: &'a mut Gradients,
}

impl ModuleVisitor for Add<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let weight = param.val();
        let Some(old) = weight.grad_remove(&mut self.so_far) else { return };
        let sum = match weight.grad_remove(self.gradients) {
            Some(new) => old + new,
            None => old,
        };
        weight.grad_replace(self.gradients, sum);
    }
}
