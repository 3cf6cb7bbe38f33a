//! Two curves of a training run: training solid, validation dashed, in the whole book.

use crate::parts::{Plot, Text};
use crate::theme::{Paint, Role};
use crate::{Dash, Drawing, Layer, Point, Rect, Style, Words, t};

/// Roles of training and validation.
pub(crate) const TRAINING: Role = Role::Score;
pub(crate) const VALIDATION: Role = Role::Output;

/// A point on the horizontal axis with what was measured on the training and on the validation part.
pub(crate) type Measured = (f64, f64, f64);

/// Draws both curves with a small dot on every measurement.
pub(crate) fn draw(d: &mut Drawing, plot: &Plot, measured: &[Measured]) {
    let of = [
        (TRAINING, Dash::Solid, measured.iter().map(|(x, training, _)| (*x, *training)).collect::<Vec<_>>()),
        (VALIDATION, Dash::Dashed, measured.iter().map(|(x, _, validation)| (*x, *validation)).collect()),
    ];
    for (role, dash, points) in of {
        plot.curve(d, points.iter().copied(), role, dash);
        for (x, y) in points {
            d.circle(Layer::Main, plot.at(x, y), 3.0, Style::fill(Paint::Strong(role)));
        }
    }
}

/// The names of the two curves, each beginning at a place.
pub(crate) fn name(d: &mut Drawing, training: Point, validation: Point) {
    for (at, role, words) in
        [(training, TRAINING, t("training", "训练")), (validation, VALIDATION, t("validation", "验证"))]
    {
        Text::new(words).size_of(14.0).bold().role(role).start().halo().draw(d, at);
    }
}

/// A short remark in the color of a curve.
pub(crate) fn remark(d: &mut Drawing, at: Point, words: impl Into<Words>, role: Role) -> Rect {
    Text::small(words).bold().role(role).start().halo().draw(d, at)
}
