//! Pictures as SVG text: lines over one or two horizontal axes, groups of bars, and heat maps.

use std::ops::Range;

use plotters::prelude::*;

/// Width and height of a line chart.
const SIZE: (u32, u32) = (760, 460);
/// plotters rounds every coordinate to a whole unit, which makes steps in a line. So it draws on a larger sheet, which
/// the finished picture shows at [`SIZE`].
const SCALE: u32 = 8;
const LINE_COLORS: [RGBColor; 4] =
    [RGBColor(31, 119, 180), RGBColor(214, 96, 20), RGBColor(44, 140, 60), RGBColor(140, 70, 170)];
const GRID_COLOR: RGBColor = RGBColor(221, 221, 221);

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
        let (x_range, y_range) = (x_low..x_high, y_low - margin..y_high + margin);
        let top_range = 0.0..self.top_axis.map_or(1.0, |(_, end)| end);

        let mut svg = String::new();
        {
            let sheet = (SIZE.0 * SCALE, SIZE.1 * SCALE);
            let area = SVGBackend::with_string(&mut svg, sheet).into_drawing_area();
            let draw = || -> Result<(), Box<dyn std::error::Error>> {
                let font = |size: u32| ("sans-serif", size * SCALE);
                area.fill(&WHITE)?;
                let below_title = area.margin(8 * SCALE, 0, 0, 0).titled(self.title, font(20).into_font())?;
                let mut chart = ChartBuilder::on(&below_title)
                    .margin(14 * SCALE)
                    .x_label_area_size(44 * SCALE)
                    .y_label_area_size(58 * SCALE)
                    .top_x_label_area_size(if self.top_axis.is_some() { 44 * SCALE } else { 0 })
                    .build_cartesian_2d(x_range.clone(), y_range.clone())?
                    .set_secondary_coord(top_range.clone(), y_range.clone());
                chart
                    .configure_mesh()
                    .x_desc(self.x_label)
                    .y_desc(self.y_label)
                    .x_label_formatter(&|x| tick(*x, &x_range))
                    .y_label_formatter(&|y| tick(*y, &y_range))
                    .axis_desc_style(font(15))
                    .label_style(font(13))
                    .axis_style(BLACK.stroke_width(SCALE))
                    .bold_line_style(GRID_COLOR.stroke_width(SCALE))
                    .light_line_style(TRANSPARENT)
                    .set_all_tick_mark_size(5 * SCALE)
                    .draw()?;
                if let Some((label, _)) = self.top_axis {
                    chart
                        .configure_secondary_axes()
                        .x_desc(label)
                        .x_label_formatter(&|x| tick(*x, &top_range))
                        .axis_desc_style(font(15))
                        .label_style(font(13))
                        .axis_style(BLACK.stroke_width(SCALE))
                        .set_all_tick_mark_size(5 * SCALE)
                        .draw()?;
                }
                for ((name, points), color) in lines.iter().zip(LINE_COLORS.into_iter().cycle()) {
                    let style = color.stroke_width(2 * SCALE);
                    let length = 22 * SCALE as i32;
                    chart
                        .draw_series(LineSeries::new(points.iter().copied(), style))?
                        .label(*name)
                        .legend(move |(x, y)| PathElement::new([(x, y), (x + length, y)], style));
                    // A line of one point would not be seen.
                    if let [point] = points[..] {
                        chart.draw_series([Circle::new(point, 4 * SCALE, color.filled())])?;
                    }
                }
                chart
                    .configure_series_labels()
                    .position(free_corner(&lines, &x_range, &y_range))
                    .margin(10 * SCALE)
                    .legend_area_size(30 * SCALE)
                    .background_style(WHITE.mix(0.85))
                    .label_font(font(14))
                    .draw()?;
                area.present()?;
                Ok(())
            };
            draw().map_err(|e| fail(e.to_string()))?;
        }
        let size = |scale: u32| format!("width=\"{}\" height=\"{}\"", SIZE.0 * scale, SIZE.1 * scale);
        Ok(svg.replacen(&size(SCALE), &size(1), 1))
    }
}

/// The label of a tick: as many decimals as this range asks for, and commas between thousands.
fn tick(value: f64, range: &Range<f64>) -> String {
    let step = (range.end - range.start).abs() / 10.0;
    let decimals = (-step.log10()).ceil().clamp(0.0, 12.0) as usize;
    let text = format!("{:.decimals$}", value.abs());
    let (whole, fraction) = text.split_at(text.find('.').unwrap_or(text.len()));
    let mut grouped = String::new();
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let is_zero = text.chars().all(|c| matches!(c, '0' | '.'));
    let sign = if value < 0.0 && !is_zero { "-" } else { "" };
    format!("{sign}{grouped}{fraction}")
}

/// The corner in which a legend hides least of the lines.
fn free_corner(lines: &[(&str, Vec<(f64, f64)>)], x: &Range<f64>, y: &Range<f64>) -> SeriesLabelPosition {
    // Size of the legend with its margin, as shares of the picture.
    let longest = lines.iter().map(|(name, _)| text_width(name, 14.0)).fold(0.0, f64::max);
    let width = (longest + 80.0) / f64::from(SIZE.0);
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

/// Smallest and largest value, with some room where they are equal.
fn range(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), x| (l.min(x), h.max(x)));
    match low.partial_cmp(&high)? {
        std::cmp::Ordering::Less => Some((low, high)),
        std::cmp::Ordering::Equal => Some((low - 0.5, high + 0.5)),
        std::cmp::Ordering::Greater => None,
    }
}

/// A matrix as colored cells with the values written in them, for example attention weights or counts: light is 0, dark
/// the largest value.
///
/// `values` is row-major, `row_labels.len()` rows of `col_labels.len()` values each.
///
/// # Panics
/// If the number of values does not fit the labels.
pub fn heatmap(title: &str, row_labels: &[String], col_labels: &[String], values: &[f32]) -> String {
    const CELL_HEIGHT: f64 = 64.0;
    let (rows, cols) = (row_labels.len(), col_labels.len());
    assert_eq!(values.len(), rows * cols, "{rows} x {cols} labels, but {} values", values.len());
    let longest = |labels: &[String]| labels.iter().map(|label| text_width(label, 14.0)).fold(0.0, f64::max);
    let cell_width = f64::max(CELL_HEIGHT, longest(col_labels) + 8.0).ceil();
    let (left, top) = ((28.0 + longest(row_labels)).ceil(), 76.0);
    let width = f64::max(left + cell_width * cols as f64, 20.0 + text_width(title, 18.0)) + 20.0;
    let height = top + CELL_HEIGHT * rows as f64 + 20.0;
    let largest = values.iter().copied().fold(f32::MIN_POSITIVE, f32::max);
    let are_counts = largest > 1.0 && values.iter().all(|value| value.fract() == 0.0);
    let decimals = if are_counts { 0 } else { 2 };

    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" \
         font-family=\"sans-serif\" font-size=\"14\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n\
         <text x=\"20\" y=\"28\" font-size=\"18\">{}</text>\n",
        escape(title)
    );
    for (col, label) in col_labels.iter().enumerate() {
        let x = left + cell_width * (col as f64 + 0.5);
        svg += &format!("<text x=\"{x:.1}\" y=\"{}\" text-anchor=\"middle\">{}</text>\n", top - 10.0, escape(label));
    }
    for (row, label) in row_labels.iter().enumerate() {
        let y = top + row as f64 * CELL_HEIGHT;
        let middle = y + CELL_HEIGHT / 2.0 + 5.0;
        svg += &format!("<text x=\"{:.1}\" y=\"{middle}\" text-anchor=\"end\">{}</text>\n", left - 8.0, escape(label));
        for col in 0..cols {
            let value = values[row * cols + col];
            let share = (value / largest).clamp(0.0, 1.0);
            let x = left + col as f64 * cell_width;
            let mix = |light: f32, dark: f32| (light + (dark - light) * share) as u8;
            let (r, g, b) = (mix(247.0, 8.0), mix(251.0, 69.0), mix(255.0, 148.0));
            // Where black and white stand out from the cell equally well.
            let ink = if share > 0.7 { "white" } else { "black" };
            svg += &format!(
                "<rect x=\"{x:.1}\" y=\"{y}\" width=\"{cell_width:.1}\" height=\"{CELL_HEIGHT}\" \
                 fill=\"rgb({r},{g},{b})\"/>\n\
                 <text x=\"{:.1}\" y=\"{middle}\" text-anchor=\"middle\" fill=\"{ink}\">{value:.decimals$}</text>\n",
                x + cell_width / 2.0
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
        let RGBColor(r, g, b) = LINE_COLORS[at % LINE_COLORS.len()];
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

/// 1, 2 or 5 times a power of ten, so that five or fewer of them reach `largest`.
fn round_step(largest: f64) -> f64 {
    let power = 10f64.powf((largest / 5.0).log10().floor());
    let fits = |factor: &f64| 5.0 * factor * power >= largest * (1.0 - 1e-9);
    [1.0, 2.0, 5.0].into_iter().find(fits).unwrap_or(10.0) * power
}

/// About how wide a text is, in the unit of its font size. Letters of Latin script take 0.6 of it, Chinese ones all.
fn text_width(text: &str, font_size: f64) -> f64 {
    text.chars().map(|c| if c < '\u{2e80}' { 0.6 } else { 1.0 }).sum::<f64>() * font_size
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

    /// Falling lines leave the upper right free, rising ones the upper left, and a line along the top the lower right.
    #[test]
    fn the_legend_goes_where_no_line_is() {
        let corner = |points: &[(f64, f64)]| free_corner(&[("training", points.to_vec())], &(0.0..1.0), &(0.0..1.0));
        assert_eq!(corner(&[(0.0, 1.0), (0.2, 0.2), (1.0, 0.0)]), SeriesLabelPosition::UpperRight);
        assert_eq!(corner(&[(0.0, 0.0), (1.0, 1.0)]), SeriesLabelPosition::UpperLeft);
        assert_eq!(corner(&[(0.0, 0.9), (1.0, 0.9)]), SeriesLabelPosition::LowerRight);
    }

    /// plotters' header is rewritten; a new version of it must not go unnoticed.
    #[test]
    fn the_sheet_is_shown_at_its_size() {
        let svg = chart(vec![(0.0, 10.0), (1.0, 8.0)]).svg().unwrap();
        assert!(svg.starts_with("<svg width=\"760\" height=\"460\" viewBox=\"0 0 6080 3680\""), "{}", &svg[..80]);
    }

    #[test]
    fn ticks_have_the_decimals_that_they_need() {
        for (value, end, expected) in [
            (12000.0, 17000.0, "12,000"),
            (-1234567.0, 2e6, "-1,234,567"),
            (0.30000000000000004, 4.0, "0.3"),
            (-1e-17, 3.0, "0.0"),
            (-0.5, 3.0, "-0.5"),
            (0.025, 0.1, "0.03"),
            (7.0, 10.0, "7"),
        ] {
            assert_eq!(tick(value, &(0.0..end)), expected);
        }
    }

    #[test]
    fn the_steps_of_an_axis_are_round() {
        for (largest, expected) in [(0.99, 0.2), (0.5, 0.1), (1000.0, 200.0), (1001.0, 500.0), (3.0, 1.0), (0.26, 0.1)]
        {
            let found = round_step(largest);
            assert!((found / expected - 1.0_f64).abs() < 1e-9, "{largest}: {found}, not {expected}");
        }
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

    #[test]
    fn a_heatmap_of_counts_has_no_decimals() {
        let labels = ["a".to_string(), "b".to_string()];
        let svg = heatmap("counts", &labels, &labels, &[35.0, 3.0, 0.0, 42.0]);
        assert!(svg.contains(">35</text>") && svg.contains(">0</text>") && !svg.contains("35.00"));
        assert!(heatmap("weights", &labels, &labels, &[1.0, 0.0, 0.5, 0.5]).contains(">1.00</text>"));
    }
}
