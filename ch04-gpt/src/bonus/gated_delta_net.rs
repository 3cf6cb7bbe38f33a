//! Gated DeltaNet: a memory of fixed size instead of attention over all earlier tokens.
//!
//! Every head keeps one matrix S, `[head_dim, head_dim]`, that maps keys to values. For each token it decays, the
//! value that it already holds for the new key is read, only the difference (the delta) is added, and the query is
//! answered:
//!
//! ```text
//! S ← α·S                      α = exp(-exp(A)·softplus(x·W_alpha + b)), one number per head
//! δ = β ⊙ (v - Sᵀk)            β = sigmoid(x·W_beta), one number per channel
//! S ← S + k·δᵀ
//! y = Sᵀq
//! ```
//!
//! The work grows with the length of the text, not with its square, and S never grows. The price: old tokens are
//! blended into it and cannot be looked up one by one. Models therefore mix such layers with attention, often three
//! to one. This version leaves out the short convolution before queries, keys and values.

use burn::config::Config;
use burn::module::{Module, Param};
use burn::nn::{RmsNorm, RmsNormConfig};
use burn::tensor::activation::{sigmoid, silu, softplus};
use burn::tensor::{Device, Tensor, TensorData};
use ch03_attention::bonus::heads::split_heads;
use ch03_attention::multi_head::head_dim;
use shared::init::linear;
use shared::rng::TorchRng;
use shared::{Dropout, Linear, Mode};

/// Prevents a division by zero.
const EPS: f64 = 1e-6;

/// Sizes of a [`GatedDeltaNet`].
#[derive(Config, Debug)]
pub struct GatedDeltaNetConfig {
    /// Width of the input vectors.
    pub d_in: usize,
    /// Width of the result, all heads together.
    pub d_out: usize,
    /// Number of heads; divides `d_out`.
    pub num_heads: usize,
    /// Probability of an element of the result to be dropped in training, in [0, 1), before the last projection.
    #[config(default = 0.0)]
    pub dropout: f64,
    /// Whether the projections to queries, keys and values have a bias. The output projection always has one.
    #[config(default = false)]
    pub qkv_bias: bool,
}

/// Linear attention with a gated, decaying memory per head.
///
/// The order of the fields is the order of the random draws.
#[derive(Module, Debug)]
pub struct GatedDeltaNet {
    /// Projection to the queries of all heads, `[d_in, d_out]`.
    pub w_query: Linear,
    /// Projection to the keys of all heads, `[d_in, d_out]`.
    pub w_key: Linear,
    /// Projection to the values of all heads, `[d_in, d_out]`.
    pub w_value: Linear,
    /// Projection to the gate on the result, `[d_in, d_out]`, without bias.
    pub w_gate: Linear,
    /// Projection to the share of the difference that is added, `[d_in, d_out]`, without bias.
    pub w_beta: Linear,
    /// Projection to how fast the memory decays, `[d_in, heads]`, without bias.
    pub w_alpha: Linear,
    /// Offset of the decay, `[heads]`, at first 1.
    pub dt_bias: Param<Tensor<1>>,
    /// Logarithm of the decay rate, `[heads]`.
    pub a_log: Param<Tensor<1>>,
    /// Norm over the result of a head.
    pub norm: RmsNorm,
    /// Combines the heads, `[d_out, d_out]`, with bias.
    pub out_proj: Linear,
    /// Dropout before it.
    pub dropout: Dropout,
    /// Number of heads.
    pub num_heads: usize,
}

impl GatedDeltaNet {
    /// The module on `device` with values from `rng`. It is drawn at once, because the decay rates start with values
    /// that only this module has.
    ///
    /// # Panics
    /// If `num_heads` does not divide `d_out`, or `dropout` is not in [0, 1).
    pub fn new(config: &GatedDeltaNetConfig, rng: &mut TorchRng, device: &Device) -> Self {
        let (d_in, d_out, heads) = (config.d_in, config.d_out, config.num_heads);
        let head_dim = head_dim(d_out, heads);
        Self {
            w_query: linear(d_in, d_out, config.qkv_bias, rng, device),
            w_key: linear(d_in, d_out, config.qkv_bias, rng, device),
            w_value: linear(d_in, d_out, config.qkv_bias, rng, device),
            w_gate: linear(d_in, d_out, false, rng, device),
            w_beta: linear(d_in, d_out, false, rng, device),
            w_alpha: linear(d_in, heads, false, rng, device),
            dt_bias: Param::from_tensor(Tensor::ones([heads], device)),
            a_log: {
                let rates = rng.uniform(heads, 0.0, 16.0).into_iter().map(f32::ln).collect();
                Param::from_data(TensorData::new(rates, [heads]), device)
            },
            norm: RmsNormConfig::new(head_dim).with_epsilon(EPS).init(device),
            out_proj: linear(d_out, d_out, true, rng, device),
            dropout: Dropout::new(config.dropout),
            num_heads: heads,
        }
    }

    /// # Shapes
    /// - `x`: `[batch, tokens, d_in]`, at least one token;
    /// - result: `[batch, tokens, d_out]`.
    pub fn forward(&self, x: Tensor<3>, mode: &mut Mode) -> Tensor<3> {
        let [batch, tokens, _] = x.dims();
        let heads = self.num_heads;
        // [batch, heads, tokens, head_dim] each
        let [queries, keys, values, beta] = [&self.w_query, &self.w_key, &self.w_value, &self.w_beta]
            .map(|projection| split_heads(projection.forward(x.clone()), heads));
        let [_, _, _, head_dim] = queries.dims();
        let queries = l2_norm(queries) / (head_dim as f64).sqrt();
        let keys = l2_norm(keys);
        let beta = sigmoid(beta);
        let alpha = self.fading(x.clone()); // [batch, heads, tokens, 1]

        let mut state = Tensor::<4>::zeros([batch, heads, head_dim, head_dim], &x.device()); // keys to values
        let mut answers = Vec::with_capacity(tokens);
        for t in 0..tokens {
            // [batch, heads, 1, head_dim]; that of alpha [batch, heads, 1, 1]
            let at_t = |all: &Tensor<4>| all.clone().narrow(2, t, 1);
            let [q, k, v] = [&queries, &keys, &values].map(at_t);
            state = remember(state, k, v, at_t(&alpha), at_t(&beta));
            answers.push(q.matmul(state.clone())); // [batch, heads, 1, head_dim]
        }
        let context = Tensor::cat(answers, 2).swap_dims(1, 2); // [batch, tokens, heads, head_dim]

        let gate = self.w_gate.forward(x); // [batch, tokens, d_out]
        let context = self.norm.forward(context).reshape([batch, tokens, heads * head_dim]);
        self.out_proj.forward(self.dropout.forward(context * silu(gate), mode))
    }

    /// What is left of the memory after each token, in (0, 1), `[batch, heads, tokens, 1]`.
    fn fading(&self, x: Tensor<3>) -> Tensor<4> {
        let speed = softplus(self.w_alpha.forward(x) + self.dt_bias.val().unsqueeze(), 1.0); // [batch, tokens, heads]
        let rate = self.a_log.val().exp().unsqueeze(); // [1, 1, heads]
        (speed * rate).neg().exp().swap_dims(1, 2).unsqueeze_dim(3)
    }
}

/// The memory after one more token: it fades, and the part of the new value that it does not hold yet is added.
///
/// # Shapes
/// - `state`: `[batch, heads, head_dim, head_dim]`, from keys (rows) to values (columns); the result has the same;
/// - `key`, `value`: `[batch, heads, 1, head_dim]`;
/// - `alpha`: what is left of the memory, `[batch, heads, 1, 1]`;
/// - `beta`: which share of the difference is added, `[batch, heads, 1, head_dim]`.
pub fn remember(state: Tensor<4>, key: Tensor<4>, value: Tensor<4>, alpha: Tensor<4>, beta: Tensor<4>) -> Tensor<4> {
    let faded = state * alpha;
    let known = key.clone().matmul(faded.clone()); // [batch, heads, 1, head_dim]
    let delta = (value - known) * beta;
    faded + key.transpose().matmul(delta) // plus the outer product
}

/// Vectors of length 1.
fn l2_norm(x: Tensor<4>) -> Tensor<4> {
    let length = (x.clone().square().sum_dim(3) + EPS).sqrt();
    x / length
}
