//! # Exercise 3.2: Two columns from two heads
//!
//! A `MultiHeadAttentionWrapper` with two heads of width 2 gives context vectors with four columns. Choose the
//! arguments of its config so that the running example (6 tokens, each with 3 numbers) gives context vectors with two
//! columns, still from two heads. Leave the type as it is.
//!
//! Hint: `d_out` is the width of one head, and the results of the heads are put side by side.
//!
//! # 练习 3.2：两个头得到两列
//!
//! 有两个宽度为 2 的头的 `MultiHeadAttentionWrapper` 给出四列的上下文向量。请选择配置的参数，使贯穿本章的例子
//! （6 个词元，每个 3 个数）得到两列的上下文向量，头的个数仍然是两个。不要改动这个类型。
//!
//! 提示：`d_out` 是一个头的宽度，各个头的结果并排拼接。
//!
//! Check it: `cargo run -- exercise check 3.2`

use ch03_attention::MultiHeadAttentionWrapperConfig;

/// Sizes for the running example: two heads and, together, two columns.
pub fn two_columns_from_two_heads() -> MultiHeadAttentionWrapperConfig {
    todo!("exercise 3.2")
}
