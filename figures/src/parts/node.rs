//! Boxes with text.

use crate::drawing::{Dash, Drawing, Layer, Style};
use crate::geometry::{Point, Rect, rect};
use crate::lang::Words;
use crate::parts::text::{SMALL, Text};
use crate::theme::{Paint, Role};

/// Space between the text and the edges.
const PAD: (f64, f64) = (14.0, 9.0);

/// A box with text, a remark under it, or neither.
#[derive(Clone, Debug)]
pub struct Node {
    text: Option<Text>,
    note: Option<Text>,
    style: Style,
    radius: f64,
    pad: (f64, f64),
    least: (f64, f64),
}

impl Node {
    /// A box of an operation.
    pub fn new(words: impl Into<Words>) -> Self {
        Self::of(Text::new(words))
    }

    /// A box around this text.
    pub fn of(text: Text) -> Self {
        Self { text: Some(text), ..Self::empty() }
    }

    /// A box without text.
    pub fn empty() -> Self {
        let style = Style::role(Role::Plain);
        Self { text: None, note: None, style, radius: 8.0, pad: PAD, least: (0.0, 0.0) }
    }

    /// A round box with a sign: `+`, `×`.
    pub fn sign(sign: &str) -> Self {
        let text = Text::new(sign).size_of(20.0);
        Self { radius: 16.0, pad: (0.0, 0.0), least: (32.0, 32.0), ..Self::of(text) }
    }

    /// What it stands for, which gives it its color.
    pub fn role(mut self, role: Role) -> Self {
        let Style { width, dash, .. } = self.style;
        self.style = Style::role(role).width(width).dash(dash);
        if role == Role::Mask {
            self.style.fill = Some(Paint::Hatch(role));
        }
        self
    }

    /// With this look.
    pub fn style(mut self, style: Style) -> Self {
        self.style = style;
        self
    }

    /// A small gray remark under the text.
    pub fn note(mut self, words: impl Into<Words>) -> Self {
        self.note = Some(Text::new(words).size_of(SMALL).muted());
        self
    }

    /// With a thick outline.
    pub fn heavy(mut self) -> Self {
        self.style.width = 2.5;
        self
    }

    /// With a dashed outline: not there yet, left out, or optional.
    pub fn dashed(mut self) -> Self {
        self.style.dash = Dash::Dashed;
        self
    }

    /// With corners of this radius: 8 unless said, 3 for data, half of the height for a pill.
    pub fn radius(mut self, radius: f64) -> Self {
        self.radius = radius;
        self
    }

    /// With this space beside and above the text.
    pub fn pad(mut self, x: f64, y: f64) -> Self {
        self.pad = (x, y);
        self
    }

    /// At least as wide as this.
    pub fn min_width(mut self, width: f64) -> Self {
        self.least.0 = width;
        self
    }

    /// At least as high as this.
    pub fn min_height(mut self, height: f64) -> Self {
        self.least.1 = height;
        self
    }

    /// Width and height that its text needs in both languages.
    pub fn size(&self) -> (f64, f64) {
        let sizes = [&self.text, &self.note].into_iter().flatten().map(Text::size);
        let (w, h) = sizes.fold((0.0f64, 0.0), |(w, h), size| (w.max(size.0), h + size.1));
        ((w + 2.0 * self.pad.0).max(self.least.0).ceil(), (h + 2.0 * self.pad.1).max(self.least.1).ceil())
    }

    /// Draws it into a rectangle.
    pub fn draw(self, d: &mut Drawing, rect: Rect) -> Rect {
        if let Some(Paint::Hatch(role)) = self.style.fill {
            d.rect(Layer::Main, rect, self.radius, Style::fill(Paint::Soft(role)));
        }
        d.rect(Layer::Main, rect, self.radius, self.style);
        match (self.text, self.note) {
            (Some(text), Some(note)) => {
                let (upper, lower) = (text.size().1, note.size().1);
                let top = rect.center().y - (upper + lower) / 2.0;
                text.draw_in(d, Rect { y: top, h: upper, ..rect });
                note.draw_in(d, Rect { y: top + upper, h: lower, ..rect });
            }
            (Some(text), None) | (None, Some(text)) => _ = text.draw_in(d, rect),
            (None, None) => (),
        }
        rect
    }

    /// Draws it around a point.
    pub fn draw_at(self, d: &mut Drawing, center: Point) -> Rect {
        let size = self.size();
        self.draw(d, Rect::around(center, size))
    }

    /// Draws it with this left upper corner.
    pub fn draw_from(self, d: &mut Drawing, corner: Point) -> Rect {
        let (w, h) = self.size();
        self.draw(d, rect(corner.x, corner.y, w, h))
    }
}

/// Draws boxes beside each other from a left upper corner, all of the height of the highest.
pub fn nodes_in_row(d: &mut Drawing, from: Point, gap: f64, nodes: impl IntoIterator<Item = Node>) -> Vec<Rect> {
    let nodes: Vec<_> = nodes.into_iter().collect();
    let height = nodes.iter().map(|node| node.size().1).fold(0.0, f64::max);
    let sizes: Vec<_> = nodes.iter().map(|node| (node.size().0, height)).collect();
    let places = crate::geometry::row(from, &sizes, gap);
    nodes.into_iter().zip(places).map(|(node, place)| node.draw(d, place)).collect()
}

/// Draws boxes below each other from a left upper corner, all of the width of the widest.
pub fn nodes_in_column(d: &mut Drawing, from: Point, gap: f64, nodes: impl IntoIterator<Item = Node>) -> Vec<Rect> {
    let nodes: Vec<_> = nodes.into_iter().collect();
    let width = nodes.iter().map(|node| node.size().0).fold(0.0, f64::max);
    let sizes: Vec<_> = nodes.iter().map(|node| (width, node.size().1)).collect();
    let places = crate::geometry::column(from, &sizes, gap);
    nodes.into_iter().zip(places).map(|(node, place)| node.draw(d, place)).collect()
}
