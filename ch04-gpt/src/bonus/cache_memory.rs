//! How many bytes a model keeps of the tokens that it has already seen.
//!
//! A model that generates keeps the keys and values of all earlier tokens, in every layer. In long texts they outweigh
//! the model itself, and most variants of attention are about making them fewer. All results are bytes; divide by 10⁹
//! for gigabytes.

/// What the size of a cache depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CacheShape {
    /// Texts at the same time.
    pub batch: u64,
    /// Tokens of each text so far.
    pub tokens: u64,
    /// Layers.
    pub layers: u64,
    /// Query heads of a layer.
    pub n_heads: u64,
    /// Width of a head (see [`head_dim`]).
    pub head_dim: u64,
    /// Bytes of one number: 4 for float32, 2 for float16 and bfloat16, 1 for 8-bit formats.
    pub bytes_per_value: u64,
}

/// The width of a head, rounded up where the heads do not divide the width of the model.
pub fn head_dim(emb_dim: u64, n_heads: u64) -> u64 {
    emb_dim.div_ceil(n_heads)
}

/// Ordinary attention: a key and a value for every head.
pub fn multi_head(shape: &CacheShape) -> u64 {
    grouped_query(shape, shape.n_heads)
}

/// Grouped-query attention with `n_kv_heads` heads of keys and values.
pub fn grouped_query(shape: &CacheShape, n_kv_heads: u64) -> u64 {
    shape.batch * shape.tokens * shape.layers * 2 * n_kv_heads * shape.head_dim * shape.bytes_per_value
}

/// Latent attention: one vector per token and layer.
pub fn latent(shape: &CacheShape, latent_dim: u64) -> u64 {
    shape.batch * shape.tokens * shape.layers * latent_dim * shape.bytes_per_value
}

/// Grouped-query attention where `window_layers` of the layers keep the last `window` tokens only. With as many
/// `n_kv_heads` as query heads: the same for ordinary attention.
///
/// # Panics
/// If there are more layers with a window than layers.
pub fn sliding_window(shape: &CacheShape, n_kv_heads: u64, window: u64, window_layers: u64) -> u64 {
    let (layers, tokens) = (shape.layers, shape.tokens);
    assert!(window_layers <= layers, "{window_layers} of {layers} layers cannot have a window");
    let full = CacheShape { layers: layers - window_layers, ..*shape };
    let windowed = CacheShape { layers: window_layers, tokens: tokens.min(window), ..*shape };
    grouped_query(&full, n_kv_heads) + grouped_query(&windowed, n_kv_heads)
}

/// Layers with a window if `ratio.0` of them alternate with `ratio.1` full layers. What remains after the last whole
/// round is filled with windows first.
///
/// # Panics
/// If both numbers of the ratio are 0.
pub fn window_layers(layers: u64, ratio: (u64, u64)) -> u64 {
    let round = ratio.0 + ratio.1;
    assert!(round > 0, "a ratio of 0:0 says nothing");
    layers / round * ratio.0 + (layers % round).min(ratio.0)
}

/// Gated DeltaNet: one matrix per head and layer, however many tokens there were.
pub fn delta_net(shape: &CacheShape) -> u64 {
    shape.batch * shape.layers * shape.n_heads * shape.head_dim * shape.head_dim * shape.bytes_per_value
}
