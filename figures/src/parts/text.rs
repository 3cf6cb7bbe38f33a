//! Text.

use crate::drawing::{Align, Drawing, Label, Type};
use crate::geometry::{Point, Rect, p};
use crate::lang::{Lang, Words};
use crate::theme::{Paint, Role};
use crate::width::advance;

/// Sizes of text in pixels.
pub const SMALL: f64 = 13.0;
/// The usual size.
pub const BODY: f64 = 15.0;
/// The size of titles of panels.
pub const LARGE: f64 = 17.0;

/// Height of a line in the unit of the font size.
const LINE: f64 = 1.32;
/// Size of a subscript or superscript in the unit of the font size.
pub(crate) const SCRIPT: f64 = 0.74;

/// One or more lines of text.
#[derive(Clone, Debug)]
pub struct Text {
    words: Words,
    look: Type,
}

impl Text {
    /// A text of the usual size, centered at its place.
    pub fn new(words: impl Into<Words>) -> Self {
        let (paint, align) = (Paint::Ink, Align::Middle);
        let look = Type { size: BODY, bold: false, mono: false, paint, align, upward: false, halo: false };
        Self { words: words.into(), look }
    }

    /// A small text.
    pub fn small(words: impl Into<Words>) -> Self {
        Self::new(words).size_of(SMALL)
    }

    /// A small text beside the point.
    pub fn note(words: impl Into<Words>) -> Self {
        Self::small(words).muted()
    }

    /// The title of a panel.
    pub fn title(words: impl Into<Words>) -> Self {
        Self::new(words).size_of(LARGE).bold()
    }

    /// Of this font size; not below 12.
    pub fn size_of(mut self, size: f64) -> Self {
        self.look.size = size;
        self
    }

    /// In bold.
    pub fn bold(mut self) -> Self {
        self.look.bold = true;
        self
    }

    /// In a font for code.
    pub fn mono(mut self) -> Self {
        self.look.mono = true;
        self
    }

    /// In gray.
    pub fn muted(self) -> Self {
        self.paint(Paint::Muted)
    }

    /// In the color of a role.
    pub fn role(self, role: Role) -> Self {
        self.paint(Paint::Strong(role))
    }

    /// In this color.
    pub fn paint(mut self, paint: Paint) -> Self {
        self.look.paint = paint;
        self
    }

    /// Beginning at its place.
    pub fn start(mut self) -> Self {
        self.look.align = Align::Start;
        self
    }

    /// Ending at its place.
    pub fn end(mut self) -> Self {
        self.look.align = Align::End;
        self
    }

    /// From bottom to top, for the name of a vertical axis.
    pub fn upward(mut self) -> Self {
        self.look.upward = true;
        self
    }

    /// With a seam of background, to be readable on a line.
    pub fn halo(mut self) -> Self {
        self.look.halo = true;
        self
    }

    /// Width and height in the language that needs more.
    pub fn size(&self) -> (f64, f64) {
        let bounds = Label { words: self.words.clone(), look: self.look, at: p(0.0, 0.0), room: None }.bounds();
        (bounds.w, bounds.h)
    }

    /// Draws it with the middle of its lines at the height of `at`.
    pub fn draw(self, d: &mut Drawing, at: Point) -> Rect {
        self.place(d, at, None)
    }

    /// Draws it below `at`.
    pub fn draw_below(self, d: &mut Drawing, at: Point) -> Rect {
        let height = self.size().1;
        self.draw(d, at.shift(0.0, height / 2.0))
    }

    /// Draws it above `at`.
    pub fn draw_above(self, d: &mut Drawing, at: Point) -> Rect {
        let height = self.size().1;
        self.draw(d, at.shift(0.0, -height / 2.0))
    }

    /// Draws it into a shape that it must fit into.
    pub fn draw_in(self, d: &mut Drawing, room: Rect) -> Rect {
        let x = match self.look.align {
            Align::Start => room.x,
            Align::Middle => room.center().x,
            Align::End => room.x_end(),
        };
        let y = room.center().y;
        self.place(d, p(x, y), Some(room))
    }

    fn place(self, d: &mut Drawing, at: Point, room: Option<Rect>) -> Rect {
        let label = Label { words: self.words, look: self.look, at, room };
        let bounds = label.bounds();
        d.label(label);
        bounds
    }
}

/// A piece of a line: as it is, lowered as a subscript, or raised as a superscript.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Piece<'a> {
    Plain(&'a str),
    Sub(&'a str),
    Super(&'a str),
}

/// The pieces of a line: `z^{(2)}` is `z` and the superscript `(2)`.
pub(crate) fn pieces(line: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = line;
    while let Some(at) = [rest.find("_{"), rest.find("^{")].into_iter().flatten().min() {
        let Some(length) = rest[at + 2..].find('}') else { break };
        if at > 0 {
            pieces.push(Piece::Plain(&rest[..at]));
        }
        let script = &rest[at + 2..at + 2 + length];
        pieces.push(if rest[at..].starts_with('_') { Piece::Sub(script) } else { Piece::Super(script) });
        rest = &rest[at + 3 + length..];
    }
    if !rest.is_empty() {
        pieces.push(Piece::Plain(rest));
    }
    pieces
}

impl Label {
    /// The width of a line.
    fn width(&self, line: &str) -> f64 {
        let advance = |text: &str| advance(text, self.look.bold, self.look.mono);
        let of = |piece: &Piece| match piece {
            Piece::Plain(text) => advance(text),
            Piece::Sub(text) | Piece::Super(text) => SCRIPT * advance(text),
        };
        pieces(line).iter().map(of).sum::<f64>() * self.look.size
    }

    /// The lines in one language, each with its rectangle if it were written from left to right around `at`.
    pub fn lines(&self, lang: Lang) -> Vec<(&str, Rect)> {
        let lines: Vec<_> = self.words.lines(lang).collect();
        let height = LINE * self.look.size;
        let top = self.at.y - height * lines.len() as f64 / 2.0;
        let place = |(i, line)| {
            let width = self.width(line);
            let x = match self.look.align {
                Align::Start => self.at.x,
                Align::Middle => self.at.x - width / 2.0,
                Align::End => self.at.x - width,
            };
            (line, Rect { x, y: top + height * i as f64, w: width, h: height })
        };
        lines.into_iter().enumerate().map(place).collect()
    }

    /// The rectangle of a line as it is seen.
    pub fn seen(&self, line: Rect) -> Rect {
        if !self.look.upward {
            return line;
        }
        let turn = |x: f64, y: f64| p(self.at.x + (y - self.at.y), self.at.y - (x - self.at.x));
        Rect::between(turn(line.x, line.y), turn(line.x_end(), line.y_end()))
    }

    /// The smallest rectangle around it, in both languages.
    pub fn bounds(&self) -> Rect {
        let lines = Lang::ALL.into_iter().flat_map(|lang| self.lines(lang));
        Rect::bounds(lines.map(|(_, line)| self.seen(line)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_are_pieces_of_their_own() {
        use Piece::{Plain, Sub, Super};
        assert_eq!(pieces("W_{q} x^{(2)}"), [Plain("W"), Sub("q"), Plain(" x"), Super("(2)")]);
        assert_eq!(pieces("a_b {c}"), [Plain("a_b {c}")]);
        assert_eq!(pieces("open_{end"), [Plain("open_{end")]);
        assert_eq!(pieces(""), []);
    }

    #[test]
    fn an_upward_text_is_as_high_as_it_is_long() {
        let (w, h) = Text::new("tokens").size();
        let (w_up, h_up) = Text::new("tokens").upward().size();
        assert!((w - h_up).abs() < 1e-9 && (h - w_up).abs() < 1e-9);
    }
}
