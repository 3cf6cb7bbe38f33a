//! Braces and brackets around what belongs together.

use crate::drawing::{Drawing, Layer, Style, point};
use crate::geometry::{Point, Rect, p};
use crate::lang::Words;
use crate::parts::text::Text;
use crate::theme::{Paint, Role};

/// How far a brace reaches out.
const DEPTH: f64 = 12.0;

/// On which side of what it holds a brace stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Above.
    Above,
    /// Below.
    Below,
    /// On the left.
    Left,
    /// On the right.
    Right,
}

/// Draws a brace beside a rectangle, with words at its tip, and says where the words stand.
pub fn brace(d: &mut Drawing, around: Rect, side: Side, words: impl Into<Words>) -> Rect {
    brace_of(d, around, side, Text::small(words))
}

/// Draws a brace beside a rectangle, with a text at its tip, and says where the text stands.
pub fn brace_of(d: &mut Drawing, around: Rect, side: Side, text: Text) -> Rect {
    let around = around.grow(4.0);
    let (from, to, out) = match side {
        Side::Above => (around.at(0.0, 0.0), around.at(1.0, 0.0), p(0.0, -1.0)),
        Side::Below => (around.at(0.0, 1.0), around.at(1.0, 1.0), p(0.0, 1.0)),
        Side::Left => (around.at(0.0, 0.0), around.at(0.0, 1.0), p(-1.0, 0.0)),
        Side::Right => (around.at(1.0, 0.0), around.at(1.0, 1.0), p(1.0, 0.0)),
    };
    let tip = draw_brace(d, from, to, out);
    match side {
        Side::Above => text.draw_above(d, tip.shift(0.0, -3.0)),
        Side::Below => text.draw_below(d, tip.shift(0.0, 3.0)),
        Side::Left => text.end().draw(d, tip.shift(-6.0, 0.0)),
        Side::Right => text.start().draw(d, tip.shift(6.0, 0.0)),
    }
}

/// A brace from one point to another; `out` is the unit vector in which it points.
fn draw_brace(d: &mut Drawing, from: Point, to: Point, out: Point) -> Point {
    let length = from.distance(to);
    let along = p((to.x - from.x) / length, (to.y - from.y) / length);
    let half = DEPTH / 2.0;
    let radius = half.min(length / 4.0);
    let at = |a: f64, o: f64| from.shift(along.x * a + out.x * o, along.y * a + out.y * o);
    let middle = length / 2.0;
    let path = format!(
        "M{}Q{} {}L{}Q{} {}Q{} {}L{}Q{} {}",
        point(from),
        point(at(0.0, half)),
        point(at(radius, half)),
        point(at(middle - radius, half)),
        point(at(middle, half)),
        point(at(middle, DEPTH)),
        point(at(middle, half)),
        point(at(middle + radius, half)),
        point(at(length - radius, half)),
        point(at(length, half)),
        point(to),
    );
    let tip = at(middle, DEPTH);
    let bounds = Rect::between(from, to).union(Rect::between(tip, tip));
    d.path(Layer::Lines, path, bounds, Style::line(Paint::Strong(Role::Plain)));
    tip
}
