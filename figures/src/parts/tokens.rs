//! Rows of tokens.

use crate::drawing::{Drawing, Layer, Style};
use crate::geometry::{Point, Rect, rect};
use crate::lang::Words;
use crate::parts::text::{BODY, SMALL, Text};
use crate::theme::{Paint, Role};

/// Height of a token.
const HEIGHT: f64 = 34.0;

/// Tokens beside each other, with their ids beneath.
#[derive(Clone, Debug)]
pub struct Tokens {
    texts: Vec<Words>,
    ids: Vec<Words>,
    roles: Vec<Role>,
    heavy: Vec<bool>,
    gap: f64,
    pad: f64,
    width: f64,
    height: f64,
    mono: bool,
    wrap: f64,
}

/// Where the tokens were drawn.
#[derive(Clone, Debug)]
pub struct PlacedTokens {
    /// The box of each token.
    pub cells: Vec<Rect>,
    /// Around all of it, with the ids.
    pub bounds: Rect,
    /// The point under each token (and its id), for arrows that go on downward.
    pub feet: Vec<Point>,
}

impl Tokens {
    /// Tokens with these texts; see [`visible`] for spaces.
    pub fn new<W: Into<Words>>(texts: impl IntoIterator<Item = W>) -> Self {
        let texts: Vec<Words> = texts.into_iter().map(Into::into).collect();
        let count = texts.len();
        let (roles, heavy) = (vec![Role::Token; count], vec![false; count]);
        let (gap, wrap) = (6.0, f64::INFINITY);
        Self { texts, ids: vec![], roles, heavy, gap, pad: 9.0, width: 0.0, height: HEIGHT, mono: false, wrap }
    }

    /// With these ids beneath.
    pub fn ids<W: Into<Words>>(mut self, ids: impl IntoIterator<Item = W>) -> Self {
        self.ids = ids.into_iter().map(Into::into).collect();
        self
    }

    /// All of this role.
    pub fn role(mut self, role: Role) -> Self {
        self.roles.fill(role);
        self
    }

    /// One of this role.
    pub fn role_of(mut self, at: usize, role: Role) -> Self {
        self.roles[at] = role;
        self
    }

    /// One with a thick outline.
    pub fn heavy(mut self, at: usize) -> Self {
        self.heavy[at] = true;
        self
    }

    /// With this much space between two tokens.
    pub fn gap(mut self, gap: f64) -> Self {
        self.gap = gap;
        self
    }

    /// With this much space beside the text of a token.
    pub fn pad(mut self, pad: f64) -> Self {
        self.pad = pad;
        self
    }

    /// All at least this wide.
    pub fn min_width(mut self, width: f64) -> Self {
        self.width = width;
        self
    }

    /// All of this height.
    pub fn height(mut self, height: f64) -> Self {
        self.height = height;
        self
    }

    /// In a font for code.
    pub fn mono(mut self) -> Self {
        self.mono = true;
        self
    }

    /// In a new row where one would be wider than this.
    pub fn wrap(mut self, width: f64) -> Self {
        self.wrap = width;
        self
    }

    fn text(&self, at: usize) -> Text {
        let text = Text::new(&self.texts[at]).size_of(BODY);
        if self.mono { text.mono() } else { text }
    }

    fn id(&self, at: usize) -> Option<Text> {
        self.ids.get(at).map(|id| Text::new(id).size_of(SMALL).muted())
    }

    /// The left upper corners and widths of the tokens of a drawing that begins at (0, 0).
    fn places(&self) -> Vec<Rect> {
        let row = self.height + if self.ids.is_empty() { 10.0 } else { 32.0 };
        let (mut x, mut y) = (0.0, 0.0);
        let place = |at| {
            let id = self.id(at).map_or(0.0, |id| id.size().0);
            let w = (self.text(at).size().0 + 2.0 * self.pad).max(id + 2.0).max(self.width).ceil();
            if x > 0.0 && x + w > self.wrap {
                (x, y) = (0.0, y + row);
            }
            let placed = rect(x, y, w, self.height);
            x += w + self.gap;
            placed
        };
        (0..self.texts.len()).map(place).collect()
    }

    /// Width and height, with the ids.
    pub fn size(&self) -> (f64, f64) {
        let all = Rect::bounds(self.places());
        (all.w, all.h + if self.ids.is_empty() { 0.0 } else { 22.0 })
    }

    /// Draws them from a left upper corner.
    pub fn draw(self, d: &mut Drawing, from: Point) -> PlacedTokens {
        let cells: Vec<_> = self.places().iter().map(|cell| cell.shift(from.x, from.y)).collect();
        let mut feet = Vec::new();
        for (at, cell) in cells.iter().enumerate() {
            let style = Style::role(self.roles[at]).width(if self.heavy[at] { 2.5 } else { 1.5 });
            d.rect(Layer::Main, *cell, 5.0, style);
            if self.roles[at] == Role::Mask {
                d.rect(Layer::Main, *cell, 5.0, Style::fill(Paint::Hatch(Role::Mask)));
            }
            self.text(at).draw_in(d, *cell);
            let id = self.id(at).map(|id| id.draw_below(d, cell.bottom().shift(0.0, 3.0)));
            feet.push(cell.bottom().shift(0.0, id.map_or(0.0, |id| id.h + 3.0)));
        }
        let (w, h) = self.size();
        PlacedTokens { cells, bounds: rect(from.x, from.y, w, h), feet }
    }

    /// Draws them with their middle here and this upper edge.
    pub fn draw_centered(self, d: &mut Drawing, top: Point) -> PlacedTokens {
        let width = self.size().0;
        self.draw(d, top.shift(-width / 2.0, 0.0))
    }
}

/// The text of a token with its spaces and line breaks as signs: ` you` is `␣you`.
pub fn visible(token: &str) -> String {
    token.replace(' ', "␣").replace('\n', "↵")
}
