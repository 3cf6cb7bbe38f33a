//! # Solution 3.3: An attention module of GPT-2's size
//!
//! Three times 768 · 768 for queries, keys and values, once more for the output projection, and its 768 biases:
//! 2,360,064 parameters, 2.36 million. The heads only divide the columns of the projections, and the mask is not
//! learned, so neither the number of heads nor the context length counts.
//!
//! # 解答 3.3：GPT-2 大小的注意力模块
//!
//! 查询、键、值各 768 · 768，输出投影再来一个，加上它的 768 个偏置：一共 2,360,064 个参数，即 236 万。
//! 各个头只是分配投影的列，掩码也不参与学习，所以头的个数和上下文长度都不影响参数量。

use ch03_attention::MultiHeadAttentionConfig;

/// Sizes of the attention in the smallest GPT-2.
pub fn gpt2_small_attention() -> MultiHeadAttentionConfig {
    let (width, context_length, num_heads) = (768, 1024, 12);
    MultiHeadAttentionConfig::new(width, width, context_length, num_heads)
}

/// Number of trainable parameters of a `MultiHeadAttention` with these sizes.
pub fn parameter_count(config: &MultiHeadAttentionConfig) -> usize {
    let MultiHeadAttentionConfig { d_in, d_out, qkv_bias, .. } = *config;
    let qkv = 3 * (d_in + usize::from(qkv_bias)) * d_out;
    let out_proj = (d_out + 1) * d_out;
    qkv + out_proj
}
