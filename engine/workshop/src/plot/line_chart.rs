//! Line charts.

use std::error::Error;
use std::ops::Range;

use plotters::chart::DualCoordChartContext;
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;

use super::COLORS;
use super::axis::{range, tick};
use super::text::text_width;

/// Width and height of a line chart.
const SIZE: (u32, u32) = (760, 460);
/// plotters rounds every coordinate to a whole unit, which makes steps in a line. So it draws on a larger sheet, which
/// the finished picture shows at [`SIZE`].
const SCALE: u32 = 8;
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

/// The finite points of a chart, and the ranges of its axes.
struct Content<'a> {
    lines: Vec<(&'a str, Vec<(f64, f64)>)>,
    x: Range<f64>,
    y: Range<f64>,
    /// The upper horizontal axis.
    top: Range<f64>,
}

type Plane = Cartesian2d<RangedCoordf64, RangedCoordf64>;
type Chart<'a, 'svg> = DualCoordChartContext<'a, SVGBackend<'svg>, Plane, Plane>;
type DrawResult = Result<(), Box<dyn Error>>;

impl LineChart<'_> {
    /// The picture as SVG.
    ///
    /// # Errors
    /// If there is no finite point to draw.
    pub fn svg(&self) -> Result<String, PlotError> {
        let fail = |reason: String| PlotError { title: self.title.into(), reason };
        let content = self.content().ok_or_else(|| fail("there is no finite point".to_string()))?;
        let mut svg = String::new();
        let sheet = (SIZE.0 * SCALE, SIZE.1 * SCALE);
        self.draw(&content, SVGBackend::with_string(&mut svg, sheet)).map_err(|e| fail(e.to_string()))?;
        let size = |scale: u32| format!("width=\"{}\" height=\"{}\"", SIZE.0 * scale, SIZE.1 * scale);
        Ok(svg.replacen(&size(SCALE), &size(1), 1))
    }

    /// `None` if there is no finite point.
    fn content(&self) -> Option<Content<'_>> {
        let finite =
            |line: &Line| line.points.iter().copied().filter(|(x, y)| x.is_finite() && y.is_finite()).collect();
        let lines: Vec<(&str, Vec<(f64, f64)>)> = self.lines.iter().map(|line| (line.name, finite(line))).collect();
        let points = || lines.iter().flat_map(|(_, points)| points);
        let (x_low, x_high) = range(points().map(|p| p.0))?;
        let (y_low, y_high) = range(points().map(|p| p.1))?;
        let x_low = if self.top_axis.is_some() { 0.0 } else { x_low };
        let margin = 0.05 * (y_high - y_low);
        let top = 0.0..self.top_axis.map_or(1.0, |(_, end)| end);
        Some(Content { lines, x: x_low..x_high, y: y_low - margin..y_high + margin, top })
    }

    fn draw(&self, content: &Content, sheet: SVGBackend) -> DrawResult {
        let Content { x, y, top, .. } = content;
        let area = sheet.into_drawing_area();
        area.fill(&WHITE)?;
        let below_title = area.margin(8 * SCALE, 0, 0, 0).titled(self.title, font(20).into_font())?;
        let mut chart = ChartBuilder::on(&below_title)
            .margin(14 * SCALE)
            .x_label_area_size(44 * SCALE)
            .y_label_area_size(58 * SCALE)
            .top_x_label_area_size(if self.top_axis.is_some() { 44 * SCALE } else { 0 })
            .build_cartesian_2d(x.clone(), y.clone())?
            .set_secondary_coord(top.clone(), y.clone());
        self.draw_axes(content, &mut chart)?;
        draw_lines(&content.lines, &mut chart)?;
        chart
            .configure_series_labels()
            .position(free_corner(&content.lines, x, y))
            .margin(10 * SCALE)
            .legend_area_size(30 * SCALE)
            .background_style(WHITE.mix(0.85))
            .label_font(font(14))
            .draw()?;
        area.present()?;
        Ok(())
    }

    fn draw_axes(&self, content: &Content, chart: &mut Chart) -> DrawResult {
        chart
            .configure_mesh()
            .x_desc(self.x_label)
            .y_desc(self.y_label)
            .x_label_formatter(&|x| tick(*x, &content.x))
            .y_label_formatter(&|y| tick(*y, &content.y))
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
                .x_label_formatter(&|x| tick(*x, &content.top))
                .axis_desc_style(font(15))
                .label_style(font(13))
                .axis_style(BLACK.stroke_width(SCALE))
                .set_all_tick_mark_size(5 * SCALE)
                .draw()?;
        }
        Ok(())
    }
}

fn font(size: u32) -> (&'static str, u32) {
    ("sans-serif", size * SCALE)
}

fn draw_lines(lines: &[(&str, Vec<(f64, f64)>)], chart: &mut Chart) -> DrawResult {
    for ((name, points), color) in lines.iter().zip(COLORS.into_iter().cycle()) {
        let style = color.stroke_width(2 * SCALE);
        let length = 22 * SCALE as i32;
        chart
            .draw_series(LineSeries::new(points.iter().copied(), style))?
            .label(*name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + length, y)], style));
        // A line of one point would be invisible.
        if let [point] = points[..] {
            chart.draw_series([Circle::new(point, 4 * SCALE, color.filled())])?;
        }
    }
    Ok(())
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
}
