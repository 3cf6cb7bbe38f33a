//! Sliding-window attention: a token sees itself and its nearest predecessors only.
//!
//! Most of what a token needs is nearby. With a window of W tokens, query i sees the keys j with
//! `0 <= i - j < W`. What lies further back can still reach it, W - 1 tokens per layer, and through the few layers
//! that keep full attention (see [`uses_window`]).

use crate::bonus::KvCache;
use burn::config::Config;
use burn::module::Module;
use burn::tensor::{Bool, Device, Tensor};
use ch03_attention::bonus::heads::{attend, split_heads};
use ch03_attention::causal_mask::last_rows_of_causal_mask;
use ch03_attention::multi_head::head_dim;
use shared::{Dropout, Linear, Mode};

/// Sizes of a [`SlidingWindowAttention`].
#[derive(Config, Debug)]
pub struct SlidingWindowAttentionConfig {
    /// Width of the input vectors.
    pub d_in: usize,
    /// Width of the context vectors, all heads together.
    pub d_out: usize,
    /// Number of heads; divides `d_out`.
    pub num_heads: usize,
    /// Maximum number of tokens that a token sees, itself included; at least 1. Without it, all earlier ones.
    pub window: Option<usize>,
    /// Probability that an attention weight is dropped in training, in [0, 1).
    #[config(default = 0.0)]
    pub dropout: f64,
    /// Whether the projections to queries, keys and values have a bias. The output projection always has one.
    #[config(default = false)]
    pub qkv_bias: bool,
}

/// Causal attention that also hides what lies too far back.
///
/// The order of the fields is the order of the random draws.
#[derive(Module, Debug)]
pub struct SlidingWindowAttention {
    /// Projection to the queries of all heads, `[d_in, d_out]`.
    pub w_query: Linear,
    /// Projection to the keys of all heads, `[d_in, d_out]`.
    pub w_key: Linear,
    /// Projection to the values of all heads, `[d_in, d_out]`.
    pub w_value: Linear,
    /// Combines the heads, `[d_out, d_out]`, with bias.
    pub out_proj: Linear,
    /// Dropout on the attention weights.
    pub dropout: Dropout,
    /// Number of heads.
    pub num_heads: usize,
    /// Maximum number of tokens that a token sees, itself included.
    pub window: Option<usize>,
}

impl SlidingWindowAttention {
    /// A lazy module; [`torch_init`](shared::init::torch_init) draws its values.
    ///
    /// # Panics
    /// If `num_heads` does not divide `d_out`, `window` is 0, or `dropout` is not in [0, 1).
    pub fn new(config: &SlidingWindowAttentionConfig, device: &Device) -> Self {
        head_dim(config.d_out, config.num_heads);
        assert!(config.window != Some(0), "in a window of 0 tokens a token does not even see itself");
        let projection = || Linear::new(config.d_in, config.d_out, config.qkv_bias, device);
        Self {
            w_query: projection(),
            w_key: projection(),
            w_value: projection(),
            out_proj: Linear::new(config.d_out, config.d_out, true, device),
            dropout: Dropout::new(config.dropout),
            num_heads: config.num_heads,
            window: config.window,
        }
    }

    /// # Shapes
    /// - `x`: `[batch, tokens, d_in]`;
    /// - result: `[batch, tokens, d_out]`.
    pub fn forward(&self, x: Tensor<3>, mode: &mut Mode) -> Tensor<3> {
        let [_, tokens, _] = x.dims();
        let hidden = window_mask(tokens, tokens, self.window, &x.device());
        // [batch, heads, tokens, head_dim] each
        let [queries, keys, values] = [&self.w_query, &self.w_key, &self.w_value]
            .map(|projection| split_heads(projection.forward(x.clone()), self.num_heads));
        let context = attend(queries, keys, values, hidden, &self.dropout, mode); // [batch, tokens, d_out]
        self.out_proj.forward(context)
    }

    /// As [`forward`](Self::forward) in evaluation mode, for new tokens that follow those in `cache`. When they are
    /// done, only the tokens of the window are kept: later ones see no others.
    ///
    /// # Shapes
    /// - `x`: `[batch, new tokens, d_in]`;
    /// - result: `[batch, new tokens, d_out]`.
    ///
    /// # Panics
    /// If the batch is not that of the cache.
    pub fn forward_cached(&self, x: Tensor<3>, cache: &mut KvCache) -> Tensor<3> {
        let [_, new, _] = x.dims();
        // [batch, heads, new, head_dim] each
        let [queries, keys, values] = [&self.w_query, &self.w_key, &self.w_value]
            .map(|projection| split_heads(projection.forward(x.clone()), self.num_heads));
        let (keys, values) = cache.extend(keys, values); // [batch, heads, kept + new, head_dim]
        let hidden = window_mask(new, cache.kept(), self.window, &x.device());
        let context = attend(queries, keys, values, hidden, &self.dropout, &mut Mode::Eval);
        if let Some(window) = self.window {
            cache.keep_last(window);
        }
        self.out_proj.forward(context) // [batch, new, d_out]
    }
}

/// True where query i (row) must not see key j (column): the future, and from `window` tokens back on. The queries
/// belong to the last `new` of the tokens. `[new, tokens]`.
pub fn window_mask(new: usize, tokens: usize, window: Option<usize>, device: &Device) -> Tensor<2, Bool> {
    let future = last_rows_of_causal_mask(new, tokens, device);
    match window {
        Some(window) if window < tokens => {
            // True below the diagonal that starts `window - 1` places left of the query's own key.
            let own = tokens as i64 - new as i64;
            let past = Tensor::<2, Bool>::triu_mask([new, tokens], own + 1 - window as i64, device);
            future.bool_or(past)
        }
        _ => future,
    }
}

/// Whether layer `layer`, counted from 0, has a window when `stride` layers with a window come before each one with
/// full attention. A stride of 5 gives WWWWWF WWWWWF; 0 gives no window anywhere, a negative stride one everywhere.
pub fn uses_window(layer: usize, stride: isize) -> bool {
    match usize::try_from(stride) {
        Ok(stride) => layer % (stride + 1) < stride,
        Err(_) => true,
    }
}
