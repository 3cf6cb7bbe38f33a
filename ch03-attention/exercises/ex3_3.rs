//! # Exercise 3.3: An attention module of GPT-2's size
//!
//! 1. `gpt2_small_attention` returns the config of a `MultiHeadAttention` as in the smallest GPT-2: 12 heads, input and
//!    output 768 wide, texts of up to 1024 tokens. Leave dropout and bias at their defaults.
//! 2. `parameter_count` says how many numbers a module of any config has to learn. Count them from the sizes, without
//!    building the module.
//!
//! Hint: there are three projections from `d_in` to `d_out`, which have a bias if `qkv_bias` says so, and an output
//! projection from `d_out` to `d_out`, which always has one. Does the number of heads matter? Does the context length?
//!
//! # 练习 3.3：GPT-2 大小的注意力模块
//!
//! 1. `gpt2_small_attention` 返回与最小的 GPT-2 相同的 `MultiHeadAttention` 的配置：12 个头，输入和输出宽度都是 768，
//!    文本最长 1024 个词元。dropout 和偏置保持默认值。
//! 2. `parameter_count` 给出任意配置的模块要学习多少个数。请根据各个尺寸来数，不要构造模块。
//!
//! 提示：有三个从 `d_in` 到 `d_out` 的投影，`qkv_bias` 决定它们是否有偏置；还有一个从 `d_out` 到 `d_out` 的输出投影，总是有偏置。
//! 头的个数有影响吗？上下文长度呢？
//!
//! Check it: `cargo run -- exercise check 3.3`

use ch03_attention::MultiHeadAttentionConfig;

/// Sizes of the attention in the smallest GPT-2.
pub fn gpt2_small_attention() -> MultiHeadAttentionConfig {
    todo!("exercise 3.3")
}

/// Number of trainable parameters of a `MultiHeadAttention` with these sizes.
pub fn parameter_count(config: &MultiHeadAttentionConfig) -> usize {
    todo!("exercise 3.3")
}
