//! Losses, accuracies and mistakes as pictures (section 6.7).

use shared::plot::{Line, LineChart, PlotError, heatmap};

use crate::{Confusion, History, Label};

/// Losses over passes (lower axis) and messages seen (upper axis), as SVG.
///
/// # Errors
/// If there is nothing to draw.
pub fn plot_losses(history: &History) -> Result<String, PlotError> {
    let losses = history.evaluations.iter().map(|e| (e.train_loss, e.val_loss)).unzip();
    plot_values(history, "Losses while learning", "loss", losses)
}

/// Accuracies over passes (lower axis) and messages seen (upper axis), as SVG.
///
/// # Errors
/// If there is nothing to draw.
pub fn plot_accuracies(history: &History) -> Result<String, PlotError> {
    let accuracies = history.accuracies.iter().map(|a| (a.train, a.validation)).unzip();
    plot_values(history, "Accuracies while learning", "accuracy", accuracies)
}

/// As in the book, the values are spread evenly over the passes.
fn plot_values(
    history: &History,
    title: &str,
    y_label: &str,
    (train, validation): (Vec<f64>, Vec<f64>),
) -> Result<String, PlotError> {
    let epochs = history.accuracies.len() as f64;
    let last = train.len().saturating_sub(1).max(1) as f64;
    let points =
        |values: Vec<f64>| values.into_iter().enumerate().map(|(i, y)| (epochs * i as f64 / last, y)).collect();
    LineChart {
        title,
        x_label: "epochs",
        y_label,
        top_axis: Some(("examples seen", history.examples_seen as f64)),
        lines: vec![
            Line { name: "training", points: points(train) },
            Line { name: "validation", points: points(validation) },
        ],
    }
    .svg()
}

/// What messages are (rows) and what they were taken for (columns), as SVG.
pub fn plot_confusion(confusion: &Confusion) -> String {
    let labels = |what: &str| Label::ALL.map(|label| format!("{what}{}", label.name()));
    let counts: Vec<f32> = confusion.counts.iter().flatten().map(|&count| count as f32).collect();
    heatmap("Messages (rows) and answers (columns)", &labels("is "), &labels("\u{2192} "), &counts)
}
