//! Keys and values are kept, so that a new token costs the work of one token.
//!
//! In a causal model the keys and values of a token never change, whatever comes after it. A model that generates one
//! token after the other need not recompute them for the whole text at each step.

use burn::tensor::{Device, Tensor, s};
use ch03_attention::MultiHeadAttention;
use ch03_attention::bonus::heads::{attend, split_heads};
use ch03_attention::causal_mask::last_rows_of_causal_mask;
use shared::Mode;

/// The keys and values of the tokens that one attention module has seen.
#[derive(Clone, Debug, Default)]
pub struct KvCache {
    /// Keys and values, `[batch, heads, room, head_dim]` each; only the first `kept` tokens are filled.
    buffers: Option<[Tensor<4>; 2]>,
    kept: usize,
    seen: usize,
}

impl KvCache {
    /// Number of tokens that went into the cache, which is the position of the next one.
    pub fn tokens(&self) -> usize {
        self.seen
    }

    /// Number of tokens whose keys and values are kept: all, unless [`keep_last`](Self::keep_last) dropped some.
    pub fn kept(&self) -> usize {
        self.kept
    }

    /// Adds the keys and values of new tokens and returns those of all that are kept.
    ///
    /// # Shapes
    /// - `keys`, `values`: `[batch, heads, new, head_dim]`;
    /// - results: `[batch, heads, kept + new, head_dim]`.
    ///
    /// # Panics
    /// If the batch is not that of the tokens before.
    pub fn extend(&mut self, keys: Tensor<4>, values: Tensor<4>) -> (Tensor<4>, Tensor<4>) {
        let [batch, heads, new, head_dim] = keys.dims();
        let (from, to) = (self.kept, self.kept + new);
        let [all_keys, all_values] = self.take_buffers([batch, heads, to, head_dim], &keys.device());
        // Written in place: nothing else holds the buffers at this moment.
        let all_keys = all_keys.slice_assign(s![.., .., from..to, ..], keys);
        let all_values = all_values.slice_assign(s![.., .., from..to, ..], values);
        self.buffers = Some([all_keys.clone(), all_values.clone()]);
        (self.kept, self.seen) = (to, self.seen + new);
        (all_keys.slice(s![.., .., ..to, ..]), all_values.slice(s![.., .., ..to, ..]))
    }

    /// The buffers with room for `tokens` tokens: twice as large as before when they are full, so that they are seldom
    /// copied.
    fn take_buffers(&mut self, [batch, heads, tokens, head_dim]: [usize; 4], device: &Device) -> [Tensor<4>; 2] {
        let empty = || Tensor::zeros([batch, heads, tokens.next_power_of_two(), head_dim], device);
        let Some(buffers) = self.buffers.take() else { return [empty(), empty()] };
        let [kept_batch, _, room, _] = buffers[0].dims();
        assert_eq!(batch, kept_batch, "the cache is for a batch of {kept_batch}, not {batch}: begin with a new one");
        if tokens <= room { buffers } else { buffers.map(|old| empty().slice_assign(s![.., .., ..room, ..], old)) }
    }

    /// Drops all but the last `tokens` tokens. The positions of later tokens stay the same.
    pub fn keep_last(&mut self, tokens: usize) {
        if self.kept > tokens {
            let kept = self.kept - tokens..self.kept;
            let last = |all: Tensor<4>| all.slice(s![.., .., kept.clone(), ..]);
            self.buffers = self.buffers.take().filter(|_| tokens > 0).map(|buffers| buffers.map(last));
            self.kept = tokens;
        }
    }
}

/// The context vectors of new tokens that follow those in `cache`, in evaluation mode: [`MultiHeadAttention::forward`],
/// where the keys and values of earlier tokens come from the cache. Those of the new tokens are added to it.
///
/// # Shapes
/// - `x`: `[batch, new tokens, d_in]`;
/// - result: `[batch, new tokens, d_out]`.
///
/// # Panics
/// If the cache and the new tokens together exceed `context_length`, or the batch is not that of the cache.
pub fn attention_cached(attention: &MultiHeadAttention, x: Tensor<3>, cache: &mut KvCache) -> Tensor<3> {
    let MultiHeadAttention { w_query, w_key, w_value, out_proj, num_heads, context_length, .. } = attention;
    let [_, new, _] = x.dims();
    let to = cache.tokens() + new;
    assert!(to <= *context_length, "{to} tokens do not fit into context_length {context_length}");

    let queries = split_heads(w_query.forward(x.clone()), *num_heads); // [batch, heads, new, head_dim]
    let keys = split_heads(w_key.forward(x.clone()), *num_heads); // [batch, heads, new, head_dim]
    let values = split_heads(w_value.forward(x), *num_heads); // [batch, heads, new, head_dim]
    let (keys, values) = cache.extend(keys, values); // [batch, heads, kept + new, head_dim]
    let hidden = last_rows_of_causal_mask(new, cache.kept(), &keys.device()); // [new, kept + new]
    out_proj.forward(attend(queries, keys, values, hidden, &attention.dropout, &mut Mode::Eval))
}
