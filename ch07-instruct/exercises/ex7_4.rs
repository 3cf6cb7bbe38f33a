//! # Exercise 7.4: Fine-tune few parameters
//!
//! LoRA leaves the weights of a model as they are and learns a small addition to each linear layer: beside the weight
//! from `d_in` to `d_out` values stand two matrices, A with `d_in` rows and `rank` columns and B with `rank` rows and
//! `d_out` columns. Appendix E builds it; here you find out what it costs. `all_parameters` counts what the whole model
//! trains, `lora_parameters` what LoRA trains when every linear layer gets A and B: the four projections of attention and
//! the two layers of the feed-forward network in each block, and the output layer. `lora_forward` computes the output of
//! one such layer: that of the old weight plus `scale` times x·A·B.
//!
//! Hint: embeddings and norms get no LoRA, biases neither. With B all zeros, the layer computes what it did before.
//!
//! # 练习 7.4：只微调少量参数
//!
//! LoRA 不改动模型的权重，而是为每个线性层学习一个小小的附加项：在从 `d_in` 个值到 `d_out` 个值的权重旁边放两个矩阵，A 有 `d_in`
//! 行、`rank` 列，B 有 `rank` 行、`d_out` 列。附录 E 会实现它；在这里，请先求出它的代价。`all_parameters` 统计整个模型训练多少参数，
//! `lora_parameters` 统计每个线性层都配上 A 和 B 时 LoRA 训练多少参数：每个块中注意力的四个投影和前馈网络的两层，以及输出层。
//! `lora_forward` 计算这样一层的输出：旧权重的输出，加上 `scale` 乘以 x·A·B。
//!
//! 提示：嵌入和归一化层没有 LoRA，偏置也没有。B 全为零时，这一层的结果与原来相同。
//!
//! Check it: `cargo run -- exercise check 7.4`

use burn::nn::Linear;
use burn::tensor::Tensor;
use shared::GptConfig;

/// Parameters of the whole model, with an output layer of its own.
pub fn all_parameters(config: &GptConfig) -> usize {
    todo!("exercise 7.4")
}

/// Parameters of A and B of all linear layers.
pub fn lora_parameters(config: &GptConfig, rank: usize) -> usize {
    todo!("exercise 7.4")
}

/// The output of `layer` with its addition.
///
/// # Shapes
/// - `x`: `[rows, d_in]`, `a`: `[d_in, rank]`, `b`: `[rank, d_out]`;
/// - result: `[rows, d_out]`.
pub fn lora_forward(layer: &Linear, a: Tensor<2>, b: Tensor<2>, scale: f64, x: Tensor<2>) -> Tensor<2> {
    todo!("exercise 7.4")
}
