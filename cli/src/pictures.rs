//! The pictures of a training run, from its evaluations.

use anyhow::Result;
use ch05_pretrain::Evaluation;
use workshop::plots::{Seen, plot_losses};

/// Training and validation losses over the epochs, as SVG.
pub fn losses(evaluations: &[Evaluation], epochs: usize, seen: Seen) -> Result<String> {
    let losses: Vec<(f64, f64)> = evaluations.iter().map(|e| (e.train_loss, e.val_loss)).collect();
    Ok(plot_losses(&losses, epochs, seen)?)
}

/// The tokens that the model had been trained on at the last evaluation.
pub fn tokens_seen(evaluations: &[Evaluation]) -> Seen {
    Seen::Tokens(evaluations.last().map_or(0, |last| last.seen))
}
