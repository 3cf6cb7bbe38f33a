//! Bar charts.

use plotters::style::RGBColor;

use super::COLORS;
use super::axis::{round_step, tick};
use super::text::{escape, text_width};

/// Groups of bars beside each other, one group per label and one bar of it per series, from 0 upward.
///
/// # Panics
/// If a series does not have one value per label.
pub fn grouped_bars(title: &str, y_label: &str, labels: &[&str], series: &[(&str, Vec<f64>)]) -> String {
    const BAR: f64 = 18.0;
    const HEIGHT: f64 = 260.0;
    let (left, top) = (70.0, 72.0);
    let longest = labels.iter().map(|label| text_width(label, 13.0)).fold(0.0, f64::max);
    let group = f64::max(BAR * series.len() as f64 + 26.0, longest + 10.0);
    let legend: f64 = series.iter().map(|(name, _)| text_width(name, 13.0) + 40.0).sum();
    let title_width = 20.0 + text_width(title, 18.0);
    let width = [left + group * labels.len() as f64, left + legend, title_width].into_iter().fold(0.0, f64::max) + 20.0;
    let bottom = top + HEIGHT;
    let values = series.iter().flat_map(|(_, values)| values).copied().filter(|value| value.is_finite());
    let largest = values.fold(f64::MIN_POSITIVE, f64::max);
    let step = round_step(largest);
    let ticks = (largest / step - 1e-9).ceil();
    let axis = 0.0..ticks * step;

    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{:.0}\" font-family=\"sans-serif\" \
         font-size=\"13\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n\
         <text x=\"20\" y=\"28\" font-size=\"18\">{}</text>\n\
         <text x=\"18\" y=\"{:.0}\" transform=\"rotate(-90 18 {:.0})\" text-anchor=\"middle\">{}</text>\n",
        bottom + 40.0,
        escape(title),
        top + HEIGHT / 2.0,
        top + HEIGHT / 2.0,
        escape(y_label)
    );
    for i in 0..=ticks as u32 {
        let value = step * f64::from(i);
        let y = bottom - HEIGHT * value / axis.end;
        svg += &format!(
            "<line x1=\"{left}\" x2=\"{:.0}\" y1=\"{y:.1}\" y2=\"{y:.1}\" stroke=\"#ddd\"/>\n\
             <text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>\n",
            width - 20.0,
            left - 6.0,
            y + 4.0,
            tick(value, &axis)
        );
    }
    let mut legend_x = left;
    for (at, (name, values)) in series.iter().enumerate() {
        assert_eq!(values.len(), labels.len(), "'{name}' has {} values for {} labels", values.len(), labels.len());
        let RGBColor(r, g, b) = COLORS[at % COLORS.len()];
        for (i, value) in values.iter().enumerate() {
            let share = if value.is_finite() { (value / axis.end).clamp(0.0, 1.0) } else { 0.0 };
            let height = HEIGHT * share;
            let x = left + group * (i as f64 + 0.5) + BAR * (at as f64 - series.len() as f64 / 2.0);
            svg += &format!(
                "<rect x=\"{x:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{height:.1}\" fill=\"rgb({r},{g},{b})\"/>\n",
                bottom - height,
                BAR - 2.0
            );
        }
        svg += &format!(
            "<rect x=\"{legend_x:.1}\" y=\"42\" width=\"12\" height=\"12\" fill=\"rgb({r},{g},{b})\"/>\n\
             <text x=\"{:.1}\" y=\"53\">{}</text>\n",
            legend_x + 18.0,
            escape(name)
        );
        legend_x += text_width(name, 13.0) + 40.0;
    }
    for (i, label) in labels.iter().enumerate() {
        let x = left + group * (i as f64 + 0.5);
        svg += &format!("<text x=\"{x:.1}\" y=\"{}\" text-anchor=\"middle\">{}</text>\n", bottom + 20.0, escape(label));
    }
    svg + "</svg>\n"
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
