//! # Solution 5.4: Continue the training
//!
//! Two things must be restored besides the weights. The moments of AdamW: they are its memory of the last gradients, and
//! without them the first steps are too large and in poor directions; AdamW also corrects them by its number of steps. And
//! the generator: it gives the order of the windows and the dropout masks. There are two traps. `training.epochs` is the
//! number of the whole run, but the loop counts from where it is called, so "one more" is 1. And a model that gets its
//! values from a file must not draw any: `GptModel::new` alone draws none, `torch_init` would advance the generator.
//!
//! # 解答 5.4：继续训练
//!
//! 除了权重，还有两样东西必须恢复。AdamW 的矩：它们是对最近梯度的记忆，没有它们，最初几步会迈得太大，方向也差；AdamW 还按步数修正
//! 这些矩。随机数生成器：它决定窗口的顺序和 dropout 掩码。这里有两个陷阱。`training.epochs` 是整个训练的数目，而循环从调用时数起，
//! 所以“再训练一个”就是 1。另外，从文件中取得数值的模型不应再抽取随机数：单独的 `GptModel::new` 什么也不抽，`torch_init` 则会改变
//! 生成器的状态。

use std::path::Path;

use burn::tensor::Device;
use ch04_gpt::GptModel;
use ch05_pretrain::{AdamW, Evaluation, Loaders, load_model_and_optimizer, train_model_simple};
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
    let device = device.clone().autodiff();
    let (model, optimizer) = (GptModel::new(config, &device), AdamW::new(training.weight_decay));
    let (model, mut optimizer) = load_model_and_optimizer(path, model, optimizer)?;
    let loaders = Loaders::new(text, config.context_length, training.batch_size)?;
    let training = TrainingConfig { epochs: 1, ..training.clone() };
    let (model, evaluations) = train_model_simple(model, &mut optimizer, &loaders, &training, rng, &device, |_| {});
    Ok((model, optimizer, evaluations))
}
