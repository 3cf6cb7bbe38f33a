//! Multi-head latent attention: keys and values are recomputed from one short vector per token.
//!
//! Grouped-query attention keeps fewer keys and values; here a token is compressed into a latent vector, and that is
//! all that has to be kept. Two more projections expand it into the keys and values of all heads whenever they are
//! needed:
//!
//! ```text
//! c = x·W_DKV,   K = c·W_UK,   V = c·W_UV
//! ```

use burn::config::Config;
use burn::module::Module;
use burn::tensor::{Device, Tensor};
use ch03_attention::bonus::heads::{attend, split_heads};
use ch03_attention::causal_mask::{causal_mask, last_rows_of_causal_mask};
use ch03_attention::multi_head::head_dim;
use shared::{Dropout, Linear, Mode};

/// Sizes of a [`MultiHeadLatentAttention`].
#[derive(Config, Debug)]
pub struct MultiHeadLatentAttentionConfig {
    /// Width of the input vectors.
    pub d_in: usize,
    /// Width of the context vectors, all heads together.
    pub d_out: usize,
    /// Number of heads; divides `d_out`.
    pub num_heads: usize,
    /// Width of the latent vectors, at least 1. Without it an eighth of `d_out`, but at least 16.
    pub latent_dim: Option<usize>,
    /// Probability that an attention weight is dropped in training, in [0, 1).
    #[config(default = 0.0)]
    pub dropout: f64,
    /// Whether the projections have a bias. The output projection always has one.
    #[config(default = false)]
    pub qkv_bias: bool,
}

/// Causal attention that keeps one latent vector per token instead of keys and values.
///
/// The order of the fields is the order of the random draws.
#[derive(Module, Debug)]
pub struct MultiHeadLatentAttention {
    /// Projection to the queries of all heads, `[d_in, d_out]`.
    pub w_query: Linear,
    /// W_DKV, from a token to its latent vector, `[d_in, latent_dim]`.
    pub w_down: Linear,
    /// W_UK, from the latent vector to the keys of all heads, `[latent_dim, d_out]`.
    pub w_up_key: Linear,
    /// W_UV, from the latent vector to the values of all heads, `[latent_dim, d_out]`.
    pub w_up_value: Linear,
    /// Combines the heads, `[d_out, d_out]`, with bias.
    pub out_proj: Linear,
    /// Dropout on the attention weights.
    pub dropout: Dropout,
    /// Number of heads.
    pub num_heads: usize,
}

impl MultiHeadLatentAttention {
    /// A lazy module; [`torch_init`](shared::init::torch_init) draws its values.
    ///
    /// # Panics
    /// If `num_heads` does not divide `d_out`, `latent_dim` is 0, or `dropout` is not in [0, 1).
    pub fn new(config: &MultiHeadLatentAttentionConfig, device: &Device) -> Self {
        head_dim(config.d_out, config.num_heads);
        let latent_dim = config.latent_dim.unwrap_or_else(|| (config.d_out / 8).max(16));
        assert!(latent_dim > 0, "latent_dim is 0, but must be at least 1");
        let projection = |d_in, d_out| Linear::new(d_in, d_out, config.qkv_bias, device);
        Self {
            w_query: projection(config.d_in, config.d_out),
            w_down: projection(config.d_in, latent_dim),
            w_up_key: projection(latent_dim, config.d_out),
            w_up_value: projection(latent_dim, config.d_out),
            out_proj: Linear::new(config.d_out, config.d_out, true, device),
            dropout: Dropout::new(config.dropout),
            num_heads: config.num_heads,
        }
    }

    /// # Shapes
    /// - `x`: `[batch, tokens, d_in]`;
    /// - result: `[batch, tokens, d_out]`.
    pub fn forward(&self, x: Tensor<3>, mode: &mut Mode) -> Tensor<3> {
        let [_, tokens, _] = x.dims();
        let hidden = causal_mask(tokens, &x.device());
        let queries = split_heads(self.w_query.forward(x.clone()), self.num_heads); // [batch, heads, tokens, head_dim]
        let latent = self.w_down.forward(x); // [batch, tokens, latent_dim]
        let keys = split_heads(self.w_up_key.forward(latent.clone()), self.num_heads); // as queries
        let values = split_heads(self.w_up_value.forward(latent), self.num_heads); // as queries
        let context = attend(queries, keys, values, hidden, &self.dropout, mode); // [batch, tokens, d_out]
        self.out_proj.forward(context)
    }

    /// As [`forward`](Self::forward) in evaluation mode, for new tokens that follow those in `cache`. Only latent
    /// vectors are kept; the keys and values of all tokens are recomputed at each step.
    ///
    /// # Shapes
    /// - `x`: `[batch, new tokens, d_in]`;
    /// - result: `[batch, new tokens, d_out]`.
    ///
    /// # Panics
    /// If the batch is not that of the cache.
    pub fn forward_cached(&self, x: Tensor<3>, cache: &mut LatentCache) -> Tensor<3> {
        let [_, new, _] = x.dims();
        let queries = split_heads(self.w_query.forward(x.clone()), self.num_heads); // [batch, heads, new, head_dim]
        let latent = cache.extend(self.w_down.forward(x)); // [batch, tokens, latent_dim]
        let hidden = last_rows_of_causal_mask(new, cache.tokens(), &latent.device());
        // [batch, heads, tokens, head_dim] each
        let keys = split_heads(self.w_up_key.forward(latent.clone()), self.num_heads);
        let values = split_heads(self.w_up_value.forward(latent), self.num_heads);
        let context = attend(queries, keys, values, hidden, &self.dropout, &mut Mode::Eval);
        self.out_proj.forward(context) // [batch, new, d_out]
    }
}

/// The latent vectors of the tokens that a [`MultiHeadLatentAttention`] has seen.
#[derive(Clone, Debug, Default)]
pub struct LatentCache {
    /// `[batch, tokens, latent_dim]`.
    latent: Option<Tensor<3>>,
}

impl LatentCache {
    /// Number of tokens that are kept.
    pub fn tokens(&self) -> usize {
        self.latent.as_ref().map_or(0, |latent| latent.dims()[1])
    }

    /// Adds the vectors of new tokens and returns those of all, `[batch, tokens, latent_dim]`.
    fn extend(&mut self, new: Tensor<3>) -> Tensor<3> {
        let all = match self.latent.take() {
            None => new,
            Some(latent) => {
                let ([kept, _, _], [batch, _, _]) = (latent.dims(), new.dims());
                assert_eq!(batch, kept, "the cache is for a batch of {kept}, not {batch}: begin with a new one");
                Tensor::cat(vec![latent, new], 1)
            }
        };
        self.latent = Some(all.clone());
        all
    }
}
