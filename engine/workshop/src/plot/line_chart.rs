//! Line charts.

use std::error::Error;
use std::ops::Range;

use plotters::chart::DualCoordChartContext;
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;

use super::axis::{Ticks, label, range};
use super::document::finish;
use super::legend::free_corner;
use super::text::widest;
use super::theme::{BACKGROUND, FOREGROUND, GRID, SERIES, hex, series};

/// Width and height of a line chart.
pub const SIZE: (u32, u32) = (760, 460);
/// plotters rounds every coordinate to a whole unit, which makes steps in a line. So it draws on a larger sheet, which
/// the finished picture shows at [`SIZE`].
const SCALE: u32 = 8;
/// Font sizes in pixels.
const TITLE_FONT: u32 = 16;
const AXIS_FONT: u32 = 13;
const TICK_FONT: u32 = 12;
pub const LEGEND_FONT: u32 = 12;

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
    /// Name of the lower horizontal axis, with its unit if it has one.
    pub x_label: &'a str,
    /// Whether the lower horizontal axis counts something, for instance epochs; then its ticks are whole numbers.
    pub x_counts: bool,
    /// Name of the vertical axis, with its unit if it has one.
    pub y_label: &'a str,
    /// Name of the upper horizontal axis and its value at the right end of the lower one, if it is to be drawn. Both
    /// axes begin at 0. The upper one counts something.
    pub top_axis: Option<(&'a str, f64)>,
    /// What to draw.
    pub lines: Vec<Line<'a>>,
}

/// The finite points of a chart, and the ranges and ticks of its axes.
struct Content<'a> {
    lines: Vec<(&'a str, Vec<(f64, f64)>)>,
    x: Range<f64>,
    x_ticks: Ticks,
    y: Range<f64>,
    y_ticks: Ticks,
    /// The upper horizontal axis.
    top: Range<f64>,
    top_ticks: Ticks,
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
        let svg = svg.replacen(&size(SCALE), &size(1), 1);
        Ok(finish(&with_dashes(svg), self.title, &self.description(&content)))
    }

    /// `None` if there is no finite point.
    fn content(&self) -> Option<Content<'_>> {
        let finite =
            |line: &Line| line.points.iter().copied().filter(|(x, y)| x.is_finite() && y.is_finite()).collect();
        let lines: Vec<(&str, Vec<(f64, f64)>)> = self.lines.iter().map(|line| (line.name, finite(line))).collect();
        let points = || lines.iter().flat_map(|(_, points)| points);
        let (x_low, x_high) = range(points().map(|p| p.0))?;
        let (y_low, y_high) = range(points().map(|p| p.1))?;
        let margin = 0.05 * (y_high - y_low);
        let x_low = if self.top_axis.is_some() { 0.0 } else { x_low };
        let (x, y) = (x_low..x_high, y_low - margin..y_high + margin);
        let top = 0.0..self.top_axis.map_or(1.0, |(_, end)| end);
        // The labels of a vertical axis are above each other.
        let ticks = |range: &Range<f64>, whole, space| Ticks::new(range, whole, f64::from(TICK_FONT), space);
        let width = 0.85 * f64::from(SIZE.0);
        let [x_ticks, top_ticks] = [(&x, self.x_counts), (&top, true)].map(|(range, whole)| ticks(range, whole, width));
        let y_ticks = ticks(&y, false, f64::INFINITY);
        Some(Content { lines, x, x_ticks, y, y_ticks, top, top_ticks })
    }

    fn draw(&self, content: &Content, sheet: SVGBackend) -> DrawResult {
        let Content { x, y, top, .. } = content;
        let area = sheet.into_drawing_area();
        area.fill(&BACKGROUND.light)?;
        let below_title = area.margin(8 * SCALE, 0, 0, 0).titled(self.title, font(TITLE_FONT).into_font())?;
        let [x_labels, y_labels, top_labels] = [&content.x_ticks, &content.y_ticks, &content.top_ticks]
            .map(|ticks| widest(ticks.labels(), f64::from(TICK_FONT)).ceil() as u32);
        let mut chart = ChartBuilder::on(&below_title)
            .margin(14 * SCALE)
            .margin_right((x_labels.max(top_labels) / 2).max(14) * SCALE)
            .x_label_area_size(44 * SCALE)
            .y_label_area_size((y_labels + 36) * SCALE)
            .top_x_label_area_size(if self.top_axis.is_some() { 44 * SCALE } else { 0 })
            .build_cartesian_2d(x.clone(), y.clone())?
            .set_secondary_coord(top.clone(), y.clone());
        self.draw_axes(content, &mut chart)?;
        draw_lines(&content.lines, &mut chart)?;
        chart
            .configure_series_labels()
            .position(free_corner(&content.lines, x, y))
            .margin(10 * SCALE)
            .legend_area_size(34 * SCALE)
            .background_style(BACKGROUND.light.mix(0.85))
            .label_font(font(LEGEND_FONT))
            .draw()?;
        area.present()?;
        Ok(())
    }

    fn draw_axes(&self, Content { x_ticks, y_ticks, top_ticks, .. }: &Content, chart: &mut Chart) -> DrawResult {
        chart
            .configure_mesh()
            .x_desc(self.x_label)
            .y_desc(self.y_label)
            .x_labels(x_ticks.most)
            .y_labels(y_ticks.most)
            .x_label_formatter(&|x| label(*x, x_ticks.decimals))
            .y_label_formatter(&|y| label(*y, y_ticks.decimals))
            .axis_desc_style(font(AXIS_FONT))
            .label_style(font(TICK_FONT))
            .axis_style(FOREGROUND.light.stroke_width(SCALE))
            .bold_line_style(GRID.light.stroke_width(SCALE))
            .light_line_style(TRANSPARENT)
            .set_all_tick_mark_size(5 * SCALE)
            .draw()?;
        if let Some((name, _)) = self.top_axis {
            chart
                .configure_secondary_axes()
                .x_desc(name)
                .x_labels(top_ticks.most)
                .x_label_formatter(&|x| label(*x, top_ticks.decimals))
                .axis_desc_style(font(AXIS_FONT))
                .label_style(font(TICK_FONT))
                .axis_style(FOREGROUND.light.stroke_width(SCALE))
                .set_all_tick_mark_size(5 * SCALE)
                .draw()?;
        }
        Ok(())
    }

    /// The chart in words: its axes, and where each line begins and ends.
    fn description(&self, Content { lines, x, x_ticks, y_ticks, top, .. }: &Content) -> String {
        let [from, to] = [x.start, x.end].map(|x| label(x, x_ticks.decimals));
        let mut text = format!("Line chart. Horizontal axis: {}, {from} to {to}.", self.x_label);
        if let Some((name, _)) = self.top_axis {
            text += &format!(" Upper horizontal axis: {name}, 0 to {}.", label(top.end, 0));
        }
        text += &format!(" Vertical axis: {}.", self.y_label);
        for (at, (name, points)) in lines.iter().enumerate() {
            if let (Some(first), Some(last)) = (points.first(), points.last()) {
                let [from, to] = [first.1, last.1].map(|y| label(y, y_ticks.decimals + 2));
                text += &format!(" {name}, {} line: from {from} to {to}.", series(at).look);
            }
        }
        text
    }
}

/// A font of this size in pixels. plotters divides a size by 1.24 when it writes SVG.
fn font(size: u32) -> (&'static str, f64) {
    ("sans-serif", 1.24 * f64::from(size * SCALE))
}

fn draw_lines(lines: &[(&str, Vec<(f64, f64)>)], chart: &mut Chart) -> DrawResult {
    for (at, (name, points)) in lines.iter().enumerate() {
        let color = series(at).color.light;
        let style = color.stroke_width(2 * SCALE);
        let length = 26 * SCALE as i32;
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

/// The lines of each series with its dashes; plotters draws all of them solid.
fn with_dashes(svg: String) -> String {
    SERIES.iter().filter(|series| !series.dashes.is_empty()).fold(svg, |svg, series| {
        let stroke = format!("stroke=\"{}\"", hex(series.color.light));
        let lengths: Vec<String> = series.dashes.iter().map(|length| (length * SCALE).to_string()).collect();
        svg.replace(&stroke, &format!("{stroke} stroke-dasharray=\"{}\"", lengths.join(" ")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(points: Vec<(f64, f64)>) -> LineChart<'static> {
        LineChart {
            title: "Loss",
            x_label: "Epochs",
            x_counts: true,
            y_label: "Loss",
            top_axis: Some(("Tokens seen", 5000.0)),
            lines: vec![Line { name: "Training", points }],
        }
    }

    #[test]
    fn one_point_is_enough_and_none_is_an_error() {
        assert!(chart(vec![(1.0, 2.0)]).svg().is_ok());
        let error = chart(vec![(0.0, f64::NAN)]).svg().unwrap_err().to_string();
        assert_eq!(error, "cannot draw 'Loss': there is no finite point");
    }
}
