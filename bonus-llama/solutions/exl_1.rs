//! # Solution L.1: Rotary positions in both layouts
//!
//! Once the numbers a and b of all pairs are in tensors of their own, both layouts compute the same; they differ in
//! how a and b are taken out and put back. For halves these are two slices and a concatenation. For neighbours a
//! reshape makes the pair the last dimension, and the concatenation along that dimension makes them neighbours again.
//!
//! The first token has position `first`, not 0: with a key-value cache the new token is somewhere in the middle of
//! the text, and rotating it as if it were the first one is the classic mistake. The table is computed with 64 bits
//! because an angle of 8000 radians has only three decimals left in 32 bits.
//!
//! # 解答 L.1：旋转位置编码的两种布局
//!
//! 只要把所有数对中的 a 和 b 分别放进各自的张量，两种布局的计算就完全一样，区别只在于怎样取出、怎样放回。前后两半的布
//! 局用两次切片和一次拼接；相邻的布局先用 reshape 让每对数成为最后一维，再沿这一维拼接，两个数就又相邻了。
//!
//! 第一个词元的位置是 `first`，不是 0：用 KV 缓存时，新词元处在文本的中间，把它当成开头来旋转是最常见的错误。余弦和正
//! 弦用 64 位计算，因为角度到了 8000 弧度，32 位只剩下三位小数。

use burn::tensor::{Tensor, TensorData, s};

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
    (0..head_dim / 2).map(|i| base.powf(-2.0 * i as f64 / head_dim as f64)).collect()
}

/// Rotates every head of every token; the first token is at position `first`.
///
/// # Shapes
/// - `x`: `[batch, heads, tokens, head_dim]`; the result has the same.
pub fn rotate(x: Tensor<4>, first: usize, base: f64, layout: Layout) -> Tensor<4> {
    let [batch, heads, tokens, head_dim] = x.dims();
    let half = head_dim / 2;
    let frequencies = frequencies(head_dim, base);
    let table = |of: fn(f64) -> f64| -> Tensor<4> {
        let angles = (first..first + tokens).flat_map(|p| frequencies.iter().map(move |f| p as f64 * f));
        let values: Vec<f32> = angles.map(|angle| of(angle) as f32).collect();
        Tensor::from_data(TensorData::new(values, [1, 1, tokens, half]), &x.device())
    };
    let (cos, sin) = (table(f64::cos), table(f64::sin));

    let (a, b) = match layout {
        Layout::Halves => (x.clone().slice(s![.., .., .., ..half]), x.slice(s![.., .., .., half..])),
        Layout::Neighbours => {
            let pairs = x.reshape([batch, heads, tokens, half, 2]);
            let number = |i: usize| pairs.clone().narrow(4, i, 1).squeeze_dim::<4>(4);
            (number(0), number(1))
        }
    }; // [batch, heads, tokens, head_dim / 2] each
    let turned_a = a.clone() * cos.clone() - b.clone() * sin.clone();
    let turned_b = b * cos + a * sin;
    match layout {
        Layout::Halves => Tensor::cat(vec![turned_a, turned_b], 3),
        Layout::Neighbours => {
            let pairs = Tensor::stack::<5>(vec![turned_a, turned_b], 4); // [batch, heads, tokens, head_dim / 2, 2]
            pairs.reshape([batch, heads, tokens, head_dim])
        }
    }
}
