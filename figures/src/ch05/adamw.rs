//! What the optimizer makes of gradients.

use burn::module::Param;
use burn::tensor::{Device, Tensor};
use ch05_pretrain::AdamW;

use crate::parts::{Text, decimal};
use crate::theme::{Paint, Role};
use crate::{Drawing, Figure, Layer, Style, p, rect, t};

/// The gradients of three weights in three steps.
const GRADIENTS: [[f64; 3]; 3] = [[2.0, 2.0, 2.0], [0.02, 0.02, 0.02], [2.0, -2.0, 2.0]];
const RATE: f64 = 0.1;

/// Height of a lane, where the two panels begin, the space for a bar, and pixels for a step of 1.
const LANE: f64 = 132.0;
const PANELS: [f64; 2] = [186.0, 430.0];
const SLOT: f64 = 70.0;
const SCALE: f64 = 180.0;

pub fn three_weights() -> Figure {
    let steps = [GRADIENTS.map(|weight| weight.map(|gradient| -RATE * gradient)), adamw_steps()];
    let mut d = Drawing::new();
    let heads = [t("plain steps", "普通的步子"), t("AdamW's steps", "AdamW 的步子")];
    for (x, head) in PANELS.into_iter().zip(heads) {
        Text::new(head).bold().draw(&mut d, p(x + 1.5 * SLOT, -14.0));
    }
    Text::new(t("gradients", "梯度")).bold().draw(&mut d, p(98.0, -14.0));
    for (lane, name) in ["A", "B", "C"].into_iter().enumerate() {
        let middle = LANE * (lane as f64 + 0.5) + 6.0;
        let band = rect(0.0, middle - LANE / 2.0 + 4.0, PANELS[1] + 3.0 * SLOT + 10.0, LANE - 8.0);
        d.rect(Layer::Back, band, 10.0, Style::fill(Paint::Soft(Role::Plain)));
        Text::title(name).draw(&mut d, p(24.0, middle));
        for (i, gradient) in GRADIENTS[lane].iter().enumerate() {
            let text = decimal(*gradient, if lane == 1 { 2 } else { 0 });
            Text::new(text).role(Role::Score).end().draw(&mut d, p(114.0, middle + 24.0 * (i as f64 - 1.0)));
        }
        for (x, steps) in PANELS.into_iter().zip(&steps) {
            draw_steps(&mut d, x, middle, &steps[lane]);
        }
    }
    let listed = |steps: &[f64; 3]| steps.map(|step| decimal(step, 4)).join(", ");
    let [plain, adamw] = steps.map(|steps| steps.map(|weight| listed(&weight)));
    let desc = t(
        format!(
            "Three weights in three rows, each with three gradients and the steps that follow from them, as bars up or \
             down; the learning rate is 0.1. A: gradients 2, 2, 2; plain steps {}; AdamW's steps {}. B: gradients 0.02 \
             three times; plain steps {}, hardly to be seen; AdamW's steps {}, as large as those of A. C: gradients 2, \
             −2, 2; plain steps {}; AdamW's steps {}, small once the signs disagree.",
            plain[0], adamw[0], plain[1], adamw[1], plain[2], adamw[2]
        ),
        format!(
            "三个权重，三行，每行有三个梯度和由此得出的步子，画成向上或向下的条形；学习率是 0.1。A：梯度 2、2、2，普通的步子 {}，\
             AdamW 的步子 {}。B：三个梯度都是 0.02，普通的步子 {}，几乎看不见，AdamW 的步子 {}，和 A 一样大。C：梯度 2、−2、2，\
             普通的步子 {}，AdamW 的步子 {}，方向不一致之后就变小了。",
            plain[0], adamw[0], plain[1], adamw[1], plain[2], adamw[2]
        ),
    );
    let title = t(
        "Three weights and their steps: plain descent follows the size of the gradient, AdamW the agreement of its signs",
        "三个权重的步子：普通梯度下降看梯度的大小，AdamW 看方向是否一致",
    );
    Figure::new("5-05", title, desc, d)
}

/// Three bars on a line, upward if the weight grows.
fn draw_steps(d: &mut Drawing, x: f64, zero: f64, steps: &[f64; 3]) {
    for (i, step) in steps.iter().enumerate() {
        let left = x + SLOT * i as f64;
        let height = (step.abs() * SCALE).max(1.0);
        let up = *step > 0.0;
        let bar = rect(left + 17.0, if up { zero - height } else { zero }, SLOT - 34.0, height);
        d.rect(Layer::Main, bar, 2.0, Style::fill(Paint::Strong(Role::Weight)).opacity(0.5));
        d.rect(Layer::Main, bar, 2.0, Style::line(Paint::Strong(Role::Weight)).width(1.2));
        let text = Text::small(decimal(*step, 4));
        if up {
            text.draw_above(d, bar.top().shift(0.0, -2.0))
        } else {
            text.draw_below(d, bar.bottom().shift(0.0, 2.0))
        };
    }
    let line = [p(x, zero), p(x + 3.0 * SLOT, zero)];
    d.line(Layer::Lines, &line, Style::line(Paint::Strong(Role::Plain)));
}

/// The steps of each weight, taken by the chapter's optimizer without weight decay.
fn adamw_steps() -> [[f64; 3]; 3] {
    let device = Device::flex().autodiff();
    let mut weights: Param<Tensor<1>> = Param::from_data([0.0f32; 3], &device);
    let mut optimizer = AdamW::new(0.0);
    let mut steps = [[0.0; 3]; 3];
    for t in 0..3 {
        let before: Vec<f64> = weights.val().into_data().iter().collect();
        let wanted = GRADIENTS.map(|weight| weight[t] as f32);
        let gradients = (weights.val() * Tensor::<1>::from_floats(wanted, &device)).sum().backward();
        weights = optimizer.step(RATE, weights, gradients);
        let after: Vec<f64> = weights.val().into_data().iter().collect();
        (0..3).for_each(|weight| steps[weight][t] = after[weight] - before[weight]);
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::adamw_steps;

    /// The formula of the page, in 64 bits.
    #[test]
    fn the_steps_are_those_of_the_formula() {
        let found = adamw_steps();
        for (weight, gradients) in super::GRADIENTS.into_iter().enumerate() {
            let (mut m, mut v) = (0.0, 0.0);
            for (step, (t, g)) in (1..).zip(gradients).enumerate() {
                m = 0.9 * m + 0.1 * g;
                v = 0.999 * v + 0.001 * g * g;
                let expected = -0.1 * (m / (1.0 - 0.9f64.powi(t))) / ((v / (1.0 - 0.999f64.powi(t))).sqrt() + 1e-8);
                assert!((found[weight][step] - expected).abs() < 1e-6, "{weight}, {step}: {expected}");
            }
        }
    }
}
