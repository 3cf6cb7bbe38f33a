//! # Exercise 5.4: Continue the training
//!
//! A model was trained for some epochs. Then it was written into a file together with its optimizer, with
//! `save_model_and_optimizer`, and the program ended. Write the new program: load both, train one more epoch on the same
//! text, and return them with the losses of that epoch. The result must be the one of a run that was never interrupted,
//! bit for bit: the weights, the optimizer's moments, the losses, the random numbers.
//!
//! Hint: `load_model_and_optimizer` wants a new model of the same sizes and a new optimizer with the same weight decay.
//! The values of the new model do not matter, so do not draw any from `rng`: it arrives in the state in which the run
//! left it. The model must be made on a device that records gradients: `device.clone().autodiff()`. `train_model_simple`
//! trains `TrainingConfig::epochs` epochs; how many do you want?
//!
//! # 练习 5.4：继续训练
//!
//! 一个模型训练了若干 epoch，随后用 `save_model_and_optimizer` 与优化器一起写入文件，程序退出。请编写新的程序：加载这两者，在同一段
//! 文本上再训练一个 epoch，并把它们连同这个 epoch 的损失一起返回。结果必须与从未中断的训练逐位相同：权重、优化器的矩、损失、随机数都是
//! 如此。
//!
//! 提示：`load_model_and_optimizer` 需要一个尺寸相同的新模型，和一个权重衰减相同的新优化器。新模型的初始值无关紧要，所以不要从 `rng`
//! 中抽取：它传入时正处于上次训练结束时的状态。模型要建在记录梯度的设备上：`device.clone().autodiff()`。`train_model_simple` 会训练
//! `TrainingConfig::epochs` 个 epoch；你想要几个？
//!
//! Check it: `cargo run -- exercise check 5.4`

use std::path::Path;

use burn::tensor::Device;
use ch04_gpt::GptModel;
use ch05_pretrain::{AdamW, Evaluation};
use shared::rng::TorchRng;
use shared::{GptConfig, TrainingConfig};

/// Loads the model and the optimizer in the file at `path` and trains them one epoch more on `text`. `config` and
/// `training` are those of the run so far, and windows are as long as the model's context.
///
/// # Errors
/// If the file cannot be read, or the text is too short.
pub fn one_more_epoch(
    path: &Path,
    text: &str,
    config: &GptConfig,
    training: &TrainingConfig,
    rng: &mut TorchRng,
    device: &Device,
) -> anyhow::Result<(GptModel, AdamW, Vec<Evaluation>)> {
    todo!("exercise 5.4")
}
