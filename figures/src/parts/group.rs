//! Frames with a title around what belongs together.

use crate::drawing::{Dash, Drawing, Layer, Style};
use crate::geometry::{Rect, rect};
use crate::lang::Words;
use crate::parts::text::Text;
use crate::theme::{Paint, Role};

/// A frame around other parts, which may be drawn before it.
#[derive(Clone, Debug)]
pub struct Group {
    inside: Rect,
    title: Option<Text>,
    style: Style,
    pad: f64,
}

impl Group {
    /// A frame around these rectangles.
    pub fn around(rects: impl IntoIterator<Item = Rect>) -> Self {
        let style = Style::fill(Paint::Soft(Role::Plain)).outlined(Paint::Grid);
        Self { inside: Rect::bounds(rects), title: None, style, pad: 14.0 }
    }

    /// With a title in its left upper corner.
    pub fn title(mut self, words: impl Into<Words>) -> Self {
        self.title = Some(Text::new(words).size_of(14.0).bold().start());
        self
    }

    /// In the color of a role.
    pub fn role(mut self, role: Role) -> Self {
        self.style = Style::role(role);
        self
    }

    /// Dashed, without an area.
    pub fn dashed(mut self) -> Self {
        let paint = self.style.stroke.filter(|paint| *paint != Paint::Grid).unwrap_or(Paint::Strong(Role::Plain));
        self.style = Style::line(paint).dash(Dash::Dashed);
        self
    }

    /// With this much space around what is in it.
    pub fn pad(mut self, pad: f64) -> Self {
        self.pad = pad;
        self
    }

    /// Draws it behind the other parts.
    pub fn draw(self, d: &mut Drawing) -> Rect {
        let inner = self.inside.grow(self.pad);
        let head = self.title.as_ref().map_or(0.0, |title| title.size().1 + 4.0);
        let width = inner.w.max(self.title.as_ref().map_or(0.0, |title| title.size().0 + 2.0 * self.pad));
        let frame = rect(inner.x, inner.y - head, width, inner.h + head);
        d.rect(Layer::Back, frame, 12.0, self.style);
        if let Some(title) = self.title {
            let height = title.size().1;
            title.draw_in(d, rect(frame.x + self.pad, frame.y + self.pad / 2.0 + 2.0, width - 2.0 * self.pad, height));
        }
        frame
    }
}
