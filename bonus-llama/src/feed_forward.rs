//! The feed-forward network with a gate: SwiGLU, and Gemma's GeGLU.
//!
//! Chapter 4 widens a vector, applies GELU, and brings it back. Here a second matrix widens it too, and the two results
//! are multiplied: one says what could pass, the other, through the activation, how much of it does.
//!
//! ```text
//! GPT-2   W₂ gelu(W₁ x + b₁) + b₂
//! SwiGLU  W_down (silu(W_gate x) ⊙ W_up x)      silu(z) = z · σ(z)
//! GeGLU   W_down (gelu(W_gate x) ⊙ W_up x)      gelu in the tanh form of chapter 4
//! ```
//!
//! Three matrices instead of two, so the width inside is usually less than four times that outside. No biases.
//! Shazeer, 2020.

use burn::module::Module;
use burn::tensor::activation::silu;
use burn::tensor::{Device, Tensor};
use ch04_gpt::gelu;
use shared::Linear;

use crate::config::{Family, LlamaConfig};

/// The function of the gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// `z · σ(z)`: Llama and Qwen3.
    Silu,
    /// [`gelu()`] in its tanh form: Gemma 3.
    Gelu,
}

impl Activation {
    /// # Shapes
    /// - `x`: any, the result has the same.
    pub fn forward<const D: usize>(self, x: Tensor<D>) -> Tensor<D> {
        match self {
            Self::Silu => silu(x),
            Self::Gelu => gelu(x),
        }
    }
}

/// `down(activation(gate(x)) ⊙ up(x))`, for every position on its own.
///
/// The order of the fields is the order of the random draws: the book's `fc1`, `fc2` and `fc3`.
#[derive(Module, Debug)]
pub struct GatedFeedForward {
    /// `[emb_dim, hidden_dim]`.
    pub gate: Linear,
    /// `[emb_dim, hidden_dim]`.
    pub up: Linear,
    /// `[hidden_dim, emb_dim]`.
    pub down: Linear,
    /// The function of the gate.
    #[module(skip)]
    pub activation: Activation,
}

impl GatedFeedForward {
    /// A lazy module; [`torch_init`](shared::init::torch_init) draws its values, or a loader sets them.
    pub fn new(config: &LlamaConfig, device: &Device) -> Self {
        let (width, hidden) = (config.emb_dim, config.hidden_dim);
        let activation = match config.family {
            Family::Llama | Family::Qwen3 => Activation::Silu,
            Family::Gemma3(_) => Activation::Gelu,
        };
        Self {
            gate: Linear::new(width, hidden, false, device),
            up: Linear::new(width, hidden, false, device),
            down: Linear::new(hidden, width, false, device),
            activation,
        }
    }

    /// # Shapes
    /// - `x`: `[..., emb_dim]`; the result has the same.
    pub fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        let gate = self.activation.forward(self.gate.forward(x.clone())); // [..., hidden_dim]
        let up = self.up.forward(x); // [..., hidden_dim]
        self.down.forward(gate * up) // [..., emb_dim]
    }
}
