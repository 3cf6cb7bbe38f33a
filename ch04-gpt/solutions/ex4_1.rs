//! # Solution 4.1: Parameters of attention and of the feed-forward network
//!
//! With width d, the feed-forward network has two matrices of 4d² weights and biases of 4d and d: 8d² + 5d. Attention
//! has four matrices of d² weights and one bias of d: 4d² + d. So the feed-forward network is twice as large, and
//! because attention costs no more parameters with more heads, that holds for every size of GPT-2. For d = 768:
//! 4,722,432 against 2,360,064 in one block, 56,669,184 against 28,320,768 in all twelve.
//!
//! # 解答 4.1：注意力与前馈网络的参数
//!
//! 设宽度为 d。前馈网络有两个各含 4d² 个权重的矩阵，偏置分别为 4d 和 d：共 8d² + 5d。注意力有四个各含 d² 个权重的矩阵和一个
//! 长为 d 的偏置：共 4d² + d。因此前馈网络大一倍；而头数增多并不增加注意力的参数，所以 GPT-2 的每种尺寸都是如此。d = 768 时，
//! 一个块内是 4,722,432 对 2,360,064，十二个块合计 56,669,184 对 28,320,768。

use burn::module::Module;
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
    BlockParams { feed_forward: block.ff.num_params(), attention: block.att.num_params() }
}

/// Computes how many a block of this configuration has, from `emb_dim` and `qkv_bias`.
pub fn predicted(config: &GptConfig) -> BlockParams {
    let d = config.emb_dim;
    let linear = |d_in: usize, d_out: usize, bias: bool| d_in * d_out + if bias { d_out } else { 0 };
    BlockParams {
        feed_forward: linear(d, 4 * d, true) + linear(4 * d, d, true),
        attention: 3 * linear(d, d, config.qkv_bias) + linear(d, d, true),
    }
}
