//! Bar charts.

use super::axis::{decimals, label, ticks_from_zero};
use super::document::document;
use super::text::{text_label, upward, widest};
use super::theme::{GRID, SERIES, Series, hex, series as style};

/// Size of a letter, width of a bar with the gap beside it, height of the largest bar: in pixels.
const FONT: f64 = 13.0;
const BAR: f64 = 18.0;
const HEIGHT: f64 = 260.0;
/// The left end of the bars, and the heights of their tops and feet.
const LEFT: f64 = 74.0;
const TOP: f64 = 72.0;
const BOTTOM: f64 = TOP + HEIGHT;

/// Groups of bars beside each other, one group per label and one bar of it per series, from 0 upward.
///
/// # Panics
/// If a series does not have one value per label.
pub fn grouped_bars(title: &str, y_label: &str, labels: &[&str], series: &[(&str, Vec<f64>)]) -> String {
    for (name, values) in series {
        assert_eq!(values.len(), labels.len(), "'{name}' has {} values for {} labels", values.len(), labels.len());
    }
    let finite = series.iter().flat_map(|(_, values)| values).copied().filter(|value| value.is_finite());
    let ticks = ticks_from_zero(finite.fold(f64::MIN_POSITIVE, f64::max));
    let group = f64::max(BAR * series.len() as f64 + 26.0, widest(labels.iter().copied(), FONT) + 10.0);
    let legend = Legend::new(series);
    let width = [LEFT + group * labels.len() as f64, legend.right, 20.0 + widest([title], 16.0)];
    let width = width.into_iter().fold(0.0, f64::max) + 20.0;

    let mut content = hatchings() + &scale(&ticks, width) + &upward(TOP + HEIGHT / 2.0, y_label);
    let largest = ticks.last().copied().unwrap_or(1.0);
    for (at, (_, values)) in series.iter().enumerate() {
        for (i, value) in values.iter().enumerate() {
            let share = if value.is_finite() { (value / largest).clamp(0.0, 1.0) } else { 0.0 };
            let x = LEFT + group * (i as f64 + 0.5) + BAR * (at as f64 - series.len() as f64 / 2.0);
            content += &bar(at, x, BOTTOM - HEIGHT * share, BAR - 2.0, HEIGHT * share);
        }
    }
    content += &legend.elements;
    for (i, name) in labels.iter().enumerate() {
        content += &text_label(LEFT + group * (i as f64 + 0.5), BOTTOM + 20.0, "middle", name);
    }
    document(width, BOTTOM + 40.0, title, &description(y_label, labels, series, decimals(&ticks) + 2), &content)
}

/// The values in words.
fn description(y_label: &str, labels: &[&str], series: &[(&str, Vec<f64>)], decimals: usize) -> String {
    let of = |(name, values): &(&str, Vec<f64>)| {
        let pairs = labels.iter().zip(values).map(|(name, value)| format!("{name} {}", label(*value, decimals)));
        format!(" {name}: {}.", pairs.collect::<Vec<_>>().join(", "))
    };
    format!("Bar chart. Vertical axis: {y_label}.{}", series.iter().map(of).collect::<String>())
}

/// The hatchings of the bars that are not solid, to be named by [`bar`].
fn hatchings() -> String {
    let pattern = |(at, style): (usize, &Series)| {
        let color = hex(style.color.light);
        style.hatching.map_or(String::new(), |angle| {
            format!(
                "<pattern id=\"hatching-{at}\" width=\"5\" height=\"5\" patternUnits=\"userSpaceOnUse\" \
                 patternTransform=\"rotate({angle})\"><path d=\"M2.5 0V5\" stroke=\"{color}\" stroke-width=\"2.5\"/>\
                 </pattern>\n"
            )
        })
    };
    format!("<defs>\n{}</defs>\n", SERIES.iter().enumerate().map(pattern).collect::<String>())
}

/// A bar of the series with this number.
fn bar(at: usize, x: f64, y: f64, width: f64, height: f64) -> String {
    let style = style(at);
    let color = hex(style.color.light);
    let fill = style.hatching.map_or(color.clone(), |_| format!("url(#hatching-{})", at % SERIES.len()));
    format!(
        "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" fill=\"{fill}\" \
         stroke=\"{color}\"/>\n"
    )
}

/// The labels of the vertical axis and the lines across the picture.
fn scale(ticks: &[f64], width: f64) -> String {
    let (decimals, color, right) = (decimals(ticks), hex(GRID.light), width - 20.0);
    let largest = ticks.last().copied().unwrap_or(1.0);
    let tick = |value: &f64| {
        let y = BOTTOM - HEIGHT * value / largest;
        format!("<line x1=\"{LEFT}\" x2=\"{right:.0}\" y1=\"{y:.1}\" y2=\"{y:.1}\" stroke=\"{color}\"/>\n")
            + &text_label(LEFT - 6.0, y + 4.0, "end", &label(*value, decimals))
    };
    ticks.iter().map(tick).collect()
}

/// The names of the series beside each other, each after a small bar.
struct Legend {
    elements: String,
    /// The right end.
    right: f64,
}

impl Legend {
    fn new(series: &[(&str, Vec<f64>)]) -> Self {
        let mut legend = Self { elements: String::new(), right: LEFT };
        for (at, (name, _)) in series.iter().enumerate() {
            legend.elements += &bar(at, legend.right, 42.0, 12.0, 12.0);
            legend.elements += &text_label(legend.right + 18.0, 53.0, "start", name);
            legend.right += widest([*name], FONT) + 40.0;
        }
        legend
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_bar_fills_the_height() {
        let svg = grouped_bars("t", "p", &["a", "b"], &[("x", vec![0.5, 0.25]), ("y", vec![0.1, 0.0])]);
        assert!(svg.contains("height=\"260.0\"") && svg.contains("height=\"130.0\"") && svg.contains("height=\"0.0\""));
    }
}
