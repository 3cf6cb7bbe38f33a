//! Several heads as a list of single ones (section 3.6.1).
//!
//! Every head has its own matrices and so its own idea of what belongs together. Their context vectors are put side by
//! side. Easy to read, but the heads run one after the other; [`MultiHeadAttention`](crate::MultiHeadAttention)
//! computes them together.

use burn::config::Config;
use burn::module::Module;
use burn::tensor::{Device, Tensor};
use shared::Mode;

use crate::{CausalAttention, CausalAttentionConfig};

/// Sizes of a [`MultiHeadAttentionWrapper`].
#[derive(Config, Debug)]
pub struct MultiHeadAttentionWrapperConfig {
    /// Width of the input vectors.
    pub d_in: usize,
    /// Width of the context vectors of one head.
    pub d_out: usize,
    /// Maximum number of tokens in one input.
    pub context_length: usize,
    /// Number of heads.
    pub num_heads: usize,
    /// Probability that an attention weight is dropped in training, in [0, 1).
    #[config(default = 0.0)]
    pub dropout: f64,
    /// Whether the projections to queries, keys and values have a bias.
    #[config(default = false)]
    pub qkv_bias: bool,
}

/// Independent causal heads, side by side.
///
/// The order of the heads is the order of the random draws.
#[derive(Module, Debug)]
pub struct MultiHeadAttentionWrapper {
    /// The heads, in the order of their columns in the result.
    pub heads: Vec<CausalAttention>,
}

impl MultiHeadAttentionWrapper {
    /// A lazy module; [`torch_init`](shared::init::torch_init) draws its values.
    ///
    /// # Panics
    /// If `num_heads` is 0, or if `dropout` is not in [0, 1).
    pub fn new(config: &MultiHeadAttentionWrapperConfig, device: &Device) -> Self {
        let &MultiHeadAttentionWrapperConfig { d_in, d_out, context_length, num_heads, dropout, qkv_bias } = config;
        assert!(num_heads > 0, "multi-head attention needs at least one head, num_heads is 0");
        let head = CausalAttentionConfig { d_in, d_out, context_length, dropout, qkv_bias };
        Self { heads: (0..num_heads).map(|_| CausalAttention::new(&head, device)).collect() }
    }

    /// The context vectors of all heads, concatenated.
    ///
    /// # Shapes
    /// - `x`: `[batch, tokens, d_in]`, at most `context_length` tokens;
    /// - result: `[batch, tokens, num_heads · d_out]`.
    ///
    /// # Panics
    /// If there are more tokens than `context_length`, or `x` is not `d_in` wide.
    pub fn forward(&self, x: Tensor<3>, mode: &mut Mode) -> Tensor<3> {
        let contexts = self.heads.iter().map(|head| head.forward(x.clone(), mode)).collect();
        Tensor::cat(contexts, 2)
    }
}
