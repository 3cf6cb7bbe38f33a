//! Curves over axes.

use crate::drawing::{Dash, Drawing, Layer, Style};
use crate::geometry::{Point, Rect, p};
use crate::lang::Words;
use crate::parts::numbers::decimal;
use crate::parts::text::Text;
use crate::theme::{Paint, Role};

/// An axis: its range, its ticks, their decimals and its name.
#[derive(Clone, Debug)]
pub struct Axis {
    /// The values at its two ends.
    pub range: (f64, f64),
    /// Where values are written.
    pub ticks: Vec<f64>,
    /// With how many decimals.
    pub decimals: usize,
    /// What it measures.
    pub name: Words,
}

impl Axis {
    /// An axis with ticks at these values.
    pub fn new(range: (f64, f64), ticks: &[f64], decimals: usize, name: impl Into<Words>) -> Self {
        Self { range, ticks: ticks.into(), decimals, name: name.into() }
    }

    fn share(&self, value: f64) -> f64 {
        (value - self.range.0) / (self.range.1 - self.range.0)
    }
}

/// Axes and a grid that curves are drawn on.
#[derive(Clone, Debug)]
pub struct Plot {
    field: Rect,
    x: Axis,
    y: Axis,
}

impl Plot {
    /// Draws the axes around `field`; ticks and names stand on the left and below it.
    pub fn draw(d: &mut Drawing, field: Rect, x: Axis, y: Axis) -> Self {
        let plot = Self { field, x, y };
        let grid = Style::line(Paint::Grid).width(1.0);
        let mut widest: f64 = 0.0;
        for value in &plot.y.ticks {
            let left = plot.at(plot.x.range.0, *value);
            d.line(Layer::Back, &[left, p(field.x_end(), left.y)], grid);
            let text = Text::note(decimal(*value, plot.y.decimals)).end();
            widest = widest.max(text.size().0);
            text.draw(d, left.shift(-8.0, 0.0));
        }
        for value in &plot.x.ticks {
            let foot = plot.at(*value, plot.y.range.0);
            d.line(Layer::Back, &[foot, p(foot.x, field.y)], grid);
            Text::note(decimal(*value, plot.x.decimals)).draw_below(d, foot.shift(0.0, 4.0));
        }
        let axes = [field.at(0.0, 0.0), field.at(0.0, 1.0), field.at(1.0, 1.0)];
        d.line(Layer::Lines, &axes, Style::line(Paint::Strong(Role::Plain)));
        if !plot.x.name.get(crate::Lang::En).is_empty() {
            Text::small(&plot.x.name).draw_below(d, field.bottom().shift(0.0, 24.0));
        }
        if !plot.y.name.get(crate::Lang::En).is_empty() {
            Text::small(&plot.y.name).upward().draw(d, field.left().shift(-8.0 - widest - 16.0, 0.0));
        }
        plot
    }

    /// Where the point with these values is drawn.
    pub fn at(&self, x: f64, y: f64) -> Point {
        self.field.at(self.x.share(x), 1.0 - self.y.share(y))
    }

    /// A curve through points in the values of the axes.
    pub fn curve(&self, d: &mut Drawing, points: impl IntoIterator<Item = (f64, f64)>, role: Role, dash: Dash) {
        let points: Vec<_> = points.into_iter().map(|(x, y)| self.at(x, y)).collect();
        d.line(Layer::Main, &points, Style::line(Paint::Strong(role)).width(2.5).dash(dash));
    }

    /// A dot on a point in the values of the axes.
    pub fn dot(&self, d: &mut Drawing, (x, y): (f64, f64), role: Role) {
        let style = Style::fill(Paint::Strong(role)).outlined(Paint::Paper);
        d.circle(Layer::Front, self.at(x, y), 5.0, style);
    }

    /// A line across the field at a value of the vertical axis.
    pub fn across(&self, d: &mut Drawing, y: f64, role: Role, dash: Dash) {
        let ends = [self.at(self.x.range.0, y), self.at(self.x.range.1, y)];
        d.line(Layer::Lines, &ends, Style::line(Paint::Strong(role)).dash(dash));
    }

    /// A line from the lower to the upper edge of the field at a value of the horizontal axis.
    pub fn upright(&self, d: &mut Drawing, x: f64, role: Role, dash: Dash) {
        let ends = [self.at(x, self.y.range.0), self.at(x, self.y.range.1)];
        d.line(Layer::Lines, &ends, Style::line(Paint::Strong(role)).dash(dash));
    }

    /// A name for a curve, beginning at a point in the values of the axes and moved by this much.
    pub fn name(&self, d: &mut Drawing, at: (f64, f64), shift: (f64, f64), words: impl Into<Words>, role: Role) {
        let at = self.at(at.0, at.1).shift(shift.0, shift.1);
        Text::new(words).size_of(14.0).bold().role(role).start().halo().draw(d, at);
    }
}
