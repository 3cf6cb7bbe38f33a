//! # Exercise 6.2: Fine-tuning the whole model
//!
//! Section 6.5 freezes the model and trains only the last block, the norm behind it and the new head. Make a classifier
//! whose every parameter is trained: replace the output layer, and freeze nothing. The model may arrive frozen, wholly or
//! in part; your function has to undo that.
//!
//! Hint: `add_classification_head` replaces the layer, and `set_trainable` decides what training changes. If you would
//! rather do it by hand: `Param::set_require_grad`, called for every parameter by a `ModuleMapper`.
//!
//! # 练习 6.2：微调整个模型
//!
//! 6.5 节冻结模型，只训练最后一个块、它之后的归一化层和新的输出头。请构建一个所有参数都参与训练的分类器：替换输出层，什么都不
//! 冻结。传入的模型可能已被全部或部分冻结，你的函数要解除冻结。
//!
//! 提示：`add_classification_head` 替换输出层，`set_trainable` 决定训练改变哪些部分。如果想亲手实现：用 `ModuleMapper` 对每个
//! 参数调用 `Param::set_require_grad`。
//!
//! Check it: `cargo run -- exercise check 6.2`

use burn::tensor::Device;
use ch04_gpt::GptModel;
use ch06_classify::{Trainable, add_classification_head, set_trainable};
use shared::rng::TorchRng;

/// `model` with a head for two classes, drawn from `rng`, and all parameters trainable. `device` is that of the model and
/// records gradients.
pub fn fully_trainable_classifier(model: GptModel, rng: &mut TorchRng, device: &Device) -> GptModel {
    todo!("exercise 6.2")
}
