//! # Exercise 4.1: Parameters of attention and of the feed-forward network
//!
//! A transformer block has two large parts: attention and the feed-forward network. Which one holds more parameters,
//! and by how much? Find out twice. `counted` asks a block that exists; `predicted` computes the same two numbers from
//! the sizes in the configuration, without building anything. Both leave the norms out.
//!
//! Hint: every burn module has `num_params()` once the trait `burn::module::Module` is in scope. On paper, a linear
//! layer from `a` to `b` values has `a * b` weights and, with a bias, `b` more. Mind `qkv_bias`: it decides about the
//! bias of the three projections, but the output projection of attention always has one.
//!
//! # 练习 4.1：注意力与前馈网络的参数
//!
//! 一个 Transformer 块有两大部分：注意力和前馈网络。哪一部分的参数更多，多几倍？请用两种办法求出答案。`counted` 直接
//! 询问一个已经存在的块；`predicted` 不构建任何东西，只根据配置中的尺寸算出同样的两个数。两者都不计归一化层。
//!
//! 提示：引入 trait `burn::module::Module` 之后，burn 的每个模块都有 `num_params()`。用纸笔计算时，从 `a` 个值到 `b` 个值的
//! 线性层有 `a * b` 个权重，带偏置时再加 `b` 个。注意 `qkv_bias`：它决定三个投影是否带偏置，而注意力的输出投影总是带偏置。
//!
//! Check it: `cargo run -- exercise check 4.1`

use ch04_gpt::TransformerBlock;
use shared::GptConfig;

/// Number of parameters of the two large parts of one block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockParams {
    /// Those of `FeedForward`.
    pub feed_forward: usize,
    /// Those of `MultiHeadAttention`.
    pub attention: usize,
}

/// Counts the parameters that `block` has.
pub fn counted(block: &TransformerBlock) -> BlockParams {
    todo!("exercise 4.1")
}

/// Computes how many a block of this configuration has, from `emb_dim` and `qkv_bias`.
pub fn predicted(config: &GptConfig) -> BlockParams {
    todo!("exercise 4.1")
}
