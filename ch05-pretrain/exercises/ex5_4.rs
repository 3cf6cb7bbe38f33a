//! # Exercise 5.4: on with the training
//!
//! A training run was saved with `save_checkpoint` at the end of an epoch, and its program has ended. Write the new
//! program: load the checkpoint, train one more epoch on the same text, and return the run. The result must be the one of
//! a run that was never interrupted, bit for bit: the weights, the optimizer's moments, the losses, the random numbers.
//!
//! Hint: `newest_checkpoint` finds the checkpoint in a folder. `load_checkpoint::<IgnoredAny>` (`serde::de::IgnoredAny`)
//! reads it and does not care about its settings. The number of the coming epoch is in `run.place`, and
//! `train_model_simple` runs until `TrainingConfig::epochs` epochs are done. The model must come onto a device that
//! records gradients: `device.clone().autodiff()`.
//!
//! # 练习 5.4：继续训练
//!
//! 一次训练在某个 epoch 结束时用 `save_checkpoint` 保存，随后程序退出。请编写新的程序：加载检查点，在同一段文本上再训练一个
//! epoch，并返回这次训练。结果必须与从未中断的训练逐位相同：权重、优化器的矩、损失、随机数都是如此。
//!
//! 提示：`newest_checkpoint` 在文件夹中找到检查点。`load_checkpoint::<IgnoredAny>`（`serde::de::IgnoredAny`）读取它，而不关心
//! 其中的设置。即将开始的是第几个 epoch，写在 `run.place` 里；`train_model_simple` 会一直训练到完成 `TrainingConfig::epochs`
//! 个 epoch。模型要放在记录梯度的设备上：`device.clone().autodiff()`。
//!
//! Check it: `cargo run -- exercise check 5.4`

use std::path::Path;

use burn::tensor::Device;
use ch05_pretrain::Run;

/// Takes up the newest run in `folder` and trains it one epoch more on `text`, with the settings that it was saved with
/// and with reproducible dropout masks.
///
/// # Errors
/// If there is no checkpoint, or it cannot be read, or the text is too short.
pub fn one_more_epoch(folder: &Path, text: &str, device: &Device) -> anyhow::Result<Run> {
    todo!("exercise 5.4")
}
