//! The loss of a classification: cross entropy (section 5.1.2; appendix A uses it first).

use burn::tensor::activation::log_softmax;
use burn::tensor::{Int, Tensor};

/// Targets with this value are left out of the loss, as in PyTorch. Chapter 7 marks padding with it.
pub const IGNORE_INDEX: i32 = -100;

/// The mean of `-log p(target)` over all positions whose target is not [`IGNORE_INDEX`], where p is the softmax of the
/// logits. It is 0 for a model that is sure and right, and ln(vocab_size) for one that finds all tokens equally likely;
/// NaN if every target is ignored.
///
/// # Shapes
/// - `logits`: `[positions, vocab_size]`;
/// - `targets`: `[positions]`;
/// - result: `[1]`.
pub fn cross_entropy(logits: Tensor<2>, targets: Tensor<1, Int>) -> Tensor<1> {
    let [positions] = targets.dims();
    let ignored = targets.clone().equal_scalar(IGNORE_INDEX); // [positions]
    let counted = ignored.clone().bool_not().float().sum(); // [1]
    let targets = targets.mask_fill(ignored.clone(), 0);
    let log_probabilities = log_softmax(logits, 1); // [positions, vocab_size]
    let of_targets = log_probabilities.gather(1, targets.reshape([positions, 1])); // [positions, 1]
    of_targets.reshape([positions]).mask_fill(ignored, 0.0).sum().neg() / counted
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;

    #[test]
    fn ignored_targets_do_not_count() {
        let device = Device::flex();
        let logits = Tensor::<2>::from_floats([[1.0, 2.0, 0.5], [0.0, 0.0, 9.0], [3.0, 1.0, 1.0]], &device);
        let loss = |logits: Tensor<2>, targets: &[i32]| -> f32 {
            cross_entropy(logits, Tensor::from_data(targets, &device)).into_scalar()
        };
        let kept = logits.clone().select(0, Tensor::from_ints([0, 2], &device));
        let expected = loss(kept, &[1, 0]);
        assert!((loss(logits.clone(), &[1, IGNORE_INDEX, 0]) - expected).abs() < 1e-6);
        assert!(loss(logits, &[IGNORE_INDEX; 3]).is_nan());
    }
}
