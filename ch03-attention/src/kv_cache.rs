//! Keys and values are kept, so that a new token costs the work of one token (bonus of chapter 4).
//!
//! In a causal model the keys and values of a token never change, whatever comes after it. A model that writes one
//! token after the other need not compute them again for the whole text at each step.

use burn::tensor::{Device, Tensor, s};
use shared::Mode;

use crate::MultiHeadAttention;

/// The keys and values of the tokens that one [`MultiHeadAttention`] has seen.
#[derive(Clone, Debug, Default)]
pub struct KvCache {
    /// Keys and values, [batch, heads, context_length, head_dim] each; only the first `tokens` columns hold something.
    store: Option<(Tensor<4>, Tensor<4>)>,
    tokens: usize,
}

impl KvCache {
    /// Number of tokens that are kept.
    pub fn tokens(&self) -> usize {
        self.tokens
    }

    /// Adds the keys and values of new tokens and returns those of all.
    ///
    /// # Shapes
    /// - `keys`, `values`: [batch, heads, new, head_dim];
    /// - results: [batch, heads, kept + new, head_dim].
    fn extend(&mut self, keys: Tensor<4>, values: Tensor<4>, context_length: usize) -> (Tensor<4>, Tensor<4>) {
        let [batch, heads, new, head_dim] = keys.dims();
        let device: Device = keys.device();
        let empty = || Tensor::zeros([batch, heads, context_length, head_dim], &device);
        let (all_keys, all_values) = self.store.take().unwrap_or_else(|| (empty(), empty()));
        let (from, to) = (self.tokens, self.tokens + new);
        // Written in place: nobody else holds the buffers at this moment.
        let all_keys = all_keys.slice_assign(s![.., .., from..to, ..], keys);
        let all_values = all_values.slice_assign(s![.., .., from..to, ..], values);
        self.tokens = to;
        self.store = Some((all_keys.clone(), all_values.clone()));
        (all_keys.slice(s![.., .., ..to, ..]), all_values.slice(s![.., .., ..to, ..]))
    }
}

impl MultiHeadAttention {
    /// The context vectors of new tokens that follow those in `cache`, in evaluation mode. The new tokens are added to
    /// the cache.
    ///
    /// # Shapes
    /// - `x`: [batch, new tokens, d_in];
    /// - result: [batch, new tokens, d_out].
    ///
    /// # Panics
    /// If the cache and the new tokens together exceed `context_length`, or the batch is not that of the cache.
    pub fn forward_cached(&self, x: Tensor<3>, cache: &mut KvCache) -> Tensor<3> {
        let [_, new, _] = x.dims();
        let [context_length, _] = self.mask.dims();
        let (from, to) = (cache.tokens, cache.tokens + new);
        assert!(to <= context_length, "{to} tokens do not fit into context_length {context_length}");

        let queries = self.split_heads(self.w_query.forward(x.clone())); // [batch, heads, new, head_dim]
        let keys = self.split_heads(self.w_key.forward(x.clone()));
        let values = self.split_heads(self.w_value.forward(x));
        let (keys, values) = cache.extend(keys, values, context_length); // [batch, heads, to, head_dim]
        let hidden = self.mask.clone().slice(s![from..to, ..to]); // [new, to]
        self.attend(queries, keys, values, hidden, &mut Mode::Eval).0
    }
}
