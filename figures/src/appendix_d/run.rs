//! The losses of a run with all three tricks, and its learning rate.

use appendix_train_tricks::Recipe;
use ch05_pretrain::Evaluation;
use serde_json::{Value, from_value};

use crate::ch05::curves::{self, Measured, VALIDATION};
use crate::parts::{Axis, Plot, Text, decimal};
use crate::theme::{Paint, Role};
use crate::{Dash, Drawing, Figure, Layer, Style, rect, t};

/// The run that PyTorch made and the test `golden_warmup_cosine_clip` of the appendix repeats.
const RUN: &str = include_str!("../../../appendix-train-tricks/tests/golden/warmup-cosine-clip.json");
const TICKS: [f64; 6] = [0.0, 27.0, 54.0, 81.0, 108.0, 134.0];
/// Width of both plots.
const WIDTH: f64 = 540.0;

struct Run {
    measured: Vec<Measured>,
    /// The loss of each batch, and the learning rate of each step.
    batches: Vec<f64>,
    rates: Vec<f64>,
    recipe: Recipe,
}

fn run() -> Run {
    let run: Value = serde_json::from_str(RUN).expect("the recorded run is JSON");
    let numbers = |name: &str| -> Vec<f64> { from_value(run[name].clone()).expect("the recorded run has the numbers") };
    let log: Vec<Evaluation> = from_value(run["log"].clone()).expect("the recorded run has a log");
    Run {
        measured: log.iter().map(|entry| (entry.step as f64, entry.train_loss, entry.val_loss)).collect(),
        batches: numbers("step_losses"),
        rates: numbers("rates"),
        recipe: from_value(run["recipe"].clone()).expect("the recorded run has a recipe"),
    }
}

pub fn with_all_three() -> Figure {
    let run = run();
    let warmup = run.recipe.schedule.warmup_steps as f64;
    assert_eq!(run.recipe.clip.map(|clip| clip.first_step as f64), Some(warmup), "clipping begins after the warm-up");
    let mut d = Drawing::new();
    let x = |name| Axis::new((0.0, 134.0), &TICKS, 0, name);
    let upper = rect(0.0, 0.0, WIDTH, 320.0);
    let losses = Axis::new((4.0, 12.0), &[4.0, 6.0, 8.0, 10.0, 12.0], 0, t("loss", "损失"));
    let plot = Plot::draw(&mut d, upper, x(t("", "")), losses);
    let lower = rect(0.0, 372.0, WIDTH, 84.0);
    let rates = Axis::new((0.0, 0.0108), &[0.0, 0.005, 0.01], 3, t("learning rate", "学习率"));
    let steps = t("step (9 steps = 1 epoch)", "步（9 步 = 1 个 epoch）");
    let rate_plot = Plot::draw(&mut d, lower, x(steps), rates);
    let points = |numbers: &[f64]| numbers.iter().enumerate().map(|(step, y)| (step as f64, *y)).collect::<Vec<_>>();
    for (x, y) in points(&run.batches) {
        d.circle(Layer::Lines, plot.at(x, y), 2.0, Style::fill(Paint::Strong(Role::Mask)));
    }
    for plot in [&plot, &rate_plot] {
        plot.upright(&mut d, warmup, Role::Plain, Dash::Dotted);
    }
    curves::draw(&mut d, &plot, &run.measured);
    rate_plot.curve(&mut d, points(&run.rates), Role::Plain, Dash::Solid);
    curves::name(&mut d, plot.at(62.0, 4.9), plot.at(64.0, 7.6));
    let gray = Text::small(t("dots: loss of each batch", "小点：每个批次的损失")).muted();
    gray.start().halo().draw(&mut d, plot.at(40.0, 9.3));
    let words = t("warm-up ends,\nclipping begins", "预热结束，\n开始裁剪");
    Text::small(words).start().halo().draw(&mut d, plot.at(warmup, 11.2).shift(9.0, 0.0));
    let lowest = run.measured.iter().copied().min_by(|a, b| a.2.total_cmp(&b.2)).expect("there are measurements");
    let (first, last) = (run.measured[0], run.measured[run.measured.len() - 1]);
    assert_eq!(lowest, last, "the last measurement is the lowest");
    plot.dot(&mut d, (last.0, last.2), VALIDATION);
    let words = t(
        format!("lowest: {}, step {}", decimal(last.2, 3), last.0),
        format!("最低：{}，第 {} 步", decimal(last.2, 3), last.0),
    );
    Text::small(words).bold().role(VALIDATION).end().halo().draw(&mut d, plot.at(134.0, last.2).shift(0.0, -26.0));
    plot.dot(&mut d, (last.0, last.1), curves::TRAINING);
    let at = plot.at(134.0, last.1).shift(0.0, 17.0);
    Text::small(decimal(last.1, 3)).bold().role(curves::TRAINING).end().halo().draw(&mut d, at);
    let [a, b, c, e] = [first.1, first.2, last.1, last.2].map(|loss| decimal(loss, 3));
    let peak = decimal(run.rates.iter().copied().fold(0.0, f64::max), 2);
    let desc = t(
        format!(
            "Two plots over the steps 0 to 134, nine to an epoch. Above, the losses, measured every five steps: training, \
             solid, and validation, dashed, with small dots for the loss of each batch, which scatter around the training \
             curve. Both curves begin near 11 ({a} and {b}), hardly change in the first ten steps, fall to below 7 by step \
             30, stay on a plateau up to about step 60 and then sink slowly. Validation ends at its lowest value, {e} at \
             step {}, training there at {c}. Below, the learning rate: it rises in a straight line to {peak} at step \
             {warmup} and falls along half a cosine to almost 0. A dotted line through both plots at step {warmup}: the \
             warm-up ends, clipping begins.",
            last.0
        ),
        format!(
            "两张图，横轴都是第 0 到第 134 步，九步是一个 epoch。上面是损失，每五步测一次：训练是实线，验证是虚线，小点是每个批次的\
             损失，散布在训练曲线周围。两条曲线都从 11 附近开始（{a} 和 {b}），前十步几乎不动，到第 30 步降到 7 以下，之后停在一个平台\
             上，大约第 60 步起再慢慢下降。验证损失最后达到最低，第 {} 步是 {e}，此时训练损失是 {c}。下面是学习率：沿直线升到第 \
             {warmup} 步的 {peak}，再沿半个余弦降到接近 0。第 {warmup} 步有一条点线贯穿两张图：预热结束，开始裁剪。",
            last.0
        ),
    );
    let title = t(
        "The losses of the run with all three, and the learning rate under them",
        "三样都用上的训练：损失，以及下方的学习率",
    );
    Figure::new("d-03", title, desc, d)
}
