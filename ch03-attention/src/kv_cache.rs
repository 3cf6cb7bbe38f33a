//! Keys and values are kept, so that a new token costs the work of one token (bonus of chapter 4).
//!
//! In a causal model the keys and values of a token never change, whatever comes after it. A model that writes one
//! token after the other need not compute them again for the whole text at each step.

use burn::tensor::{Device, Tensor, s};
use shared::Mode;

use crate::MultiHeadAttention;
use crate::multi_head::{attend, split_heads};

/// The keys and values of the tokens that one attention module has seen.
#[derive(Clone, Debug, Default)]
pub struct KvCache {
    /// Keys and values, [batch, heads, room, head_dim] each; only the first `kept` columns hold something.
    store: Option<[Tensor<4>; 2]>,
    kept: usize,
    seen: usize,
}

impl KvCache {
    /// Number of tokens that went into the cache, which is the position of the next one.
    pub fn tokens(&self) -> usize {
        self.seen
    }

    /// Number of tokens whose keys and values are kept: all, unless [`keep_last`](Self::keep_last) let some go.
    pub fn kept(&self) -> usize {
        self.kept
    }

    /// Adds the keys and values of new tokens and returns those of all that are kept.
    ///
    /// # Shapes
    /// - `keys`, `values`: [batch, heads, new, head_dim];
    /// - results: [batch, heads, kept + new, head_dim].
    ///
    /// # Panics
    /// If the batch is not that of the tokens before.
    pub fn extend(&mut self, keys: Tensor<4>, values: Tensor<4>) -> (Tensor<4>, Tensor<4>) {
        let [batch, heads, new, head_dim] = keys.dims();
        let (from, to) = (self.kept, self.kept + new);
        let [all_keys, all_values] = self.take([batch, heads, to, head_dim], &keys.device());
        // Written in place: nobody else holds the buffers at this moment.
        let all_keys = all_keys.slice_assign(s![.., .., from..to, ..], keys);
        let all_values = all_values.slice_assign(s![.., .., from..to, ..], values);
        self.keep([all_keys.clone(), all_values.clone()], new);
        (all_keys.slice(s![.., .., ..to, ..]), all_values.slice(s![.., .., ..to, ..]))
    }

    /// Takes the keys and the values out, each `[batch, heads, room, head_dim]` with room for `tokens` tokens, of which the
    /// first [`kept`](Self::kept) hold something. They must come back with [`keep`](Self::keep).
    ///
    /// # Panics
    /// If the batch is not that of the tokens before.
    pub fn take(&mut self, [batch, heads, tokens, head_dim]: [usize; 4], device: &Device) -> [Tensor<4>; 2] {
        let empty = || Tensor::zeros([batch, heads, tokens.next_power_of_two(), head_dim], device);
        let Some(store) = self.store.take() else { return [empty(), empty()] };
        let [kept_batch, _, room, _] = store[0].dims();
        assert_eq!(batch, kept_batch, "the cache is for a batch of {kept_batch}, not {batch}: begin with a new one");
        if tokens <= room { store } else { store.map(|old| empty().slice_assign(s![.., .., ..room, ..], old)) }
    }

    /// Puts keys and values back after `new` tokens were written behind those that were kept.
    pub fn keep(&mut self, store: [Tensor<4>; 2], new: usize) {
        self.store = Some(store);
        (self.kept, self.seen) = (self.kept + new, self.seen + new);
    }

    /// Lets go of all but the last `tokens` tokens. Positions go on counting.
    pub fn keep_last(&mut self, tokens: usize) {
        if self.kept > tokens {
            let kept = self.kept - tokens..self.kept;
            let last = |all: Tensor<4>| all.slice(s![.., .., kept.clone(), ..]);
            self.store = self.store.take().filter(|_| tokens > 0).map(|store| store.map(last));
            self.kept = tokens;
        }
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
        let (from, to) = (cache.tokens(), cache.tokens() + new);
        assert!(to <= context_length, "{to} tokens do not fit into context_length {context_length}");

        let queries = split_heads(self.w_query.forward(x.clone()), self.num_heads); // [batch, heads, new, head_dim]
        let keys = split_heads(self.w_key.forward(x.clone()), self.num_heads); // [batch, heads, new, head_dim]
        let values = split_heads(self.w_value.forward(x), self.num_heads); // [batch, heads, new, head_dim]
        let (keys, values) = cache.extend(keys, values); // [batch, heads, kept + new, head_dim]
        let hidden = self.mask.clone().slice(s![from..to, to - cache.kept()..to]); // [new, kept + new]
        self.out_proj.forward(attend(queries, keys, values, hidden, &self.dropout, &mut Mode::Eval).0)
    }
}
