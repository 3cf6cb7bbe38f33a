//! The learning rate over the steps of a run.

use appendix_train_tricks::{Decay, Schedule};

use crate::parts::{Axis, Plot, Text, decimal};
use crate::theme::{Paint, Role};
use crate::{Dash, Drawing, Figure, Layer, Style, p, rect, t};

const STEPS: usize = 135;
const WARMUP: usize = 27;
const PEAK: f64 = 1e-2;

/// The learning rate of each step.
fn rates(decay: Decay) -> Vec<(f64, f64)> {
    let schedule = Schedule { warmup_steps: WARMUP, initial_lr: 1e-4, min_lr: 1e-5, decay };
    (0..STEPS).map(|step| (step as f64, schedule.learning_rate(step, PEAK, STEPS))).collect()
}

pub fn three_ways() -> Figure {
    let [constant, linear, cosine] = [Decay::Constant, Decay::Linear, Decay::Cosine].map(rates);
    let mut d = Drawing::new();
    let x = Axis::new((0.0, 134.0), &[0.0, 27.0, 54.0, 81.0, 108.0, 134.0], 0, t("step", "步"));
    let y = Axis::new((0.0, 0.0112), &[0.0, 0.0025, 0.005, 0.0075, 0.01], 4, t("learning rate", "学习率"));
    let field = rect(0.0, 0.0, 536.0, 310.0);
    let plot = Plot::draw(&mut d, field, x, y);
    let end = plot.at(WARMUP as f64, 0.0).x;
    d.rect(Layer::Back, rect(field.x, field.y, end, field.h), 0.0, Style::fill(Paint::Soft(Role::Score)).opacity(0.6));
    plot.upright(&mut d, WARMUP as f64, Role::Plain, Dash::Dotted);
    for (x, words) in [(end / 2.0, t("warm-up", "预热")), (f64::midpoint(end, field.w), t("decay", "衰减"))] {
        Text::new(words).bold().draw(&mut d, p(x, -16.0));
    }
    let after = |curve: &[(f64, f64)]| curve[WARMUP..].to_vec();
    plot.curve(&mut d, after(&constant), Role::Plain, Dash::Dotted);
    plot.curve(&mut d, after(&linear), Role::Plain, Dash::DashDotted);
    plot.curve(&mut d, cosine.iter().copied(), Role::Score, Dash::Solid);
    plot.name(&mut d, (104.0, PEAK), (0.0, 16.0), t("constant", "恒定"), Role::Plain);
    plot.name(&mut d, (39.0, linear[39].1), (-14.0, 26.0), t("linear", "线性"), Role::Plain);
    plot.name(&mut d, (62.0, cosine[62].1), (12.0, -6.0), t("cosine", "余弦"), Role::Score);

    let [middle, last] = [(STEPS + WARMUP) / 2, STEPS - 1];
    let half = decimal(cosine[middle].1, 6);
    assert_eq!(half, decimal(linear[middle].1, 6), "both are half way at the same step");
    let words = t(format!("step {middle}, half way:\nboth {half}"), format!("第 {middle} 步，走到一半：\n都是 {half}"));
    let remark = |d: &mut Drawing, step: usize, shift: (f64, f64), words| {
        let (x, y) = cosine[step];
        plot.dot(d, (x, y), Role::Score);
        Text::small(words).start().halo().draw(d, plot.at(x, y).shift(shift.0, shift.1));
    };
    remark(&mut d, middle, (18.0, -12.0), words);
    remark(&mut d, 0, (10.0, -12.0), decimal(cosine[0].1, 4).into());
    let peak = decimal(cosine[WARMUP].1, 2);
    let words = t(format!("end of the warm-up, step {WARMUP}: {peak}"), format!("预热结束，第 {WARMUP} 步：{peak}"));
    remark(&mut d, WARMUP, (10.0, -14.0), words);
    let lowest = decimal(cosine[last].1, 5);
    remark(&mut d, last, (15.0, -8.0), lowest.clone().into());
    let desc = t(
        format!(
            "The learning rate over the steps 0 to {last}. In the filled part, the warm-up, one straight line rises from \
             {first} at step 0 to {peak} at step {WARMUP}. From there, three curves. Constant, dotted, stays at {peak}. \
             Linear, dash-dotted, falls in a straight line. Cosine, solid, falls slowly at first, steeply in the middle \
             and slowly at the end: at step {middle}, half way, it crosses the line, both are {half}; at the last step it \
             is near {lowest}.",
            first = decimal(cosine[0].1, 4)
        ),
        format!(
            "第 0 到第 {last} 步的学习率。涂色的部分是预热，一条直线从第 0 步的 {first} 升到第 {WARMUP} 步的 {peak}。之后有三条曲线。\
             恒定的是点线，停在 {peak}。线性的是点划线，直线下降。余弦的是实线，开头降得慢，中间陡，最后又慢下来：走到一半，第 \
             {middle} 步，它与直线相交，都是 {half}；到最后一步接近 {lowest}。",
            first = decimal(cosine[0].1, 4)
        ),
    );
    let title = t(
        format!("The learning rate over a run of {STEPS} steps: warm-up, then three ways to go on"),
        format!("{STEPS} 步里的学习率：先预热，之后有三种走法"),
    );
    Figure::new("d-01", title, desc, d)
}
