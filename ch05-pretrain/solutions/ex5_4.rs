//! # Solution 5.4: on with the training
//!
//! Three things must come back besides the weights. The moments of AdamW: they are its memory of the last gradients, and
//! without them the first steps are too large and in poor directions. The generator: it gives the order of the windows and
//! the dropout masks. And the place in the run: AdamW corrects its moments by the number of steps. `load_checkpoint`
//! returns all of them, so the solution has little left to do. The only trap is the number of epochs: it counts from the
//! start of the run, so "one more" is the number of the coming epoch, not 1.
//!
//! # 解答 5.4：继续训练
//!
//! 除了权重，还有三样东西必须恢复。AdamW 的矩：它们是对最近梯度的记忆，没有它们，最初几步会迈得太大，方向也差。随机数
//! 生成器：它决定窗口的顺序和 dropout 掩码。训练的位置：AdamW 按步数修正这些矩。`load_checkpoint` 会把它们全部取回，所以解答
//! 要做的事很少。唯一的陷阱是 epoch 的数目：它从训练开始算起，所以“再训练一个”是即将开始的那个 epoch 的序号，而不是 1。

use std::ops::ControlFlow;
use std::path::Path;

use burn::tensor::Device;
use ch05_pretrain::{Loaders, Run, load_checkpoint, newest_checkpoint, train_model_simple};
use serde::de::IgnoredAny;
use shared::TrainingConfig;

/// Takes up the newest run in `folder` and trains it one epoch more on `text`, with the settings that it was saved with
/// and with reproducible dropout masks.
///
/// # Errors
/// If there is no checkpoint, or it cannot be read, or the text is too short.
pub fn one_more_epoch(folder: &Path, text: &str, device: &Device) -> anyhow::Result<Run> {
    let device = device.clone().autodiff();
    let (config, run, file) = load_checkpoint::<IgnoredAny>(&newest_checkpoint(folder)?, &device)?;
    let training = TrainingConfig { epochs: run.place.epoch, ..file.training };
    let loaders = Loaders::new(text, config.context_length, training.batch_size)?;
    train_model_simple(run, &loaders, &training, true, &device, |_| Ok(ControlFlow::Continue(())))
}
