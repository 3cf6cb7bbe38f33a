//! The losses of a run as a picture (section 5.2).

use shared::plot::{Line, LineChart, PlotError};

use crate::Evaluation;

/// Training and validation loss over epochs (lower axis) and tokens seen (upper axis), as SVG.
///
/// # Errors
/// If there is no finite loss to draw.
pub fn plot_losses(evaluations: &[Evaluation], epochs: usize) -> Result<String, PlotError> {
    let tokens = evaluations.last().map_or(1, |last| last.tokens_seen);
    let line = |name, loss: fn(&Evaluation) -> f64| {
        // As in the book, the evaluations are spread evenly over the epochs.
        let last = evaluations.len().saturating_sub(1).max(1) as f64;
        let points = evaluations.iter().enumerate().map(|(i, e)| (epochs as f64 * i as f64 / last, loss(e)));
        Line { name, points: points.collect() }
    };
    LineChart {
        title: "Losses while learning",
        x_label: "epochs",
        y_label: "loss",
        top_axis: Some(("tokens seen", tokens as f64)),
        lines: vec![line("training", |e| e.train_loss), line("validation", |e| e.val_loss)],
    }
    .svg()
}
