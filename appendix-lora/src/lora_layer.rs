//! The two thin matrices (section E.4, listing E.5).

use std::str::FromStr;

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor, TensorData};
use shared::LowRank;
use shared::rng::TorchRng;

/// How rank and alpha become the strength of the addition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scale {
    /// `alpha / rank`, as in the paper, in the book's code of today and in `peft`: another rank needs no other learning
    /// rate.
    #[default]
    AlphaOverRank,
    /// `alpha`, as in the printed book.
    Alpha,
}

impl FromStr for Scale {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "alpha-over-rank" => Ok(Self::AlphaOverRank),
            "alpha" => Ok(Self::Alpha),
            _ => Err("must be alpha-over-rank or alpha".to_string()),
        }
    }
}

/// What decides about the size and the strength of the additions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LoraSettings {
    /// Columns of A and rows of B. The book's rule of thumb is 16.
    pub rank: usize,
    /// The volume knob. Often half the rank, the rank or twice the rank.
    pub alpha: f64,
    /// What is made of both.
    pub scale: Scale,
}

/// Why settings are refused.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{name} is {value}, but must be {allowed}")]
pub struct SettingsError {
    name: &'static str,
    value: f64,
    allowed: &'static str,
}

impl LoraSettings {
    /// Factor of the addition.
    pub fn factor(&self) -> f64 {
        match self.scale {
            Scale::AlphaOverRank => self.alpha / self.rank as f64,
            Scale::Alpha => self.alpha,
        }
    }

    /// # Errors
    /// If the rank is 0, or alpha is not a number above 0.
    pub fn validate(&self) -> Result<(), SettingsError> {
        if self.rank == 0 {
            return Err(SettingsError { name: "the rank", value: 0.0, allowed: "at least 1" });
        }
        if !(self.alpha.is_finite() && self.alpha > 0.0) {
            return Err(SettingsError { name: "alpha", value: self.alpha, allowed: "a number above 0" });
        }
        Ok(())
    }
}

/// `scale · (x A) B` for a layer of `d_in` inputs and `d_out` outputs.
#[derive(Module, Debug)]
pub struct LoraLayer {
    /// `[d_in, rank]`.
    pub a: Param<Tensor<2>>,
    /// `[rank, d_out]`, at first 0: a fresh layer adds nothing.
    pub b: Param<Tensor<2>>,
    /// Strength of the addition.
    pub scale: f64,
}

impl LoraLayer {
    /// A fresh layer. A is drawn from `rng` as by PyTorch's `kaiming_uniform_(a=√5)`, which is uniform in ±1/√rank:
    /// PyTorch takes the second dimension of A, the rank, for the number of inputs.
    ///
    /// # Panics
    /// If the rank is 0.
    pub fn new(d_in: usize, d_out: usize, settings: &LoraSettings, rng: &mut TorchRng, device: &Device) -> Self {
        let rank = settings.rank;
        assert!(rank > 0, "a rank of 0 has no matrices");
        let bound = 1.0 / (rank as f32).sqrt();
        let a = TensorData::new(rng.uniform(d_in * rank, -bound, bound), [d_in, rank]);
        Self {
            a: Param::from_tensor(Tensor::from_data(a, device)),
            b: Param::from_tensor(Tensor::zeros([rank, d_out], device)),
            scale: settings.factor(),
        }
    }

    /// # Shapes
    /// - `x`: `[..., d_in]`;
    /// - result: `[..., d_out]`.
    pub fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        let thin = x.matmul(self.a.val().unsqueeze()); // [..., rank]
        thin.matmul(self.b.val().unsqueeze()) * self.scale // [..., d_out]
    }
}

/// The same matrices in the slot that every linear layer of the models has.
impl From<LoraLayer> for LowRank {
    fn from(layer: LoraLayer) -> Self {
        Self { a: layer.a, b: layer.b, scale: layer.scale }
    }
}
