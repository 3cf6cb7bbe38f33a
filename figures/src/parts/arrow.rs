//! Arrows.

use crate::drawing::{Dash, Drawing, Layer, Style, direction, point};
use crate::geometry::{Point, Rect};
use crate::lang::Words;
use crate::parts::text::Text;
use crate::theme::{Paint, Role};

/// Length and half of the width of the head.
const HEAD: (f64, f64) = (9.0, 4.5);
/// Radius of the corners of an elbow.
const CORNER: f64 = 8.0;
/// Space between an arrow and what it comes from or leads to.
const GAP: f64 = 3.0;

#[derive(Clone, Debug)]
enum Route {
    Straight,
    /// Through these corners.
    Via(Vec<Point>),
    /// As a curve that is this far from the straight line in the middle, on its left if positive.
    Curved(f64),
}

/// Where the label stands.
#[derive(Clone, Copy, Debug)]
enum Side {
    Above,
    Below,
    Left,
    Right,
    On,
}

/// An arrow from one point to another, which are usually on the edges of boxes.
#[derive(Clone, Debug)]
pub struct Arrow {
    from: Point,
    to: Point,
    route: Route,
    paint: Paint,
    width: f64,
    dash: Dash,
    heads: (bool, bool),
    label: Option<(Text, Side)>,
    checked: bool,
}

impl Arrow {
    /// A straight arrow.
    pub fn new(from: Point, to: Point) -> Self {
        let (route, paint, dash) = (Route::Straight, Paint::Strong(Role::Plain), Dash::Solid);
        Self { from, to, route, paint, width: 1.5, dash, heads: (false, true), label: None, checked: true }
    }

    /// Through these corners, which are rounded.
    pub fn via(mut self, corners: impl Into<Vec<Point>>) -> Self {
        self.route = Route::Via(corners.into());
        self
    }

    /// First sideways, then up or down at this share of the way, then sideways again.
    pub fn elbow_across(self, share: f64) -> Self {
        let x = self.from.toward(self.to, share).x;
        let corners = [Point { x, ..self.from }, Point { x, ..self.to }];
        self.via(corners)
    }

    /// First up or down, then sideways at this share of the way, then up or down again.
    pub fn elbow_down(self, share: f64) -> Self {
        let y = self.from.toward(self.to, share).y;
        let corners = [Point { y, ..self.from }, Point { y, ..self.to }];
        self.via(corners)
    }

    /// First sideways, then up or down.
    pub fn corner_across(self) -> Self {
        let corner = Point { x: self.to.x, y: self.from.y };
        self.via([corner])
    }

    /// First up or down, then sideways.
    pub fn corner_down(self) -> Self {
        let corner = Point { x: self.from.x, y: self.to.y };
        self.via([corner])
    }

    /// As a curve that is this far from the straight line in the middle, on the left of the way if positive.
    pub fn curved(mut self, bend: f64) -> Self {
        self.route = Route::Curved(bend);
        self
    }

    /// In the color of a role.
    pub fn role(mut self, role: Role) -> Self {
        self.paint = Paint::Strong(role);
        self
    }

    /// Of this width.
    pub fn width(mut self, width: f64) -> Self {
        self.width = width;
        self
    }

    /// Dashed.
    pub fn dashed(mut self) -> Self {
        self.dash = Dash::Dashed;
        self
    }

    /// Without a head: a line.
    pub fn plain(mut self) -> Self {
        self.heads = (false, false);
        self
    }

    /// With a head at both ends.
    pub fn both(mut self) -> Self {
        self.heads = (true, true);
        self
    }

    /// Not checked for ending at a box and for crossing no text.
    pub fn free(mut self) -> Self {
        self.checked = false;
        self
    }

    /// With a label above its middle.
    pub fn above(self, words: impl Into<Words>) -> Self {
        self.labelled(words, Side::Above)
    }

    /// With a label below its middle.
    pub fn below(self, words: impl Into<Words>) -> Self {
        self.labelled(words, Side::Below)
    }

    /// With a label on the left of its middle.
    pub fn left(self, words: impl Into<Words>) -> Self {
        self.labelled(words, Side::Left)
    }

    /// With a label on the right of its middle.
    pub fn right(self, words: impl Into<Words>) -> Self {
        self.labelled(words, Side::Right)
    }

    /// With a label on its middle.
    pub fn on(self, words: impl Into<Words>) -> Self {
        self.labelled(words, Side::On)
    }

    fn labelled(mut self, words: impl Into<Words>, side: Side) -> Self {
        self.label = Some((Text::note(words), side));
        self
    }

    /// Draws it.
    pub fn draw(mut self, d: &mut Drawing) {
        let ends = (self.from, self.to);
        let (middle, path, knots) = match self.route.clone() {
            Route::Straight => self.through(&[]),
            Route::Via(corners) => self.through(&corners),
            Route::Curved(bend) => self.curve(bend),
        };
        let style = Style::line(self.paint).width(self.width).dash(self.dash);
        let bounds = Rect::bounds(knots.iter().map(|knot| Rect::between(*knot, *knot)));
        d.path(Layer::Lines, path, bounds, style);
        if self.checked {
            d.arrow_ends.extend([ends.0, ends.1]);
            d.arrow_lines.extend(knots.windows(2).map(|pair| (pair[0], pair[1])));
        }
        if let Some((text, side)) = self.label.take() {
            _ = match side {
                Side::Above => text.draw_above(d, middle.shift(0.0, -4.0)),
                Side::Below => text.draw_below(d, middle.shift(0.0, 4.0)),
                Side::Left => text.end().draw(d, middle.shift(-8.0, 0.0)),
                Side::Right => text.start().draw(d, middle.shift(8.0, 0.0)),
                Side::On => text.halo().draw(d, middle),
            };
        }
        self.draw_heads(d, &knots);
    }

    /// The middle, the path and the points of an arrow with corners; it leaves a gap at both ends.
    fn through(&self, corners: &[Point]) -> (Point, String, Vec<Point>) {
        let mut knots = vec![self.from];
        knots.extend(corners);
        knots.push(self.to);
        knots.dedup();
        let last = knots.len() - 1;
        let (start, end) = (direction(knots[0], knots[1]), direction(knots[last], knots[last - 1]));
        let (at_start, at_end) = self.ends();
        let tips = (knots[0].shift(start.x * GAP, start.y * GAP), knots[last].shift(end.x * GAP, end.y * GAP));
        let mut path = format!("M{}", point(knots[0].shift(start.x * at_start, start.y * at_start)));
        for three in knots.windows(3) {
            let (before, corner, after) = (three[0], three[1], three[2]);
            let radius = CORNER.min(before.distance(corner) / 2.0).min(corner.distance(after) / 2.0);
            let (back, on) = (direction(corner, before), direction(corner, after));
            let (enter, leave) =
                (corner.shift(back.x * radius, back.y * radius), corner.shift(on.x * radius, on.y * radius));
            path += &format!("L{}Q{} {}", point(enter), point(corner), point(leave));
        }
        path += &format!("L{}", point(knots[last].shift(end.x * at_end, end.y * at_end)));
        (knots[0], knots[last]) = tips;
        let longest = knots.windows(2).max_by(|a, b| a[0].distance(a[1]).total_cmp(&b[0].distance(b[1])));
        let middle = longest.map_or(self.from, |pair| pair[0].toward(pair[1], 0.5));
        (middle, path, knots)
    }

    /// The middle, the path and some points of a curved arrow.
    fn curve(&self, bend: f64) -> (Point, String, Vec<Point>) {
        let along = direction(self.from, self.to);
        let control = self.from.toward(self.to, 0.5).shift(along.y * 2.0 * bend, -along.x * 2.0 * bend);
        let (start, end) = (direction(self.from, control), direction(self.to, control));
        let (at_start, at_end) = self.ends();
        let tail = self.from.shift(start.x * at_start, start.y * at_start);
        let neck = self.to.shift(end.x * at_end, end.y * at_end);
        let on_curve = |share: f64| {
            let (a, b) = (self.from.toward(control, share), control.toward(self.to, share));
            a.toward(b, share)
        };
        let mut knots: Vec<_> = (0..=16).map(|i| on_curve(f64::from(i) / 16.0)).collect();
        knots[0] = self.from.shift(start.x * GAP, start.y * GAP);
        knots[16] = self.to.shift(end.x * GAP, end.y * GAP);
        (on_curve(0.5), format!("M{}Q{} {}", point(tail), point(control), point(neck)), knots)
    }

    /// How far the line ends before the two ends.
    fn ends(&self) -> (f64, f64) {
        let of = |head| if head { GAP + HEAD.0 - 1.0 } else { GAP };
        (of(self.heads.0), of(self.heads.1))
    }

    fn draw_heads(&self, d: &mut Drawing, knots: &[Point]) {
        let last = knots.len() - 1;
        let ends = [(self.heads.0, knots[0], knots[1]), (self.heads.1, knots[last], knots[last - 1])];
        let scale = 1.0 + (self.width - 1.5).max(0.0) / 6.0;
        for (_, tip, behind) in ends.into_iter().filter(|(head, ..)| *head) {
            let back = direction(tip, behind);
            let foot = tip.shift(back.x * HEAD.0 * scale, back.y * HEAD.0 * scale);
            let half = HEAD.1 * scale;
            let (a, b) = (foot.shift(-back.y * half, back.x * half), foot.shift(back.y * half, -back.x * half));
            let path = format!("M{}L{}L{}Z", point(tip), point(a), point(b));
            let bounds = Rect::bounds([tip, a, b].map(|corner| Rect::between(corner, corner)));
            d.path(Layer::Lines, path, bounds, Style::fill(self.paint));
        }
    }
}
