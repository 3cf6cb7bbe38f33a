//! # Exercise L.2: From multi-head to grouped-query attention
//!
//! You have trained a model with 12 heads of keys and values, and its cache is too large. There is no need to start
//! over: Ainslie and others (2023) replace each group of neighbouring key heads by their mean, do the same with the
//! value heads, and go on training for a short while. The queries and the output projection stay as they are.
//!
//! Write the three steps: `pool_heads` averages the heads in a projection, `from_multi_head` turns chapter 3's module
//! into a grouped one, and `forward` computes it. With H heads and K groups, query head h looks at group h / (H / K),
//! rounded down.
//!
//! Hint: the columns of a projection's weight, and the numbers of its bias, stand head by head: head 0 first, then
//! head 1. A reshape makes the group a dimension. In `forward`, repeat each head of keys and values for its query
//! heads, in place: K0 K0 K1 K1, not K0 K1 K0 K1. `split_heads` and `attend` from `ch03_attention::bonus::heads` do
//! the rest; the mask is `ch03_attention::causal_mask::causal_mask`.
//!
//! # 练习 L.2：从多头注意力到分组查询注意力
//!
//! 一个有 12 个键头和值头的模型已经训练好了，可它的缓存太大。不必从头再来：Ainslie 等人（2023）把相邻的几个键头归为一
//! 组，用它们的平均值代替，值头也照此办理，然后再训练一小段时间。查询和输出投影保持不变。
//!
//! 请写出这三步：`pool_heads` 对一个投影中的头取平均，`from_multi_head` 把第 3 章的模块改成分组的模块，`forward` 完成
//! 计算。设有 H 个头、K 个组，则查询头 h 看的是第 h / (H / K) 组，向下取整。
//!
//! 提示：投影权重的列以及偏置中的数都按头排列：先是头 0，再是头 1。用 reshape 可以让组成为一维。在 `forward` 中，每个
//! 键头和值头要按查询头的个数就地重复：K0 K0 K1 K1，而不是 K0 K1 K0 K1。其余的交给 `ch03_attention::bonus::heads` 中
//! 的 `split_heads` 和 `attend`；掩码用 `ch03_attention::causal_mask::causal_mask`。
//!
//! Check it: `cargo run -- exercise check L.2`

use burn::tensor::Tensor;
use ch03_attention::MultiHeadAttention;
use shared::Linear;

/// Causal attention whose keys and values have fewer heads than its queries.
#[derive(Clone, Debug)]
pub struct Grouped {
    /// Projection to the queries, `[d_in, num_heads · head_dim]`.
    pub w_query: Linear,
    /// Projection to the keys, `[d_in, num_kv_heads · head_dim]`.
    pub w_key: Linear,
    /// Projection to the values, `[d_in, num_kv_heads · head_dim]`.
    pub w_value: Linear,
    /// Combines the heads.
    pub out_proj: Linear,
    /// Number of query heads.
    pub num_heads: usize,
    /// Number of heads of keys and values; divides `num_heads`.
    pub num_kv_heads: usize,
}

/// The mean of each group of neighbouring heads, of the weight and, if there is one, of the bias.
///
/// # Shapes
/// - `projection`: from `d_in` to `num_heads · head_dim`;
/// - result: from `d_in` to `num_kv_heads · head_dim`.
pub fn pool_heads(projection: &Linear, num_heads: usize, num_kv_heads: usize) -> Linear {
    todo!("exercise L.2")
}

/// The grouped form of a module.
pub fn from_multi_head(attention: &MultiHeadAttention, num_kv_heads: usize) -> Grouped {
    todo!("exercise L.2")
}

impl Grouped {
    /// In evaluation mode, without dropout.
    ///
    /// # Shapes
    /// - `x`: `[batch, tokens, d_in]`;
    /// - result: `[batch, tokens, d_out]`.
    pub fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        todo!("exercise L.2")
    }
}
