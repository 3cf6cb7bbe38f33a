//! Dropout whose masks can be PyTorch's.

use burn::module::Module;
use burn::tensor::Tensor;

use crate::Mode;

/// Sets random elements to zero in training and scales the others, so that the expected sum stays the same:
/// `y = x * mask / (1 - rate)`. In evaluation it returns its input.
///
/// burn has a dropout of its own (`burn::nn::Dropout`). This one differs in where the mask comes from: with
/// [`Mode::Train`] it is drawn element by element in row-major order as PyTorch does on a CPU, also for elements that
/// are already zero. Section 3.5.2 of the book.
#[derive(Module, Debug)]
pub struct Dropout {
    /// Probability of an element to be zeroed, in [0, 1).
    pub rate: f64,
}

impl Dropout {
    /// A dropout that zeroes each element with probability `rate`.
    ///
    /// # Panics
    /// If `rate` is not in [0, 1).
    pub fn new(rate: f64) -> Self {
        assert!((0.0..1.0).contains(&rate), "a dropout rate lies in [0, 1), not {rate}");
        Self { rate }
    }

    /// # Shapes
    /// - `x`: any, the result has the same.
    pub fn forward<const D: usize>(&self, x: Tensor<D>, mode: &mut Mode) -> Tensor<D> {
        match mode.dropout_mask(x.dims(), self.rate, &x.device()) {
            Some(mask) => x * mask,
            None => x,
        }
    }
}
