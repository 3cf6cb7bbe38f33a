//! Grouped-query attention: several query heads share one head of keys and values.
//!
//! While a text grows, a model keeps the keys and values of all its tokens. Most of them can be shared: with 12 query
//! heads and 2 heads of keys and values, 6 neighbouring query heads look at the same keys, and a sixth of the memory is
//! enough. With one head of keys and values for all it is called multi-query attention; with as many as query heads
//! it is ordinary attention.

use crate::bonus::KvCache;
use burn::config::Config;
use burn::module::Module;
use burn::tensor::{Device, Tensor};
use ch03_attention::bonus::heads::{attend, split_heads};
use ch03_attention::causal_mask::{causal_mask, last_rows_of_causal_mask};
use ch03_attention::multi_head::head_dim;
use shared::{Dropout, Linear, Mode};

/// Sizes of a [`GroupedQueryAttention`].
#[derive(Config, Debug)]
pub struct GroupedQueryAttentionConfig {
    /// Width of the input vectors.
    pub d_in: usize,
    /// Width of the context vectors, all query heads together.
    pub d_out: usize,
    /// Number of query heads; divides `d_out`.
    pub num_heads: usize,
    /// Number of heads of keys and values; divides `num_heads`.
    pub num_kv_groups: usize,
    /// Probability that an attention weight is dropped in training, in [0, 1).
    #[config(default = 0.0)]
    pub dropout: f64,
    /// Whether the projections to queries, keys and values have a bias. The output projection has none.
    #[config(default = false)]
    pub qkv_bias: bool,
}

/// Causal attention whose keys and values have fewer heads than its queries.
///
/// The order of the fields is the order of the random draws.
#[derive(Module, Debug)]
pub struct GroupedQueryAttention {
    /// Projection to the keys, `[d_in, num_kv_groups * head_dim]`.
    pub w_key: Linear,
    /// Projection to the values, `[d_in, num_kv_groups * head_dim]`.
    pub w_value: Linear,
    /// Projection to the queries of all heads, `[d_in, d_out]`.
    pub w_query: Linear,
    /// Combines the heads, `[d_out, d_out]`, without bias.
    pub out_proj: Linear,
    /// Dropout on the attention weights.
    pub dropout: Dropout,
    /// Number of query heads.
    pub num_heads: usize,
    /// Number of heads of keys and values.
    pub num_kv_groups: usize,
}

impl GroupedQueryAttention {
    /// A lazy module; [`torch_init`](shared::init::torch_init) draws its values.
    ///
    /// # Panics
    /// If `num_heads` does not divide `d_out`, `num_kv_groups` does not divide `num_heads`, or `dropout` is not in
    /// [0, 1).
    pub fn new(config: &GroupedQueryAttentionConfig, device: &Device) -> Self {
        let (heads, groups) = (config.num_heads, config.num_kv_groups);
        let kv_width = groups * head_dim(config.d_out, heads);
        assert!(groups > 0 && heads.is_multiple_of(groups), "{groups} groups do not divide {heads} heads");
        let projection = |width| Linear::new(config.d_in, width, config.qkv_bias, device);
        Self {
            w_key: projection(kv_width),
            w_value: projection(kv_width),
            w_query: projection(config.d_out),
            out_proj: Linear::new(config.d_out, config.d_out, false, device),
            dropout: Dropout::new(config.dropout),
            num_heads: heads,
            num_kv_groups: groups,
        }
    }

    /// # Shapes
    /// - `x`: `[batch, tokens, d_in]`;
    /// - result: `[batch, tokens, d_out]`.
    pub fn forward(&self, x: Tensor<3>, mode: &mut Mode) -> Tensor<3> {
        let [_, tokens, _] = x.dims();
        let hidden = causal_mask(tokens, &x.device());
        let queries = split_heads(self.w_query.forward(x.clone()), self.num_heads); // [batch, heads, tokens, head_dim]
        let keys = split_heads(self.w_key.forward(x.clone()), self.num_kv_groups); // [batch, groups, tokens, head_dim]
        let values = split_heads(self.w_value.forward(x), self.num_kv_groups); // [batch, groups, tokens, head_dim]
        let (keys, values) = (self.share(keys), self.share(values)); // as queries
        let context = attend(queries, keys, values, hidden, &self.dropout, mode); // [batch, tokens, d_out]
        self.out_proj.forward(context)
    }

    /// As [`forward`](Self::forward) in evaluation mode, for new tokens that follow those in `cache`. The cache keeps
    /// each shared head once, which is what saves the memory.
    ///
    /// # Shapes
    /// - `x`: `[batch, new tokens, d_in]`;
    /// - result: `[batch, new tokens, d_out]`.
    ///
    /// # Panics
    /// If the batch is not that of the cache.
    pub fn forward_cached(&self, x: Tensor<3>, cache: &mut KvCache) -> Tensor<3> {
        let [_, new, _] = x.dims();
        let queries = split_heads(self.w_query.forward(x.clone()), self.num_heads); // [batch, heads, new, head_dim]
        let keys = split_heads(self.w_key.forward(x.clone()), self.num_kv_groups); // [batch, groups, new, head_dim]
        let values = split_heads(self.w_value.forward(x), self.num_kv_groups); // [batch, groups, new, head_dim]
        let (keys, values) = cache.extend(keys, values); // [batch, groups, tokens, head_dim]
        let hidden = last_rows_of_causal_mask(new, cache.kept(), &keys.device());
        let (keys, values) = (self.share(keys), self.share(values)); // [batch, heads, tokens, head_dim]
        let context = attend(queries, keys, values, hidden, &self.dropout, &mut Mode::Eval);
        self.out_proj.forward(context) // [batch, new, d_out]
    }

    /// One copy for each query head of a group, neighbours first: K1 K1 K2 K2, not K1 K2 K1 K2.
    fn share(&self, x: Tensor<4>) -> Tensor<4> {
        let [batch, groups, tokens, head_dim] = x.dims();
        x.unsqueeze_dim::<5>(2) // [batch, groups, 1, tokens, head_dim]
            .repeat_dim(2, self.num_heads / groups)
            .reshape([batch, self.num_heads, tokens, head_dim])
    }
}
