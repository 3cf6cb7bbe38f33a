//! The pictures of a training run, from plain numbers: losses (section 5.2), accuracies and mistakes of a classifier
//! (section 6.7), learning rates (section D.2).

use crate::plot::{Line, LineChart, PlotError, heatmap};

/// What a model has been trained on by the end of a run, repetitions included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// Number of tokens.
    Tokens(usize),
    /// Number of examples, for instance messages.
    Examples(usize),
}

/// Losses over epochs (lower axis) and tokens or examples seen (upper axis), as SVG. Each pair holds the training loss
/// and the validation loss of one evaluation.
///
/// # Errors
/// If there is no finite loss to draw.
pub fn plot_losses(losses: &[(f64, f64)], epochs: usize, seen: Seen) -> Result<String, PlotError> {
    let unit = match seen {
        Seen::Tokens(_) => "Loss (nats per token)",
        Seen::Examples(_) => "Loss (nats per example)",
    };
    plot_evaluations("Training and validation loss", unit, ["Training loss", "Validation loss"], losses, epochs, seen)
}

/// Accuracies over epochs (lower axis) and tokens or examples seen (upper axis), as SVG. Each pair holds the training
/// accuracy and the validation accuracy of one evaluation.
///
/// # Errors
/// If there is no finite accuracy to draw.
pub fn plot_accuracies(accuracies: &[(f64, f64)], epochs: usize, seen: Seen) -> Result<String, PlotError> {
    let percent: Vec<(f64, f64)> = accuracies.iter().map(|(train, val)| (100.0 * train, 100.0 * val)).collect();
    let names = ["Training accuracy", "Validation accuracy"];
    plot_evaluations("Training and validation accuracy", "Accuracy (%)", names, &percent, epochs, seen)
}

/// As in the book, the evaluations are spread evenly over the epochs.
fn plot_evaluations(
    title: &str,
    y_label: &str,
    names: [&str; 2],
    values: &[(f64, f64)],
    epochs: usize,
    seen: Seen,
) -> Result<String, PlotError> {
    let last = values.len().saturating_sub(1).max(1) as f64;
    let epoch = |i: usize| epochs as f64 * i as f64 / last;
    let (seen_label, seen) = match seen {
        Seen::Tokens(number) => ("Tokens seen", number),
        Seen::Examples(number) => ("Examples seen", number),
    };
    let [training, validation] = names;
    LineChart {
        title,
        x_label: "Epochs",
        x_counts: true,
        y_label,
        top_axis: Some((seen_label, seen as f64)),
        lines: vec![
            Line { name: training, points: values.iter().enumerate().map(|(i, (y, _))| (epoch(i), *y)).collect() },
            Line { name: validation, points: values.iter().enumerate().map(|(i, (_, y))| (epoch(i), *y)).collect() },
        ],
    }
    .svg()
}

/// A confusion matrix as SVG: the labels of examples (rows) and the answers of a classifier (columns).
/// `counts[label][answer]` is a number of examples.
pub fn plot_confusion<const N: usize>(labels: [&str; N], counts: &[[usize; N]; N]) -> String {
    let labels = labels.map(String::from);
    let counts: Vec<f32> = counts.iter().flatten().map(|&count| count as f32).collect();
    heatmap("Confusion matrix (number of examples)", ("Label", &labels), ("Prediction", &labels), &counts)
}

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
        x_label: "Step",
        x_counts: true,
        y_label: "Learning rate",
        top_axis: None,
        lines: rates.iter().map(line).collect(),
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
        let svg = plot_losses(&[(9.0, 9.0), (4.0, 9.0), (2.0, 9.0)], 2, Seen::Tokens(512 * 11)).unwrap();
        for label in ["Epochs", "Tokens seen", "Loss (nats per token)", "Training loss", "Validation loss"] {
            assert!(svg.contains(label), "{label} is missing");
        }
        let lines: Vec<_> = svg.split("<polyline").skip(1).map(points).filter(|points| points.len() == 3).collect();
        let [train, validation] = &lines[..] else { panic!("{} lines of three points", lines.len()) };
        assert!((train[1].0 - train[0].0 - (train[2].0 - train[1].0)).abs() <= 1.0, "evenly spread: {train:?}");
        assert!(train[0].1 < train[1].1 && train[1].1 < train[2].1, "the training loss falls: {train:?}");
        assert_eq!([validation[1].1, validation[2].1], [train[0].1; 2], "the validation loss stays: {validation:?}");
        assert!(plot_losses(&[], 2, Seen::Tokens(1)).is_err());
    }

    #[test]
    fn a_classifier_has_pictures_of_its_examples_and_mistakes() {
        let seen = Seen::Examples(1040);
        let losses = plot_losses(&[(0.7, 0.7), (0.1, 0.2)], 1, seen).unwrap();
        assert!(losses.contains("Examples seen") && losses.contains("Loss (nats per example)"));
        let accuracies = plot_accuracies(&[(0.5, 0.5), (1.0, 0.9)], 1, seen).unwrap();
        assert!(accuracies.contains("Accuracy (%)"));
        assert!(accuracies.contains("Validation accuracy, dashed line: from 50.00 to 90.00."));
        assert!(plot_losses(&[], 0, Seen::Examples(0)).is_err());
        assert!(plot_confusion(["ham", "spam"], &[[5, 1], [0, 4]]).contains(">Prediction</text>"));
    }

    #[test]
    fn schedules_become_pictures() {
        let [cosine, linear] = [("cosine", vec![0.0, 1.0, 0.5]), ("linear", vec![0.0, 1.0, 0.0])];
        let one = plot_learning_rates(std::slice::from_ref(&cosine)).unwrap();
        let both = plot_learning_rates(&[cosine, linear]).unwrap();
        assert!(one.contains("cosine") && !one.contains("linear") && both.contains("linear"));
        assert!(both.matches("<polyline").count() > one.matches("<polyline").count());
        assert!(plot_learning_rates(&[("none", vec![])]).is_err());
    }
}
