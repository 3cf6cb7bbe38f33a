//! One new token of one text on a graphics card.
//!
//! A card is through with the arithmetic of one token long before the host has told it what to do, if that is the formulas of
//! the chapters, one operation after the other: some 40 for each block. Here a block is seven kernels for the same
//! arithmetic, one for each line and three for the first:
//!
//! ```text
//! q, k, v = norm1(x) Wq + bq, ...     k and v go into the cache
//! c       = attention of q over the cache
//! y       = c Wo + bo + x
//! h       = gelu(norm2(y) W1 + b1)
//! result  = h W2 + b2 + y
//! ```
//!
//! Every weight is read once. A cube, which is a group of 256 threads, computes 8 numbers of a result, each with 32 threads,
//! so that neighbours read neighbouring columns.

#[cfg(feature = "gpu")]
mod cube;
#[cfg(feature = "gpu")]
mod ops;

use burn::tensor::{DType, Tensor};

use crate::Kernels;

/// The parameters of a transformer block: weights `[d_in, d_out]`, everything else vectors. The numbers of the weights may
/// have 16 bits, all others have 32.
#[derive(Clone, Debug)]
pub struct Block {
    /// Scale and shift of the first layer normalization.
    pub norm1: [Tensor<1>; 2],
    /// Queries, keys and values, each `[emb_dim, emb_dim]`.
    pub projections: [Tensor<2>; 3],
    /// Their biases, if they have any.
    pub biases: Option<[Tensor<1>; 3]>,
    /// What mixes the heads, `[emb_dim, emb_dim]`.
    pub out: (Tensor<2>, Tensor<1>),
    /// Scale and shift of the second layer normalization.
    pub norm2: [Tensor<1>; 2],
    /// The first layer of the feed-forward network, `[emb_dim, hidden]`.
    pub expand: (Tensor<2>, Tensor<1>),
    /// The second layer of the feed-forward network, `[hidden, emb_dim]`.
    pub contract: (Tensor<2>, Tensor<1>),
    /// What is added to the variance under both roots.
    pub eps: f64,
    /// Number of heads.
    pub heads: usize,
}

/// Threads of a cube.
const UNITS: usize = 256;

/// Most numbers of a token, and most tokens in the cache: the largest power of two of which, with the threads' sums, fit into
/// the 16 KiB that a cube has for itself everywhere.
const ROOM: usize = 2048;

impl Kernels {
    /// Whether this module takes over: for one token of one text, `[1, 1, emb_dim]`, in numbers of 32 bits, on a graphics
    /// card, without gradients. The numbers of the weights are to be of type `weights`, which with [`Kernels::Mixed`] is its
    /// type of 16 bits. (Its formula rounds the vectors to 16 bits as well, here they keep 32.)
    pub fn fuse_token(self, x: &Tensor<3>, weights: DType) -> bool {
        let [batch, tokens, width] = x.dims();
        let expected = match self {
            Self::Plain => return false,
            Self::Fused => DType::F32,
            Self::Mixed(half) => half.into(),
        };
        weights == expected && [batch, tokens] == [1, 1] && width <= ROOM && on_card(x)
    }
}

/// Whether [`block`] can attend to this many tokens with heads of this size.
pub fn fits(tokens: usize, head_dim: usize) -> bool {
    tokens <= ROOM && head_dim <= UNITS
}

#[cfg(feature = "gpu")]
fn on_card(x: &Tensor<3>) -> bool {
    use burn::backend::DispatchDevice;
    x.dtype() == DType::F32 && matches!(x.device().as_dispatch(), DispatchDevice::Cube(_))
}

#[cfg(not(feature = "gpu"))]
fn on_card(_: &Tensor<3>) -> bool {
    false
}

/// A transformer block for one token. Its key and value are written into `cache`, in place if nobody else holds it.
///
/// # Shapes
/// - `x`: `[1, 1, emb_dim]`; the first result has the same;
/// - `cache`, and the other results: keys and values, `[1, heads, room, head_dim]`, of which `kept < room` tokens count.
///
/// # Panics
/// If [`Kernels::fuse_token`] or [`fits`] is false, or shapes do not fit.
pub fn block(x: Tensor<3>, block: Block, cache: [Tensor<4>; 2], kept: usize) -> (Tensor<3>, [Tensor<4>; 2]) {
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
    on::block(x, block, cache, kept)
}

/// `norm(x) W` for one token: the logits from the output of the last block.
///
/// # Shapes
/// - `x`: `[1, 1, emb_dim]`; `norm`: scale and shift, `[emb_dim]` each; `weight`: `[emb_dim, d_out]`, whose numbers may have 16
///   bits;
/// - result: `[1, d_out]`.
///
/// # Panics
/// If [`Kernels::fuse_token`] is false, or shapes do not fit.
pub fn normalized_linear(x: Tensor<3>, norm: [Tensor<1>; 2], eps: f64, weight: Tensor<2>) -> Tensor<2> {
    let ([_, _, width], [d_in, _]) = (x.dims(), weight.dims());
    assert_eq!(width, d_in, "a linear layer for vectors of width {d_in}");
    on::normalized_linear(x, norm, eps, weight)
}

#[cfg(feature = "gpu")]
use ops as on;

/// Without a card, [`Kernels::fuse_token`] never says yes.
#[cfg(not(feature = "gpu"))]
mod on {
    use super::*;

    pub fn block(_: Tensor<3>, _: Block, _: [Tensor<4>; 2], _: usize) -> (Tensor<3>, [Tensor<4>; 2]) {
        panic!("built without a graphics card")
    }

    pub fn normalized_linear(_: Tensor<3>, _: [Tensor<1>; 2], _: f64, _: Tensor<2>) -> Tensor<2> {
        panic!("built without a graphics card")
    }
}
