//! Pictures as SVG text: lines over one or two horizontal axes, groups of bars, and heat maps.

use plotters::prelude::*;

const SIZE: (u32, u32) = (760, 460);
const LINE_COLORS: [RGBColor; 4] =
    [RGBColor(31, 119, 180), RGBColor(214, 96, 20), RGBColor(44, 140, 60), RGBColor(140, 70, 170)];

/// Why a picture could not be drawn.
#[derive(Debug, thiserror::Error)]
#[error("cannot draw '{title}': {reason}")]
pub struct PlotError {
    title: String,
    reason: String,
}

/// A named line.
#[derive(Clone, Debug)]
pub struct Line<'a> {
    /// Name in the legend.
    pub name: &'a str,
    /// Points (x, y). Points that are not finite are left out.
    pub points: Vec<(f64, f64)>,
}

/// A picture with lines.
#[derive(Clone, Debug)]
pub struct LineChart<'a> {
    /// Heading.
    pub title: &'a str,
    /// Label of the lower horizontal axis.
    pub x_label: &'a str,
    /// Label of the vertical axis.
    pub y_label: &'a str,
    /// Label of the upper horizontal axis and its value at the right end of the lower one, if it is to be drawn. Both
    /// axes begin at 0.
    pub top_axis: Option<(&'a str, f64)>,
    /// What to draw.
    pub lines: Vec<Line<'a>>,
}

impl LineChart<'_> {
    /// The picture as SVG.
    ///
    /// # Errors
    /// If there is no finite point to draw.
    pub fn svg(&self) -> Result<String, PlotError> {
        let fail = |reason: String| PlotError { title: self.title.into(), reason };
        let lines: Vec<(&str, Vec<(f64, f64)>)> = self
            .lines
            .iter()
            .map(|line| {
                let finite = line.points.iter().copied().filter(|(x, y)| x.is_finite() && y.is_finite());
                (line.name, finite.collect())
            })
            .collect();
        let points = || lines.iter().flat_map(|(_, points)| points);
        let (x_low, x_high) =
            range(points().map(|p| p.0)).ok_or_else(|| fail("there is no finite point".to_string()))?;
        let (y_low, y_high) = range(points().map(|p| p.1)).expect("a point has both coordinates");
        let x_low = if self.top_axis.is_some() { 0.0 } else { x_low };
        let margin = 0.05 * (y_high - y_low);

        let mut svg = String::new();
        {
            let area = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
            let draw = || -> Result<(), Box<dyn std::error::Error>> {
                area.fill(&WHITE)?;
                let mut chart = ChartBuilder::on(&area)
                    .caption(self.title, ("sans-serif", 20))
                    .margin(14)
                    .x_label_area_size(44)
                    .y_label_area_size(58)
                    .top_x_label_area_size(if self.top_axis.is_some() { 44 } else { 0 })
                    .build_cartesian_2d(x_low..x_high, y_low - margin..y_high + margin)?
                    .set_secondary_coord(
                        0.0..self.top_axis.map_or(1.0, |(_, end)| end),
                        y_low - margin..y_high + margin,
                    );
                chart
                    .configure_mesh()
                    .x_desc(self.x_label)
                    .y_desc(self.y_label)
                    .axis_desc_style(("sans-serif", 15))
                    .label_style(("sans-serif", 13))
                    .light_line_style(WHITE)
                    .draw()?;
                if let Some((label, _)) = self.top_axis {
                    chart
                        .configure_secondary_axes()
                        .x_desc(label)
                        .axis_desc_style(("sans-serif", 15))
                        .label_style(("sans-serif", 13))
                        .draw()?;
                }
                for ((name, points), color) in lines.iter().zip(LINE_COLORS.into_iter().cycle()) {
                    chart
                        .draw_series(LineSeries::new(points.iter().copied(), color.stroke_width(2)))?
                        .label(*name)
                        .legend(move |(x, y)| PathElement::new([(x, y), (x + 22, y)], color.stroke_width(2)));
                }
                chart
                    .configure_series_labels()
                    .position(SeriesLabelPosition::UpperRight)
                    .margin(12)
                    .background_style(WHITE.mix(0.85))
                    .label_font(("sans-serif", 14))
                    .draw()?;
                area.present()?;
                Ok(())
            };
            draw().map_err(|e| fail(e.to_string()))?;
        }
        Ok(svg)
    }
}

/// Smallest and largest value, with some room where they are equal.
fn range(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), x| (l.min(x), h.max(x)));
    match low.partial_cmp(&high)? {
        std::cmp::Ordering::Less => Some((low, high)),
        std::cmp::Ordering::Equal => Some((low - 0.5, high + 0.5)),
        std::cmp::Ordering::Greater => None,
    }
}

/// A matrix as colored cells with the values written in them, for example attention weights: light is 0, dark the
/// largest value.
///
/// `values` is row-major, `row_labels.len()` rows of `col_labels.len()` values each.
///
/// # Panics
/// If the number of values does not fit the labels.
pub fn heatmap(title: &str, row_labels: &[String], col_labels: &[String], values: &[f32]) -> String {
    let (rows, cols) = (row_labels.len(), col_labels.len());
    assert_eq!(values.len(), rows * cols, "{rows} x {cols} labels, but {} values", values.len());
    const CELL: usize = 64;
    let longest = row_labels.iter().map(|label| label.chars().count()).max().unwrap_or(0);
    let (left, top) = (20 + 9 * longest, 76);
    let (width, height) = (left + CELL * cols + 20, top + CELL * rows + 20);
    let largest = values.iter().copied().fold(f32::MIN_POSITIVE, f32::max);

    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         font-family=\"sans-serif\" font-size=\"14\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n\
         <text x=\"20\" y=\"28\" font-size=\"18\">{}</text>\n",
        escape(title)
    );
    for (col, label) in col_labels.iter().enumerate() {
        let x = left + col * CELL + CELL / 2;
        svg += &format!("<text x=\"{x}\" y=\"{}\" text-anchor=\"middle\">{}</text>\n", top - 10, escape(label));
    }
    for (row, label) in row_labels.iter().enumerate() {
        let y = top + row * CELL;
        let middle = y + CELL / 2 + 5;
        svg += &format!("<text x=\"{}\" y=\"{middle}\" text-anchor=\"end\">{}</text>\n", left - 8, escape(label));
        for col in 0..cols {
            let value = values[row * cols + col];
            let share = (value / largest).clamp(0.0, 1.0);
            let x = left + col * CELL;
            let mix = |light: f32, dark: f32| (light + (dark - light) * share) as u8;
            let (r, g, b) = (mix(247.0, 8.0), mix(251.0, 69.0), mix(255.0, 148.0));
            let ink = if share > 0.55 { "white" } else { "black" };
            svg += &format!(
                "<rect x=\"{x}\" y=\"{y}\" width=\"{CELL}\" height=\"{CELL}\" fill=\"rgb({r},{g},{b})\"/>\n\
                 <text x=\"{}\" y=\"{middle}\" text-anchor=\"middle\" fill=\"{ink}\">{value:.2}</text>\n",
                x + CELL / 2
            );
        }
    }
    svg + "</svg>\n"
}

/// Groups of bars beside each other, one group per label and one bar of it per series, from 0 upward.
///
/// # Panics
/// If a series does not have one value per label.
pub fn grouped_bars(title: &str, y_label: &str, labels: &[&str], series: &[(&str, Vec<f64>)]) -> String {
    const BAR: f64 = 18.0;
    const HEIGHT: f64 = 260.0;
    let (left, top) = (70.0, 60.0);
    let group = BAR * series.len() as f64 + 26.0;
    let width = left + group * labels.len() as f64 + 20.0;
    let bottom = top + HEIGHT;
    let values = series.iter().flat_map(|(_, values)| values).copied().filter(|value| value.is_finite());
    let largest = values.fold(f64::MIN_POSITIVE, f64::max);

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
    for tick in 0..=4 {
        let value = largest * f64::from(tick) / 4.0;
        let y = bottom - HEIGHT * f64::from(tick) / 4.0;
        svg += &format!(
            "<line x1=\"{left}\" x2=\"{:.0}\" y1=\"{y}\" y2=\"{y}\" stroke=\"#ddd\"/>\n\
             <text x=\"{}\" y=\"{}\" text-anchor=\"end\">{value:.2}</text>\n",
            width - 20.0,
            left - 6.0,
            y + 4.0
        );
    }
    for (at, (name, values)) in series.iter().enumerate() {
        assert_eq!(values.len(), labels.len(), "'{name}' has {} values for {} labels", values.len(), labels.len());
        let RGBColor(r, g, b) = LINE_COLORS[at % LINE_COLORS.len()];
        for (i, value) in values.iter().enumerate() {
            let height = HEIGHT * (value / largest).clamp(0.0, 1.0);
            let x = left + group * i as f64 + 13.0 + BAR * at as f64;
            svg += &format!(
                "<rect x=\"{x:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{height:.1}\" fill=\"rgb({r},{g},{b})\"/>\n",
                bottom - height,
                BAR - 2.0
            );
        }
        let x = width - 150.0;
        let y = 20.0 + 16.0 * at as f64;
        svg += &format!(
            "<rect x=\"{x}\" y=\"{}\" width=\"12\" height=\"12\" fill=\"rgb({r},{g},{b})\"/>\n\
             <text x=\"{}\" y=\"{}\">{}</text>\n",
            y - 10.0,
            x + 18.0,
            y + 1.0,
            escape(name)
        );
    }
    for (i, label) in labels.iter().enumerate() {
        let x = left + group * (i as f64 + 0.5);
        svg += &format!("<text x=\"{x:.1}\" y=\"{}\" text-anchor=\"middle\">{}</text>\n", bottom + 20.0, escape(label));
    }
    svg + "</svg>\n"
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(points: Vec<(f64, f64)>) -> LineChart<'static> {
        LineChart {
            title: "Loss",
            x_label: "epochs",
            y_label: "loss",
            top_axis: Some(("tokens", 5000.0)),
            lines: vec![Line { name: "training", points }],
        }
    }

    #[test]
    fn a_chart_has_its_labels_and_a_line() {
        let svg = chart(vec![(0.0, 10.0), (1.0, 8.0), (2.0, f64::NAN), (3.0, 2.0)]).svg().unwrap();
        for part in ["<svg", "Loss", "epochs", "tokens", "training", "<polyline", "</svg>"] {
            assert!(svg.contains(part), "{part} is missing");
        }
        assert!(!svg.contains("NaN"));
    }

    #[test]
    fn one_point_is_enough_and_none_is_an_error() {
        assert!(chart(vec![(1.0, 2.0)]).svg().is_ok());
        let error = chart(vec![(0.0, f64::NAN)]).svg().unwrap_err().to_string();
        assert_eq!(error, "cannot draw 'Loss': there is no finite point");
    }

    #[test]
    fn the_largest_bar_fills_the_height() {
        let svg = grouped_bars("t", "p", &["a", "b"], &[("x", vec![0.5, 0.25]), ("y", vec![0.1, 0.0])]);
        assert!(svg.contains("height=\"260.0\"") && svg.contains("height=\"130.0\"") && svg.contains("height=\"0.0\""));
    }

    #[test]
    fn a_heatmap_escapes_its_labels() {
        let svg = heatmap("a < b", &["<|x|>".into()], &["1".into(), "2".into()], &[0.25, 0.75]);
        assert!(svg.contains("&lt;|x|&gt;") && svg.contains("0.75") && !svg.contains("<|x|>"));
    }
}
