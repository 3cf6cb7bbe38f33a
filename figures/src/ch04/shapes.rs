//! Small forms that several figures of the chapter share.

use crate::drawing::number;
use crate::parts::Text;
use crate::theme::{Paint, Role};
use crate::{Dash, Drawing, Layer, Point, Rect, Style, Words, rect};

/// A part of the model with its name on the left and the section that builds it on the right. A placeholder is dashed
/// and empty.
pub fn part(d: &mut Drawing, place: Rect, name: Words, section: &str, is_placeholder: bool) -> Rect {
    let style = Style::role(Role::Weight);
    let style = if is_placeholder {
        Style::fill(Paint::Paper).outlined(Paint::Strong(Role::Weight)).dash(Dash::Dashed)
    } else {
        style
    };
    d.rect(Layer::Main, place, 8.0, style);
    let section = Text::note(section).end();
    let width = section.size().0;
    section.draw_in(d, rect(place.x, place.y, place.w - 12.0, place.h));
    Text::new(name).size_of(14.0).start().draw_in(d, rect(place.x + 12.0, place.y, place.w - 32.0 - width, place.h));
    place
}

/// A weight that makes a vector wider or narrower: from the lower edge of one to the upper edge of the other.
pub fn funnel(d: &mut Drawing, upper: Rect, lower: Rect, style: Style) -> Rect {
    let corners = [upper.at(0.0, 1.0), upper.at(1.0, 1.0), lower.at(1.0, 0.0), lower.at(0.0, 0.0)];
    let written: Vec<_> = corners.iter().map(|corner| format!("{} {}", number(corner.x), number(corner.y))).collect();
    let bounds = Rect::bounds(corners.map(|corner| Rect::between(corner, corner)));
    d.path(Layer::Main, format!("M{}Z", written.join("L")), bounds, style);
    bounds
}

/// A thick line through these points, the road that a vector takes.
pub fn road(d: &mut Drawing, points: &[Point], role: Role, width: f64) {
    d.line(Layer::Lines, points, Style::line(Paint::Strong(role)).width(width));
}

/// A dot where a copy leaves the road.
pub fn fork(d: &mut Drawing, at: Point, role: Role) {
    d.circle(Layer::Main, at, 3.5, Style::fill(Paint::Strong(role)));
}
