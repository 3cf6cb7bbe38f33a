//! Which code a model uses.

use burn::tensor::{DType, Device, FloatDType, Tensor};

/// Which code computes the operations of a model: the formulas of the chapters or the fast versions in this crate.
///
/// Formulas and fast versions give the same numbers up to rounding and draw the same random numbers. A model keeps this
/// value in each of its parts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kernels {
    /// The book's formulas, one tensor operation after the other, on any device.
    #[default]
    Plain,
    /// The operations of this crate where they can be used, see [`fuse`](Self::fuse) and [`fuse_token`](Self::fuse_token).
    Fused,
    /// The book's formulas, but the products of linear layers take numbers of this type, of 16 bits: mixed precision
    /// (Micikevicius et al., 2018). Parameters, gradients and everything else keep 32 bits. Faster on graphics cards that
    /// have units for it, slower on a CPU.
    Mixed(FloatDType),
}

impl Kernels {
    /// Whether the operation that `x` goes into is to be the fast one: for numbers of 32 bits on burn's CPU backend.
    /// On any other device the plain formula is used.
    pub fn fuse<const D: usize>(self, x: &Tensor<D>) -> bool {
        self == Self::Fused && x.dtype() == DType::F32 && x.device() == Device::flex()
    }
}
