//! The keys and values that one block keeps.

use burn::tensor::{Device, Tensor, s};

/// The keys and values of one block.
#[derive(Clone, Default)]
pub(crate) struct BlockCache {
    /// Keys and values, `[batch, heads, room, head_dim]` each; only the first `kept` tokens are filled.
    buffers: Option<[Tensor<4>; 2]>,
    /// Number of tokens that are kept.
    pub kept: usize,
}

impl BlockCache {
    /// Adds the keys and values of new tokens and returns those of all.
    pub fn extend(&mut self, keys: Tensor<4>, values: Tensor<4>) -> [Tensor<4>; 2] {
        let [batch, heads, new, head_dim] = keys.dims();
        let (from, to) = (self.kept, self.kept + new);
        let [all_keys, all_values] = self.take([batch, heads, to, head_dim], &keys.device());
        // Written in place: nothing else holds the buffers at this moment.
        let all_keys = all_keys.slice_assign(s![.., .., from..to, ..], keys);
        let all_values = all_values.slice_assign(s![.., .., from..to, ..], values);
        let all = [all_keys, all_values];
        self.put_back(all.clone(), new);
        all.map(|all| all.slice(s![.., .., ..to, ..]))
    }

    /// Takes the keys and the values out, `[batch, heads, room, head_dim]` each, with room for `tokens` tokens. They
    /// must come back with [`put_back`](Self::put_back).
    ///
    /// # Panics
    /// If the batch is not that of the tokens before.
    pub fn take(&mut self, [batch, heads, tokens, head_dim]: [usize; 4], device: &Device) -> [Tensor<4>; 2] {
        let empty = || Tensor::zeros([batch, heads, tokens.next_power_of_two(), head_dim], device);
        let Some(buffers) = self.buffers.take() else { return [empty(), empty()] };
        let [kept_batch, _, room, _] = buffers[0].dims();
        assert_eq!(batch, kept_batch, "the cache is for a batch of {kept_batch}, not {batch}: begin with a new one");
        if tokens <= room { buffers } else { buffers.map(|old| empty().slice_assign(s![.., .., ..room, ..], old)) }
    }

    /// Puts keys and values back after `new` tokens were written after those that were kept.
    pub fn put_back(&mut self, buffers: [Tensor<4>; 2], new: usize) {
        self.buffers = Some(buffers);
        self.kept += new;
    }
}
