//! The points of the two classes: circles and squares.

use crate::parts::Text;
use crate::theme::{Paint, Role};
use crate::{Drawing, Layer, Point, Rect, Style};

/// The color of a class.
pub fn role_of(class: i32) -> Role {
    if class == 0 { Role::Token } else { Role::Output }
}

/// A small mark: a circle for class 0, a square for class 1; hollow for a point of the test.
pub fn mark(d: &mut Drawing, at: Point, class: i32, is_test: bool) -> Rect {
    let paint = Paint::Strong(role_of(class));
    let style = if is_test {
        Style::fill(Paint::Paper).outlined(paint).width(2.0)
    } else {
        Style::fill(paint).outlined(Paint::Paper)
    };
    let place = Rect::around(at, (9.0, 9.0));
    if class == 0 {
        d.circle(Layer::Front, at, 5.0, style);
    } else {
        d.rect(Layer::Front, place, 1.0, style);
    }
    place
}

/// A point with its index: a circle for class 0, a square for class 1.
pub fn numbered(d: &mut Drawing, at: Point, index: usize, class: i32) -> Rect {
    let place = Rect::around(at, (34.0, 34.0));
    let style = Style::role(role_of(class)).width(2.0);
    if class == 0 {
        d.circle(Layer::Main, at, 17.0, style);
    } else {
        d.rect(Layer::Main, place, 2.0, style);
    }
    Text::new(index.to_string()).bold().draw_in(d, place);
    place
}
