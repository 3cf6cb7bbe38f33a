//! # Exercise 3.1: The same numbers from bare matrices and from linear layers
//!
//! `SelfAttentionV1` and `SelfAttentionV2` compute the same formula. Their results differ only because their weights
//! do.
//!
//! 1. `v1_with_weights_of` builds a `SelfAttentionV1` with the weights of a given `SelfAttentionV2`, so that both give
//!    the same context vectors.
//! 2. `pytorch_weight` returns the weight of a linear layer as PyTorch prints it. PyTorch keeps one row per output, and
//!    its readers have to transpose in task 1. Look at the shape of `w_query.weight` to see how burn keeps it.
//!
//! Hint: the fields of both structs are public. `layer.weight.val()` is the tensor in a layer, and `Param::from_tensor`
//! makes a parameter of a tensor. The `.transpose()` of a tensor swaps its two dimensions.
//!
//! # 练习 3.1：裸矩阵与线性层得到同样的数
//!
//! `SelfAttentionV1` 和 `SelfAttentionV2` 计算的是同一个公式，结果不同只是因为权重不同。
//!
//! 1. `v1_with_weights_of` 用给定的 `SelfAttentionV2` 的权重构造一个 `SelfAttentionV1`，使两者输出相同的上下文向量。
//! 2. `pytorch_weight` 按 PyTorch 打印的样子返回线性层的权重。PyTorch 每个输出占一行，所以用 PyTorch 的读者在第 1 步必须转置。
//!    看看 `w_query.weight` 的形状，就知道 burn 是怎样存放的。
//!
//! 提示：两个结构体的字段都是公开的。`layer.weight.val()` 取出层里的张量，`Param::from_tensor` 把张量变成参数，
//! 张量的 `.transpose()` 交换它的两个维度。
//!
//! Check it: `cargo run -- exercise check 3.1`

use burn::tensor::Tensor;
use ch03_attention::{SelfAttentionV1, SelfAttentionV2};
use shared::Linear;

/// A `SelfAttentionV1` that gives the same context vectors as `v2`, whose layers have no bias.
pub fn v1_with_weights_of(v2: &SelfAttentionV2) -> SelfAttentionV1 {
    todo!("exercise 3.1")
}

/// The weight of `layer` as PyTorch prints it.
///
/// # Shapes
/// - result: `[d_out, d_in]`, one row per output.
pub fn pytorch_weight(layer: &Linear) -> Tensor<2> {
    todo!("exercise 3.1")
}
