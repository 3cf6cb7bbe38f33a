//! Self-attention with trainable weights (section 3.4).
//!
//! Three matrices give every token three roles: a query (what am I looking for?), a key (what can I be found by?) and a
//! value (what do I say?). Training changes the matrices, and with them what the tokens find in each other:
//!
//! ```text
//! Q, K, V = X·Wq, X·Wk, X·Wv
//! Z       = softmax(Q·Kᵀ / √d_k)·V
//! ```
//!
//! The root of the keys' width keeps the scores small. Without it, wide vectors would give large scores, softmax would
//! put nearly all weight on one token, and its gradients would vanish.

use burn::config::Config;
use burn::module::{Module, Param};
use burn::tensor::activation::softmax;
use burn::tensor::{Device, Tensor};
use shared::Linear;
use shared::init;
use shared::rng::TorchRng;

/// softmax(Q·Kᵀ / √d_k)·V: for every query, the mean of the values, weighted by how well their keys match it.
///
/// # Shapes
/// - `queries` and `keys`: `[tokens, d_k]`, `values`: `[tokens, d_out]`;
/// - result: `[tokens, d_out]`.
pub fn scaled_dot_product_attention(queries: Tensor<2>, keys: Tensor<2>, values: Tensor<2>) -> Tensor<2> {
    let [_, d_k] = keys.dims();
    let scores = queries.matmul(keys.transpose()); // [tokens, tokens]
    let weights = softmax(scores / (d_k as f64).sqrt(), 1);
    weights.matmul(values) // [tokens, d_out]
}

/// Self-attention with three bare matrices (section 3.4.2, first version).
///
/// The order of the fields is the order of the random draws.
#[derive(Module, Debug)]
pub struct SelfAttentionV1 {
    /// Projection to the queries, `[d_in, d_out]`.
    pub w_query: Param<Tensor<2>>,
    /// Projection to the keys, `[d_in, d_out]`.
    pub w_key: Param<Tensor<2>>,
    /// Projection to the values, `[d_in, d_out]`.
    pub w_value: Param<Tensor<2>>,
}

impl SelfAttentionV1 {
    /// Three matrices with values from [0, 1), drawn as `torch.rand` does.
    pub fn new(d_in: usize, d_out: usize, rng: &mut TorchRng, device: &Device) -> Self {
        let mut matrix = || Param::from_tensor(init::rand([d_in, d_out], rng, device));
        Self { w_query: matrix(), w_key: matrix(), w_value: matrix() }
    }

    /// The context vectors of all tokens of one text.
    ///
    /// # Shapes
    /// - `x`: `[tokens, d_in]`;
    /// - result: `[tokens, d_out]`.
    pub fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        let keys = x.clone().matmul(self.w_key.val()); // [tokens, d_out]
        let queries = x.clone().matmul(self.w_query.val()); // [tokens, d_out]
        let values = x.matmul(self.w_value.val()); // [tokens, d_out]
        scaled_dot_product_attention(queries, keys, values)
    }
}

/// Sizes of a [`SelfAttentionV2`].
#[derive(Config, Debug)]
pub struct SelfAttentionV2Config {
    /// Width of the input vectors.
    pub d_in: usize,
    /// Width of the context vectors.
    pub d_out: usize,
    /// Whether the projections have a bias.
    #[config(default = false)]
    pub qkv_bias: bool,
}

/// Self-attention with three linear layers (section 3.4.2, second version).
///
/// A linear layer without bias is a matrix product, so this computes what [`SelfAttentionV1`] does. What a layer adds
/// are better first values: around 0, and smaller the wider the input.
///
/// The order of the fields is the order of the random draws.
#[derive(Module, Debug)]
pub struct SelfAttentionV2 {
    /// Projection to the queries, `[d_in, d_out]`.
    pub w_query: Linear,
    /// Projection to the keys, `[d_in, d_out]`.
    pub w_key: Linear,
    /// Projection to the values, `[d_in, d_out]`.
    pub w_value: Linear,
}

impl SelfAttentionV2 {
    /// A lazy module; [`torch_init`](shared::init::torch_init) draws its values.
    pub fn new(config: &SelfAttentionV2Config, device: &Device) -> Self {
        let &SelfAttentionV2Config { d_in, d_out, qkv_bias } = config;
        Self {
            w_query: Linear::new(d_in, d_out, qkv_bias, device),
            w_key: Linear::new(d_in, d_out, qkv_bias, device),
            w_value: Linear::new(d_in, d_out, qkv_bias, device),
        }
    }

    /// The context vectors of all tokens of one text.
    ///
    /// # Shapes
    /// - `x`: `[tokens, d_in]`;
    /// - result: `[tokens, d_out]`.
    pub fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        let keys = self.w_key.forward(x.clone()); // [tokens, d_out]
        let queries = self.w_query.forward(x.clone()); // [tokens, d_out]
        let values = self.w_value.forward(x); // [tokens, d_out]
        scaled_dot_product_attention(queries, keys, values)
    }
}
