//! The place of a line chart's legend.

use std::ops::Range;

use plotters::chart::SeriesLabelPosition;

use super::line_chart::{LEGEND_FONT, SIZE};
use super::text::widest;

/// The corner in which a legend hides least of the lines.
pub fn free_corner(lines: &[(&str, Vec<(f64, f64)>)], x: &Range<f64>, y: &Range<f64>) -> SeriesLabelPosition {
    // Size of the legend with its margin, as shares of the picture.
    let width = (widest(lines.iter().map(|(name, _)| *name), f64::from(LEGEND_FONT)) + 80.0) / f64::from(SIZE.0);
    let height = (20.0 * lines.len() as f64 + 40.0) / f64::from(SIZE.1);
    let share = |value: f64, range: &Range<f64>| (value - range.start) / (range.end - range.start);
    // Points close together on every line, as shares of the plot.
    const STEPS: u32 = 40;
    let on_lines: Vec<(f64, f64)> = lines
        .iter()
        .flat_map(|(_, points)| points.windows(2))
        .flat_map(|ends| {
            let [(x0, y0), (x1, y1)] = [ends[0], ends[1]].map(|(px, py)| (share(px, x), share(py, y)));
            (0..=STEPS).map(move |i| {
                let t = f64::from(i) / f64::from(STEPS);
                (x0 + t * (x1 - x0), y0 + t * (y1 - y0))
            })
        })
        .collect();
    let hidden = |right: bool, upper: bool| {
        let behind = |&&(x, y): &&(f64, f64)| {
            (if right { x > 1.0 - width } else { x < width }) && (if upper { y > 1.0 - height } else { y < height })
        };
        on_lines.iter().filter(behind).count()
    };
    let corners = [
        (SeriesLabelPosition::UpperRight, hidden(true, true)),
        (SeriesLabelPosition::UpperLeft, hidden(false, true)),
        (SeriesLabelPosition::LowerRight, hidden(true, false)),
        (SeriesLabelPosition::LowerLeft, hidden(false, false)),
    ];
    corners.into_iter().min_by_key(|(_, hidden)| *hidden).expect("there are four corners").0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Falling lines leave the upper right free, rising ones the upper left, and a line along the top the lower right.
    #[test]
    fn the_legend_goes_where_no_line_is() {
        let corner = |points: &[(f64, f64)]| free_corner(&[("training", points.to_vec())], &(0.0..1.0), &(0.0..1.0));
        assert_eq!(corner(&[(0.0, 1.0), (0.2, 0.2), (1.0, 0.0)]), SeriesLabelPosition::UpperRight);
        assert_eq!(corner(&[(0.0, 0.0), (1.0, 1.0)]), SeriesLabelPosition::UpperLeft);
        assert_eq!(corner(&[(0.0, 0.9), (1.0, 0.9)]), SeriesLabelPosition::LowerRight);
    }
}
