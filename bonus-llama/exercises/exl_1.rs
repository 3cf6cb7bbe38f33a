//! # Exercise L.1: Rotary positions in both layouts
//!
//! A Llama tells positions apart by turning queries and keys. Pair i of a head at position p is rotated by the angle
//! `p · base^(-2i / head_dim)`:
//!
//! ```text
//! a' = a·cos(angle) - b·sin(angle)
//! b' = b·cos(angle) + a·sin(angle)
//! ```
//!
//! Files differ in what a pair is. With head_dim 8, Hugging Face pairs the two halves, and Meta's own files pair
//! neighbours:
//!
//! ```text
//! halves      (x0, x4) (x1, x5) (x2, x6) (x3, x7)
//! neighbours  (x0, x1) (x2, x3) (x4, x5) (x6, x7)
//! ```
//!
//! Both work, but a model only understands the layout that it was trained with. Write `frequencies` and then `rotate`
//! for both. In the result, every number is back in its place.
//!
//! Hint: compute the cosines and sines of `[tokens, head_dim / 2]` angles on the host, with 64 bits, and let the
//! tensor operations repeat them for batch and heads. For neighbours,
//! `reshape([batch, heads, tokens, head_dim / 2, 2])` puts the two numbers of a pair into a dimension of their own.
//! Try it before you look at `src/rope.rs`, which has one of the two.
//!
//! # 练习 L.1：旋转位置编码的两种布局
//!
//! Llama 靠旋转查询和键来区分位置。位置 p 上，一个头的第 i 对数转过的角度是 `p · base^(-2i / head_dim)`：
//!
//! ```text
//! a' = a·cos(角度) - b·sin(角度)
//! b' = b·cos(角度) + a·sin(角度)
//! ```
//!
//! 哪两个数算一对，各家文件的约定不同。以 head_dim = 8 为例，Hugging Face 让前后两半对应成对，Meta 自己的文件则让相邻
//! 的数成对：
//!
//! ```text
//! 前后两半  (x0, x4) (x1, x5) (x2, x6) (x3, x7)
//! 相邻      (x0, x1) (x2, x3) (x4, x5) (x6, x7)
//! ```
//!
//! 两种都行得通，但模型只认训练时用的那一种。请先写 `frequencies`，再写支持这两种布局的 `rotate`。结果中的每个数都留
//! 在它原来的位置上。
//!
//! 提示：在主机上用 64 位算出 `[tokens, head_dim / 2]` 个角度的余弦和正弦，批次和头这两维交给张量运算去广播。对于相邻
//! 的布局，`reshape([batch, heads, tokens, head_dim / 2, 2])` 会把一对数放进单独的一维。`src/rope.rs` 里有其中一种，
//! 先自己试试再看。
//!
//! Check it: `cargo run -- exercise check L.1`

use burn::tensor::Tensor;

/// Which two numbers of a head form a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// One of the first half and one of the second.
    Halves,
    /// Two that stand side by side.
    Neighbours,
}

/// Radians per position of each pair, `head_dim / 2` numbers.
pub fn frequencies(head_dim: usize, base: f64) -> Vec<f64> {
    todo!("exercise L.1")
}

/// Rotates every head of every token; the first token is at position `first`.
///
/// # Shapes
/// - `x`: `[batch, heads, tokens, head_dim]`; the result has the same.
pub fn rotate(x: Tensor<4>, first: usize, base: f64, layout: Layout) -> Tensor<4> {
    todo!("exercise L.1")
}
