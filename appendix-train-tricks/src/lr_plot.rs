//! The learning rate as a picture (figures D.1 and D.2).

use shared::plot::{Line, LineChart, PlotError};

/// Learning rates over steps, as SVG: one line for each name.
///
/// # Errors
/// If there is no finite rate to draw.
pub fn plot_learning_rates<'a>(rates: &[(&'a str, Vec<f64>)]) -> Result<String, PlotError> {
    let line = |(name, rates): &(&'a str, Vec<f64>)| Line {
        name,
        points: rates.iter().enumerate().map(|(step, rate)| (step as f64, *rate)).collect(),
    };
    LineChart {
        title: "Learning rate",
        x_label: "step",
        y_label: "learning rate",
        top_axis: None,
        lines: rates.iter().map(line).collect(),
    }
    .svg()
}
