//! # Solution 3.2: Two columns from two heads
//!
//! The result has `num_heads · d_out` columns, so two heads and two columns leave one column for each head. In
//! `MultiHeadAttention` of section 3.6.2 the same name means something else: there `d_out` is the width of all heads
//! together, and the answer would be 2.
//!
//! # 解答 3.2：两个头得到两列
//!
//! 结果有 `num_heads · d_out` 列，所以两个头、两列意味着每个头一列。3.6.2 节的 `MultiHeadAttention` 里，同一个名字含义不同：
//! 那里的 `d_out` 是所有头加在一起的宽度，答案会是 2。

use ch03_attention::MultiHeadAttentionWrapperConfig;

/// Sizes for the running example: two heads and, together, two columns.
pub fn two_columns_from_two_heads() -> MultiHeadAttentionWrapperConfig {
    let (d_in, d_out, context_length, num_heads) = (3, 1, 6, 2);
    MultiHeadAttentionWrapperConfig::new(d_in, d_out, context_length, num_heads)
}
