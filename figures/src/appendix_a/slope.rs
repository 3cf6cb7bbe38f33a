//! The loss over the weight, and its slope at two places.

use appendix_burn_intro::logistic::gradients_by_hand;

use crate::parts::{Arrow, Axis, Plot, Text, decimal};
use crate::theme::Role;
use crate::{Dash, Drawing, Figure, Lang, rect, t};

const X1: f64 = 1.1;
/// Half of the length of a tangent, in weights.
const REACH: f64 = 0.9;

/// The loss of the point with the right answer 1. In double precision, so that the curve is the same on every processor;
/// a test compares it with the appendix's own.
fn loss(w: f64) -> f64 {
    (-X1 * w).exp().ln_1p()
}

pub fn loss_over_weight() -> Figure {
    let curve = (-10..=50).map(|i| f64::from(i) / 10.0).map(|w| (w, loss(w)));
    let mut d = Drawing::new();
    let x = Axis::new((-1.0, 5.0), &[-1.0, 0.0, 1.0, 2.0, 3.0, 4.0, 5.0], 0, t("weight w_{1}", "权重 w_{1}"));
    let y = Axis::new((-0.1, 1.6), &[0.0, 0.4, 0.8, 1.2, 1.6], 1, t("loss", "损失"));
    let plot = Plot::draw(&mut d, rect(0.0, 0.0, 540.0, 320.0), x, y);
    plot.curve(&mut d, curve, Role::Score, Dash::Solid);
    plot.name(&mut d, (-0.62, 1.12), (10.0, 0.0), "loss(w_{1})", Role::Score);
    let found = [0.0, 2.2].map(|w| (w, loss(w), gradients_by_hand(X1, w, 0.0, 1.0)[0]));
    for (w, loss, slope) in &found {
        let tangent = [-REACH, REACH].map(|step| (w + step, loss + slope * step));
        plot.curve(&mut d, tangent, Role::Weight, Dash::Dashed);
        plot.dot(&mut d, (*w, *loss), Role::Weight);
        let place = plot.at(*w, *loss).shift(16.0, -36.0);
        let words = t(format!("slope {}", decimal(*slope, 4)), format!("斜率 {}", decimal(*slope, 4)));
        Text::new(words).size_of(14.0).bold().role(Role::Weight).start().halo().draw(&mut d, place);
        let words = t(
            format!("w_{{1}} = {}: loss {}", decimal(*w, 1), decimal(*loss, 4)),
            format!("w_{{1}} = {}：损失 {}", decimal(*w, 1), decimal(*loss, 4)),
        );
        Text::small(words).start().halo().draw(&mut d, place.shift(0.0, 19.0));
    }
    let words = Text::small(t("the update goes this way", "更新朝这边走"));
    let row = plot.at(3.1, 0.62);
    let label = words.start().draw(&mut d, row);
    Arrow::new(row.shift(0.0, 20.0), row.shift(label.w, 20.0)).free().role(Role::Weight).width(2.5).draw(&mut d);
    let [left, right] = found;
    let desc = |lang| {
        let [a, b] = [left, right].map(|(_, loss, slope)| (decimal(loss, 4), decimal(slope, 4)));
        match lang {
            Lang::En => format!(
                "The loss over the weight w₁ from −1 to 5: a curve that falls, steeply at first and then more and more \
                 gently, toward 0. Two dots with dashed tangents: at w₁ = 0.0 the loss is {} and the slope {}; at w₁ = \
                 2.2 the loss is {} and the slope {}, the tangent is nearly flat. Both slopes are negative, so the \
                 update goes to the right, toward a larger weight, as an arrow says.",
                a.0, a.1, b.0, b.1
            ),
            Lang::Zh => format!(
                "损失随权重 w₁（从 −1 到 5）变化的曲线，一路下降，先陡后缓，趋近 0。曲线上有两个点和它们的虚线切线：w₁ = 0.0 处\
                 损失 {}，斜率 {}；w₁ = 2.2 处损失 {}，斜率 {}，切线几乎是平的。两处斜率都是负的，所以更新朝右走，权重变大，图中有\
                 箭头指明。",
                a.0, a.1, b.0, b.1
            ),
        }
    };
    let title = t("A gradient is a slope: the loss over w₁", "梯度就是斜率：损失随 w₁ 的变化");
    Figure::new("a-04", title, t(desc(Lang::En), desc(Lang::Zh)), d)
}

#[cfg(test)]
mod tests {
    use appendix_burn_intro::logistic::forward;
    use burn::tensor::{Device, Tensor};

    use super::{X1, loss};

    #[test]
    fn the_curve_is_the_loss_of_the_appendix() {
        let scalar = |x: f64| Tensor::<1>::from_floats([x as f32], &Device::flex());
        for w in [-1.0, 0.0, 2.2, 5.0] {
            let expected: f64 = forward(scalar(X1), scalar(w), scalar(0.0), scalar(1.0)).loss.into_scalar();
            assert!((loss(w) - expected).abs() < 1e-6, "{w}: {} is not {expected}", loss(w));
        }
    }
}
