//! What to do about a run that has diverged, and what is left of it.

use anyhow::Error;
use trainer::newest_checkpoint;

use super::observer::Observer;
use crate::diverged::{self, lower_rate};
use crate::terminal::tr;

/// The error with remedies, if the run has diverged; any other error as it is.
pub fn explain(error: Error, observer: &Observer) -> Error {
    let Observer { settings, training, .. } = observer;
    let mut remedies = vec![lower_rate(training.learning_rate)];
    if settings.recipe.clip.is_none() {
        remedies.push(tr!("clipped gradients (--clip-grad-norm 1)", "裁剪梯度（--clip-grad-norm 1）"));
    }
    if settings.recipe.schedule.warmup_steps == 0 {
        remedies.push(tr!("a warm-up (--warmup-steps 100)", "预热学习率（--warmup-steps 100）"));
    }
    if settings.precision.has_small_range() {
        remedies.push(tr!("products of a larger range (--precision bf16)", "换用范围更大的精度（--precision bf16）"));
    }
    diverged::explain(error, &remedies, &kept(observer))
}

/// What the folder keeps of the run.
fn kept(observer: &Observer) -> String {
    let (shown, epoch) = (observer.out.display(), observer.saved_epoch);
    let Ok(checkpoint) = newest_checkpoint(&observer.out) else { return diverged::kept(&observer.out, epoch) };
    let checkpoint = checkpoint.file_name().unwrap_or_default().display();
    if epoch == 0 {
        return tr!(
            " and another folder (--out): {shown} keeps {checkpoint}",
            "，并用 --out 指定另一个文件夹：{shown} 中保留了 {checkpoint}"
        );
    }
    tr!(
        " and another folder (--out): {shown} keeps the model of epoch {epoch} and {checkpoint}",
        "，并用 --out 指定另一个文件夹：{shown} 中保留了第 {epoch} 个 epoch 的模型和 {checkpoint}"
    )
}
