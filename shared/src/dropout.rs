//! Dropout whose masks can be PyTorch's.

use burn::module::Module;
use burn::tensor::Tensor;
use kernels::Kernels;

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
    /// Which code computes it.
    #[module(skip)]
    pub kernels: Kernels,
}

impl Dropout {
    /// A dropout that zeroes each element with probability `rate`.
    ///
    /// # Panics
    /// If `rate` is not in [0, 1).
    pub fn new(rate: f64) -> Self {
        assert!((0.0..1.0).contains(&rate), "a dropout rate lies in [0, 1), not {rate}");
        Self { rate, kernels: Kernels::Plain }
    }

    /// The same layer, computed by `kernels`.
    pub fn with_kernels(self, kernels: Kernels) -> Self {
        Self { kernels, ..self }
    }

    /// # Shapes
    /// - `x`: any, the result has the same.
    pub fn forward<const D: usize>(&self, x: Tensor<D>, mode: &mut Mode) -> Tensor<D> {
        if self.kernels.fuse(&x) {
            return match mode.mask(x.dims().iter().product(), self.rate, &x.device()) {
                Some(mask) => kernels::dropout(x, mask),
                None => x,
            };
        }
        match mode.dropout_mask(x.dims(), self.rate, &x.device()) {
            Some(mask) => x * mask,
            None => x,
        }
    }

    /// Dropout, and then the addition of what a shortcut led around it: `y = x * mask / (1 - rate) + shortcut`.
    ///
    /// # Shapes
    /// - `x`, `shortcut`: any, the result has the same.
    pub fn forward_add<const D: usize>(&self, x: Tensor<D>, shortcut: Tensor<D>, mode: &mut Mode) -> Tensor<D> {
        if self.kernels.fuse(&x)
            && let Some(mask) = mode.mask(x.dims().iter().product(), self.rate, &x.device())
        {
            return kernels::dropout_add(x, mask, shortcut);
        }
        self.forward(x, mode) + shortcut
    }
}
