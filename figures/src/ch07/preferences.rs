//! Twenty steps of direct preference optimization.

use crate::ch05::curves::remark;
use crate::parts::{Axis, Plot, Side, Text, brace_of, decimal};
use crate::theme::{Paint, Role};
use crate::{Dash, Drawing, Figure, Layer, Style, p, rect, t};

const OUTPUT: &str = include_str!("../../../book/outputs/bonus_dpo_steps.txt");
const BETA: f64 = 0.1;

/// A line of the output: step, loss, and the rewards of the chosen and of the rejected answers.
#[derive(Clone, Copy, Debug)]
struct Step {
    step: f64,
    loss: f64,
    chosen: f64,
    rejected: f64,
    margin: f64,
}

fn run() -> Vec<Step> {
    let parse = |line: &str| -> Option<Step> {
        let numbers: Option<Vec<f64>> = line.split_whitespace().map(|number| number.parse().ok()).collect();
        let &[step, loss, _, chosen, _, rejected, margin] = numbers?.as_slice() else { return None };
        Some(Step { step, loss, chosen, rejected, margin })
    };
    OUTPUT.lines().filter_map(parse).collect()
}

fn loss(margin: f64) -> f64 {
    (1.0 + (-BETA * margin).exp()).ln()
}

pub fn twenty_steps() -> Figure {
    let run = run();
    let last = run[run.len() - 1];
    let mut d = Drawing::new();
    let field = rect(0.0, 0.0, 216.0, 300.0);
    let x = Axis::new((0.0, 20.0), &[0.0, 4.0, 8.0, 12.0, 16.0, 20.0], 0, t("step", "步"));
    let y = Axis::new((-2.5, 1.0), &[-2.0, -1.0, 0.0, 1.0], 0, t("reward", "奖励"));
    let plot = Plot::draw(&mut d, field, x, y);
    plot.across(&mut d, 0.0, Role::Plain, Dash::Dotted);
    plot.curve(&mut d, run.iter().map(|step| (step.step, step.chosen)), Role::Output, Dash::Solid);
    plot.curve(&mut d, run.iter().map(|step| (step.step, step.rejected)), Role::Alert, Dash::Dashed);
    for step in &run {
        plot.dot(&mut d, (step.step, step.chosen), Role::Output);
        plot.dot(&mut d, (step.step, step.rejected), Role::Alert);
    }
    let number = |value: f64| if value > 0.0 { format!("+{}", decimal(value, 3)) } else { decimal(value, 3) };
    let (chosen, rejected) = (number(last.chosen), number(last.rejected));
    let name = t(format!("chosen {chosen}"), format!("选中的 {chosen}"));
    plot.name(&mut d, (6.0, 0.62), (0.0, 0.0), name, Role::Output);
    let name = t(format!("rejected\n{rejected}"), format!("落选的\n{rejected}"));
    plot.name(&mut d, (1.5, -1.85), (0.0, 0.0), name, Role::Alert);
    let (high, low) = (plot.at(last.step, last.chosen), plot.at(last.step, last.rejected));
    let around = rect(high.x + 6.0, high.y, 0.0, low.y - high.y);
    let margin = decimal(last.margin, 3);
    let words = t(format!("margin\n{margin}"), format!("间隔\n{margin}"));
    brace_of(&mut d, around, Side::Right, Text::new(words).size_of(14.0).bold());

    let field = rect(384.0, 0.0, 266.0, 300.0);
    let x = Axis::new((-10.0, 10.0), &[-10.0, -5.0, 0.0, 5.0, 10.0], 0, t("margin", "间隔"));
    let y = Axis::new((0.15, 1.4), &[0.2, 0.4, 0.6, 0.8, 1.0, 1.2, 1.4], 1, t("loss", "损失"));
    let plot = Plot::draw(&mut d, field, x, y);
    let start = plot.at(0.0, run[0].loss);
    let lines = [plot.at(-10.0, run[0].loss), start, plot.at(0.0, 0.15)];
    let style = Style::line(Paint::Strong(Role::Plain)).dash(Dash::Dotted);
    d.line(Layer::Lines, &lines, style);
    let margins = (-50..=50).map(|i| f64::from(i) / 5.0);
    plot.curve(&mut d, margins.map(|margin| (margin, loss(margin))), Role::Score, Dash::Solid);
    for step in &run {
        plot.dot(&mut d, (step.margin, step.loss), Role::Weight);
    }
    let words = format!("ln 2 = {}", decimal(run[0].loss, 4));
    Text::note(words).start().draw(&mut d, plot.at(-10.0, run[0].loss).shift(6.0, 13.0));
    plot.name(&mut d, (-5.6, 1.2), (6.0, 0.0), t("−ln σ(0.1 · margin)", "−ln σ(0.1 · 间隔)"), Role::Score);
    remark(&mut d, start.shift(6.0, -18.0), t("step 0", "第 0 步"), Role::Weight);
    let words = t(format!("step 20\n{}", decimal(last.loss, 4)), format!("第 20 步\n{}", decimal(last.loss, 4)));
    remark(&mut d, plot.at(last.margin, last.loss).shift(14.0, -14.0), words, Role::Weight);
    for (x, words) in [(108.0, t("the rewards move apart", "奖励渐渐拉开")), (517.0, t("the loss falls", "损失下降"))]
    {
        Text::new(words).bold().draw(&mut d, p(x, -22.0));
    }
    let desc = t(
        format!(
            "Two charts. Left, the rewards over 20 steps, every four steps a dot: both begin at 0; the chosen answers, solid, rise \
             to {chosen}, the rejected ones, dashed, fall much further, to {rejected}; a brace marks the margin between them, \
             {margin}. Right, the loss −ln σ(0.1 · margin) as a falling curve over margins from −10 to 10; at margin 0 it is ln 2 \
             = {}, marked with dotted lines. The six measurements of the run lie on it, close together, from step 0 at margin 0 \
             to step 20 with a loss of {}.",
            decimal(run[0].loss, 4),
            decimal(last.loss, 4)
        ),
        format!(
            "两张图。左边是二十步里的奖励，每四步一个点：都从 0 开始；选中的回答是实线，升到 {chosen}，落选的是虚线，降得多得多，到 {rejected}；\
             花括号标出两者的间隔 {margin}。右边是损失 −ln σ(0.1 · 间隔)，横轴是从 −10 到 10 的间隔，曲线一路下降；间隔为 0 时是 ln 2 = {}，\
             用点线标出。训练中的六次测量都在曲线上，挨得很近，从第 0 步（间隔 0）到第 20 步，损失 {}。",
            decimal(run[0].loss, 4),
            decimal(last.loss, 4)
        ),
    );
    let title = t(
        "Twenty steps of DPO: the rewards move apart, the loss falls from ln 2",
        "DPO 的二十步：奖励渐渐拉开，损失从 ln 2 下降",
    );
    Figure::new("7-B1", title, desc, d)
}

#[cfg(test)]
mod tests {
    use super::{loss, run};

    /// The points lie on the curve, and the margin is the difference of the rewards, as exactly as they are printed.
    #[test]
    fn the_run_fits_the_formula() {
        let run = run();
        assert_eq!(run.len(), 6);
        for step in run {
            assert!((loss(step.margin) - step.loss).abs() < 1e-4, "{step:?}");
            assert!((step.chosen - step.rejected - step.margin).abs() < 1.6e-3, "{step:?}");
        }
    }
}
