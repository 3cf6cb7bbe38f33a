//! A transformer block for one new token of one text, on a GPU.
//!
//! For a single token, launching the chapters' operations, some 40 for each block, takes longer than the GPU needs to run
//! them. Here a block is seven kernels, one for each line below and three for the first:
//!
//! ```text
//! q, k, v = norm1(x) Wq + bq, ...     k and v are written into the cache
//! c       = attention of q over the cache
//! y       = c Wo + bo + x
//! h       = gelu(norm2(y) W1 + b1)
//! result  = h W2 + b2 + y
//! ```
//!
//! Every weight is read once. A cube, which is a group of 256 threads, computes 8 columns of a result with 32 threads for
//! each column, so that adjacent threads read adjacent columns.

#[cfg(feature = "gpu")]
mod cube;
#[cfg(feature = "gpu")]
mod cube_attention;
#[cfg(feature = "gpu")]
mod launch;
#[cfg(feature = "gpu")]
mod ops;
#[cfg(feature = "gpu")]
mod parameters;

use burn::tensor::{DType, Tensor};

/// The parameters of a transformer block: weights `[d_in, d_out]`, everything else vectors. The weights may have 16 or 32
/// bits, everything else has 32.
#[derive(Clone, Debug)]
pub struct BlockTensors {
    /// Scale and shift of the first layer normalization, `[emb_dim]` each.
    pub norm1: [Tensor<1>; 2],
    /// Projections to queries, keys and values, `[emb_dim, emb_dim]` each.
    pub projections: [Tensor<2>; 3],
    /// Their biases, `[emb_dim]` each, if they have any.
    pub biases: Option<[Tensor<1>; 3]>,
    /// The output projection of the attention, `[emb_dim, emb_dim]`, and its bias.
    pub out: (Tensor<2>, Tensor<1>),
    /// Scale and shift of the second layer normalization, `[emb_dim]` each.
    pub norm2: [Tensor<1>; 2],
    /// The first layer of the feed-forward network, `[emb_dim, hidden]`, and its bias.
    pub expand: (Tensor<2>, Tensor<1>),
    /// The second layer of the feed-forward network, `[hidden, emb_dim]`, and its bias.
    pub contract: (Tensor<2>, Tensor<1>),
    /// Added to the variance in both layer normalizations.
    pub eps: f64,
    /// Number of heads.
    pub heads: usize,
}

/// Threads of a cube.
const UNITS: usize = 256;

/// Maximum width of a token's vector, and maximum number of tokens in the cache: the largest power of two for which that many
/// numbers and one sum for each thread fit into the 16 KiB of shared memory that a cube has on every GPU.
const ROOM: usize = 2048;

/// Whether [`block`] and [`normalized_linear`] take `x` with weights of type `weights`: one token of one text,
/// `[1, 1, emb_dim]`, in 32-bit numbers on a GPU, without gradients, and weights of 32 or 16 bits.
///
/// With weights of 16 bits, the vectors keep 32 bits; a matrix product of 16-bit tensors would round them as well.
pub fn takes(x: &Tensor<3>, weights: DType) -> bool {
    let [batch, tokens, width] = x.dims();
    let known = matches!(weights, DType::F32 | DType::F16 | DType::BF16);
    known && [batch, tokens] == [1, 1] && width <= ROOM && on_gpu(x)
}

/// Whether [`block`] can attend to this many tokens with heads of this size.
pub fn has_room(tokens: usize, head_dim: usize) -> bool {
    tokens <= ROOM && head_dim <= UNITS
}

#[cfg(feature = "gpu")]
fn on_gpu(x: &Tensor<3>) -> bool {
    use burn::backend::DispatchDevice;
    x.dtype() == DType::F32 && matches!(x.device().as_dispatch(), DispatchDevice::Cube(_))
}

#[cfg(not(feature = "gpu"))]
fn on_gpu(_: &Tensor<3>) -> bool {
    false
}

/// A transformer block for one token. Its key and value are written into `cache`: in place if the cache has no other owner,
/// into a copy otherwise.
///
/// # Shapes
/// - `x`: `[1, 1, emb_dim]`; the first result has the same;
/// - `cache`, and the other results: keys and values, `[1, heads, room, head_dim]`, of which the first `kept < room` tokens
///   are valid.
///
/// # Panics
/// If [`takes`] or [`has_room`] is false, or shapes do not fit.
pub fn block(x: Tensor<3>, block: BlockTensors, cache: [Tensor<4>; 2], kept: usize) -> (Tensor<3>, [Tensor<4>; 2]) {
    let [_, _, width] = x.dims();
    let [_, heads, room, head_dim] = cache[0].dims();
    assert_eq!(cache[1].dims(), cache[0].dims(), "keys and values have the same shape");
    assert!(heads == block.heads && heads * head_dim == width, "{heads} heads of {head_dim} in a vector of {width}");
    assert!(kept < room, "a cache for {room} tokens is full");
    let square = |weight: &Tensor<2>| assert_eq!(weight.dims(), [width, width], "a projection");
    block.projections.iter().chain([&block.out.0]).for_each(square);
    let [_, hidden] = block.expand.0.dims();
    assert_eq!(block.expand.0.dims(), [width, hidden], "the first layer of the feed-forward network");
    assert_eq!(block.contract.0.dims(), [hidden, width], "the second layer of the feed-forward network");
    implementation::block(x, block, cache, kept)
}

/// `norm(x) W` for one token: the logits from the output of the last block.
///
/// # Shapes
/// - `x`: `[1, 1, emb_dim]`; `norm`: scale and shift, `[emb_dim]` each; `weight`: `[emb_dim, d_out]`, in 16 or 32 bits;
/// - result: `[1, d_out]`.
///
/// # Panics
/// If [`takes`] is false, or shapes do not fit.
pub fn normalized_linear(x: Tensor<3>, norm: [Tensor<1>; 2], eps: f64, weight: Tensor<2>) -> Tensor<2> {
    let ([_, _, width], [d_in, _]) = (x.dims(), weight.dims());
    assert_eq!(width, d_in, "a linear layer for vectors of width {d_in}");
    implementation::normalized_linear(x, norm, eps, weight)
}

#[cfg(feature = "gpu")]
use ops as implementation;

/// In a build without GPU support, [`takes`] is always false.
#[cfg(not(feature = "gpu"))]
mod implementation {
    use super::*;

    pub fn block(_: Tensor<3>, _: BlockTensors, _: [Tensor<4>; 2], _: usize) -> (Tensor<3>, [Tensor<4>; 2]) {
        panic!("built without GPU support")
    }

    pub fn normalized_linear(_: Tensor<3>, _: [Tensor<1>; 2], _: f64, _: Tensor<2>) -> Tensor<2> {
        panic!("built without GPU support")
    }
}
