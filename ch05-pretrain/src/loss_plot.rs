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

#[cfg(test)]
mod tests {
    use super::*;

    /// The places of a line's points in the picture.
    fn points(polyline: &str) -> Vec<(f64, f64)> {
        let list = polyline.split_once("points=\"").unwrap().1.split_once('"').unwrap().0;
        let number = |text: &str| text.parse::<f64>().unwrap();
        list.split_whitespace()
            .map(|point| point.split_once(',').unwrap())
            .map(|(x, y)| (number(x), number(y)))
            .collect()
    }

    #[test]
    fn both_losses_are_drawn_over_the_epochs() {
        let evaluation = |step: usize, train_loss: f64| Evaluation {
            epoch: 1,
            step,
            tokens_seen: 512 * (step + 1),
            train_loss,
            val_loss: 9.0,
        };
        let svg = plot_losses(&[evaluation(0, 9.0), evaluation(5, 4.0), evaluation(10, 2.0)], 2).unwrap();
        for label in ["epochs", "tokens seen", "training", "validation"] {
            assert!(svg.contains(label), "{label} is missing");
        }
        let lines: Vec<_> = svg.split("<polyline").skip(1).map(points).filter(|points| points.len() == 3).collect();
        let [train, validation] = &lines[..] else { panic!("{} lines of three points", lines.len()) };
        assert!((train[1].0 - train[0].0 - (train[2].0 - train[1].0)).abs() <= 1.0, "evenly spread: {train:?}");
        assert!(train[0].1 < train[1].1 && train[1].1 < train[2].1, "the training loss falls: {train:?}");
        assert_eq!([validation[1].1, validation[2].1], [train[0].1; 2], "the validation loss stays: {validation:?}");
        assert!(plot_losses(&[], 2).is_err());
    }
}
