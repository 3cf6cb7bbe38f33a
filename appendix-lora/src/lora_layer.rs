//! The two thin matrices (section E.4, listing E.5).

use std::str::FromStr;

use burn::module::{Module, Param, Reparameterization};
use burn::tensor::{Device, Tensor, TensorData};
use shared::rng::TorchRng;

/// How the scale follows from rank and alpha.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scale {
    /// `alpha / rank`, as in the paper, in the current code of the book and in `peft`: the learning rate need not change
    /// with the rank.
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

/// Size and scale of the LoRA layers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LoraSettings {
    /// Columns of A and rows of B. The book's rule of thumb is 16.
    pub rank: usize,
    /// The strength of the change. Often half the rank, the rank or twice the rank.
    pub alpha: f64,
    /// How the scale follows from both.
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
    /// The factor of `A B`.
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

/// `scale · (x A) B` for a linear layer with `d_in` inputs and `d_out` outputs.
///
/// Alone, it is the book's layer (listing E.5): [`forward`](Self::forward). Attached to a weight by
/// [`attach_lora`](crate::attach_lora), it makes the weight `W + scale · A B`:
/// [`apply`](Reparameterization::apply). Read it back with `layer.weight.reparameterization::<LoraLayer>()`; the weight
/// alone is `layer.weight.base()`.
#[derive(Module, Debug)]
pub struct LoraLayer {
    /// `[d_in, rank]`.
    pub a: Param<Tensor<2>>,
    /// `[rank, d_out]`, at first 0: a fresh layer changes nothing.
    pub b: Param<Tensor<2>>,
    /// See [`LoraSettings::factor`].
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

    /// `scale · (x A) B`
    ///
    /// # Shapes
    /// - `x`: `[..., d_in]`;
    /// - result: `[..., d_out]`.
    pub fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        let x = x.matmul(self.a.val().unsqueeze()); // [..., rank]
        x.matmul(self.b.val().unsqueeze()) * self.scale // [..., d_out]
    }
}

impl Reparameterization for LoraLayer {
    const NAME: &'static str = "lora";

    /// `W + scale · A B`, all of shape `[d_in, d_out]`.
    fn apply<const D: usize>(&self, weight: Tensor<D>) -> Tensor<D> {
        let change = self.a.val().matmul(self.b.val()) * self.scale; // [d_in, d_out]
        let shape = weight.shape();
        weight + change.reshape(shape)
    }
}
