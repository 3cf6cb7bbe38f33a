//! # Exercise 6.3: The first token instead of the last
//!
//! The classifier reads its answer at the last position. Read it at the first one instead, in the loss as well as in the
//! accuracy: a model must be trained on the position that it is asked at. Write all three functions yourself, with tensor
//! operations; `Readout::First` of this crate does the first of them, but here it would hide what happens.
//!
//! Hint: a slice keeps its dimension, `squeeze_dim` drops it. `cross_entropy` of chapter 5 takes `[batch, classes]`
//! logits and `[batch]` classes. `argmax(1)` gives `[batch, 1]`.
//!
//! # 练习 6.3：用第一个词元代替最后一个
//!
//! 分类器在最后一个位置读取答案。请改为在第一个位置读取，损失和准确率都要改：模型在哪个位置被提问，就必须在哪个位置上训练。三个
//! 函数都请亲手用张量操作写出；本 crate 的 `Readout::First` 能完成其中第一个，但在这里它会掩盖实际发生的事。
//!
//! 提示：切片保留维度，`squeeze_dim` 去掉维度。第 5 章的 `cross_entropy` 接收形状为 `[batch, classes]` 的 logits 和 `[batch]`
//! 的类别。`argmax(1)` 得到 `[batch, 1]`。
//!
//! Check it: `cargo run -- exercise check 6.3`

use burn::tensor::{Tensor, s};
use ch04_gpt::GptModel;
use ch05_pretrain::cross_entropy;
use ch06_classify::SpamBatch;
use shared::Mode;

/// The logits of the first token of every message.
///
/// # Shapes
/// - `logits`: `[batch, tokens, classes]`;
/// - result: `[batch, classes]`.
pub fn first_token(logits: Tensor<3>) -> Tensor<2> {
    todo!("exercise 6.3")
}

/// The loss of a batch, read at the first token, in evaluation mode.
pub fn loss_at_first_token(model: &GptModel, batch: SpamBatch) -> Tensor<1> {
    todo!("exercise 6.3")
}

/// The share of right answers in a batch, read at the first token: from 0 to 1.
pub fn accuracy_at_first_token(model: &GptModel, batch: SpamBatch) -> f64 {
    todo!("exercise 6.3")
}
