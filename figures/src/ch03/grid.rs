//! Matrices of which only the shape matters.

use crate::theme::{Paint, Role};
use crate::{Drawing, Layer, Rect, Style};

/// Empty cells; each has a color of this strength, or only an outline.
pub(super) fn cells(
    d: &mut Drawing,
    place: Rect,
    (rows, columns): (usize, usize),
    role: Role,
    strength: impl Fn(usize, usize) -> Option<f64>,
) {
    for (row, line) in place.column(rows, 0.0).into_iter().enumerate() {
        for (column, cell) in line.row(columns, 0.0).into_iter().enumerate() {
            let style = match strength(row, column) {
                Some(strength) => Style::fill(Paint::Strong(role)).opacity(strength),
                None => Style::role(role).width(1.0),
            };
            d.rect(Layer::Main, cell.grow(-1.0), (cell.w / 6.0).min(3.0), style);
        }
    }
}
