//! Training with one parameter.

use crate::parts::{Axis, Plot, decimal};
use crate::theme::{Paint, Role};
use crate::{Dash, Drawing, Figure, Layer, Style, rect, t};

const START: f64 = -2.0;
const LEARNING_RATE: f64 = 2.0;
const STEPS: usize = 4;

pub fn four_steps() -> Figure {
    let mut d = Drawing::new();
    let x = Axis::new((-2.4, 0.8), &[-2.0, -1.5, -1.0, -0.5, 0.0, 0.5], 1, t("score s", "分数 s"));
    let y = Axis::new((0.55, 1.3), &[0.6, 0.8, 1.0, 1.2], 1, t("loss", "损失"));
    let plot = Plot::draw(&mut d, rect(0.0, 0.0, 560.0, 360.0), x, y);
    plot.across(&mut d, 2f64.ln(), Role::Plain, Dash::Dashed);
    plot.curve(&mut d, (-24..=8).map(|i| f64::from(i) / 10.0).map(|s| (s, loss(s))), Role::Score, Dash::Solid);
    let mut s = START;
    for step in 0..=STEPS {
        plot.dot(&mut d, (s, loss(s)), Role::Weight);
        let name = decimal(loss(s), 4);
        let name = if step == 0 {
            t(format!("start: {name}"), format!("起点：{name}"))
        } else {
            t(format!("{step}: {name}"), format!("{step}：{name}"))
        };
        let shift = if step == STEPS { (-4.0, 22.0) } else { (6.0, -15.0) };
        plot.name(&mut d, (s, loss(s)), shift, name, Role::Weight);
        if step == 0 {
            let tangent = [-0.36, 0.36].map(|by| plot.at(s + by, loss(s) + slope(s) * by));
            d.line(Layer::Front, &tangent, Style::line(Paint::Strong(Role::Weight)).width(2.0));
        }
        s -= LEARNING_RATE * slope(s);
    }
    let floor = t(format!("ln 2 = {}", decimal(2f64.ln(), 4)), format!("ln 2 = {}", decimal(2f64.ln(), 4)));
    plot.name(&mut d, (-2.36, 2f64.ln()), (0.0, 14.0), floor, Role::Plain);
    let desc = t(
        "The loss over the score s is a valley with its lowest point at s = 0 and loss ln 2 = 0.6931. Training starts on the \
         left slope at s = −2 with loss 1.1269; a short line there shows the slope. Steps 1 to 4 go down to the losses 0.8737, \
         0.7512, 0.7090 and 0.6972, each step shorter than the one before.",
        "损失随分数 s 变化，像一道山谷，最低处在 s = 0，损失为 ln 2 = 0.6931。训练从左坡 s = −2 处出发，损失 1.1269，那里的一段短线表示斜率。\
         第 1 到第 4 步依次下到 0.8737、0.7512、0.7090 和 0.6972，一步比一步短。",
    );
    Figure::new("1-03", t("Four training steps, down the slope", "四步训练：顺坡而下"), desc, d)
}

/// The loss if half of the words are the one whose score is `s`.
fn loss(s: f64) -> f64 {
    let p = probability(s);
    -0.5 * p.ln() - 0.5 * (1.0 - p).ln()
}

fn slope(s: f64) -> f64 {
    probability(s) - 0.5
}

fn probability(s: f64) -> f64 {
    1.0 / (1.0 + (-s).exp())
}
