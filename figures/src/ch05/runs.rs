//! Two runs and their losses.

use super::curves::{self, Measured, TRAINING, VALIDATION};
use super::numbers_after;
use crate::data::{output, rows, value};
use crate::drawing::point;
use crate::parts::{Axis, Plot, Side, Text, brace_of, decimal};
use crate::theme::{Paint, Role};
use crate::{Dash, Drawing, Figure, Layer, Rect, Style, p, rect, t};

const BOOK: &str = include_str!("../../data/pretraining-124m.tsv");
const TINY: &str = include_str!("../../../book/outputs/5_2_train_tiny.txt");

/// The measurement with the lowest validation loss.
fn lowest(run: &[Measured]) -> Measured {
    run.iter().copied().min_by(|a, b| a.2.total_cmp(&b.2)).expect("there are measurements")
}

pub fn the_book() -> Figure {
    let run: Vec<Measured> = rows(BOOK).iter().map(|row| (value(row, 0), value(row, 1), value(row, 2))).collect();
    let (first, best, last) = (run[0], lowest(&run), run[run.len() - 1]);
    let mut d = Drawing::new();
    let ticks: Vec<f64> = (0..=5).map(|i| f64::from(18 * i)).collect();
    let x = Axis::new((0.0, 90.0), &ticks, 0, t("step (9 steps = 1 epoch)", "步（9 步 = 1 个 epoch）"));
    let y = Axis::new((0.0, 11.5), &[0.0, 2.0, 4.0, 6.0, 8.0, 10.0], 0, t("loss", "损失"));
    let field = rect(0.0, 0.0, 540.0, 320.0);
    let plot = Plot::draw(&mut d, field, x, y);
    let nothing = 50_257f64.ln();
    plot.across(&mut d, nothing, Role::Plain, Dash::Dotted);
    let words = t(
        format!("ln 50,257 = {}: knows nothing", decimal(nothing, 2)),
        format!("ln 50,257 = {}：一无所知", decimal(nothing, 2)),
    );
    Text::note(words).end().draw(&mut d, plot.at(90.0, nothing).shift(-2.0, 14.0));
    curves::draw(&mut d, &plot, &run);
    curves::name(&mut d, plot.at(60.0, 2.75), plot.at(69.0, 7.2));
    plot.dot(&mut d, (best.0, best.2), VALIDATION);
    let words = t(
        format!("lowest: {}, step {}", decimal(best.2, 3), best.0),
        format!("最低：{}，第 {} 步", decimal(best.2, 3), best.0),
    );
    curves::remark(&mut d, plot.at(best.0, best.2).shift(-62.0, 20.0), words, VALIDATION);
    curves::remark(&mut d, plot.at(last.0, last.1).shift(9.0, 0.0), decimal(last.1, 3), TRAINING);
    curves::remark(&mut d, plot.at(last.0, last.2).shift(9.0, 0.0), decimal(last.2, 3), VALIDATION);
    let desc = t(
        format!(
            "Losses over the steps 0 to 85, measured every five steps; nine steps are one epoch. Training, solid, and \
             validation, dashed, begin at {} and {}, just below the dotted line at {}, where a model knows nothing, and \
             fall together to about 6 in step 15. From there training goes on, unevenly, to {} at the end. Validation \
             stays near 6.2, is lowest with {} in step {} and ends at {}.",
            decimal(first.1, 3),
            decimal(first.2, 3),
            decimal(nothing, 2),
            decimal(last.1, 3),
            decimal(best.2, 3),
            best.0,
            decimal(last.2, 3)
        ),
        format!(
            "第 0 到第 85 步的损失，每五步测一次，九步是一个 epoch。训练损失是实线，验证损失是虚线，分别从 {} 和 {} 开始，稍低于 {} \
             处的点线（一无所知的模型），一起降到第 15 步的 6 左右。此后训练损失起伏着继续下降，最后是 {}；验证损失停在 6.2 附近，\
             第 {} 步最低，为 {}，最后是 {}。",
            decimal(first.1, 3),
            decimal(first.2, 3),
            decimal(nothing, 2),
            decimal(last.1, 3),
            best.0,
            decimal(best.2, 3),
            decimal(last.2, 3)
        ),
    );
    let title = t(
        "The 124M model learns the story: PyTorch's run, which this code repeats",
        "124M 模型学这篇小说：PyTorch 的训练记录，这里的代码把它重现了出来",
    );
    Figure::new("5-08", title, desc, d)
}

pub fn overfitting() -> Figure {
    let run: Vec<Measured> = output(TINY)
        .filter(|line| line.starts_with("Ep "))
        .map(|line| numbers_after(line, ["(Step ", "Train loss ", "Val loss "]))
        .map(|[step, training, validation]| (step, training, validation))
        .collect();
    let (best, last) = (lowest(&run), run[run.len() - 1]);
    let gap = last.2 - last.1;
    let mut d = Drawing::new();
    let ticks: Vec<f64> = (0..=6).map(|i| f64::from(44 * i)).collect();
    let x = Axis::new((0.0, 264.0), &ticks, 0, t("step (22 steps = 1 epoch)", "步（22 步 = 1 个 epoch）"));
    let y = Axis::new((0.0, 7.0), &[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0], 0, t("loss", "损失"));
    let field = rect(0.0, 0.0, 520.0, 320.0);
    let plot = Plot::draw(&mut d, field, x, y);
    let after = || run.iter().filter(|(step, ..)| *step >= best.0);
    let upper = after().map(|(x, _, y)| plot.at(*x, *y));
    let lower = after().rev().map(|(x, y, _)| plot.at(*x, *y));
    let corners: Vec<_> = upper.chain(lower).collect();
    let path: Vec<_> = corners.iter().map(|corner| point(*corner)).collect();
    let bounds = Rect::bounds(corners.iter().map(|corner| Rect::between(*corner, *corner)));
    d.path(Layer::Back, format!("M{}Z", path.join("L")), bounds, Style::fill(Paint::Soft(Role::Alert)));
    plot.upright(&mut d, best.0, Role::Plain, Dash::Dotted);
    curves::draw(&mut d, &plot, &run);
    plot.dot(&mut d, (best.0, best.2), VALIDATION);
    curves::name(&mut d, plot.at(62.0, 3.3), plot.at(92.0, 5.05));
    let words = t(
        format!("lowest: {}, step {}", decimal(best.2, 3), best.0),
        format!("最低：{}，第 {} 步", decimal(best.2, 3), best.0),
    );
    curves::remark(&mut d, plot.at(best.0, best.2).shift(10.0, -40.0), words, VALIDATION);
    let head = |d: &mut Drawing, x: f64, words| Text::new(words).bold().draw(d, p(x, -16.0));
    let split = plot.at(best.0, 0.0).x;
    head(&mut d, split / 2.0, t("learns", "在学习"));
    head(&mut d, (split + field.w) / 2.0, t("memorises", "在死记"));
    let (high, low) = (plot.at(last.0, last.2), plot.at(last.0, last.1));
    curves::remark(&mut d, high.shift(-14.0, -17.0), decimal(last.2, 3), VALIDATION);
    curves::remark(&mut d, low.shift(-14.0, 17.0), decimal(last.1, 3), TRAINING);
    let around = rect(field.x_end() + 2.0, high.y, 0.0, low.y - high.y);
    let words = t(format!("gap\n{}", decimal(gap, 3)), format!("差距\n{}", decimal(gap, 3)));
    brace_of(&mut d, around, Side::Right, Text::new(words).size_of(14.0).bold().role(Role::Alert));
    let desc = t(
        format!(
            "Losses of the tiny model over the steps 0 to {}; 22 steps are one epoch. Training, solid, and validation, \
             dashed, fall together from about 6.6. A dotted line at step {}, where the validation loss is lowest with {}, \
             divides the picture: on its left the model learns, on its right it memorises. There the training loss goes on \
             falling to {}, the validation loss rises to {}, and the area between them is filled. A brace marks the gap at \
             the end: {}.",
            last.0,
            best.0,
            decimal(best.2, 3),
            decimal(last.1, 3),
            decimal(last.2, 3),
            decimal(gap, 3)
        ),
        format!(
            "小模型在第 0 到第 {} 步的损失，22 步是一个 epoch。训练损失是实线，验证损失是虚线，从 6.6 左右一起下降。第 {} 步处的点线\
             是验证损失最低的地方，{}，它把图分成两半：左边在学习，右边在死记。右边训练损失继续降到 {}，验证损失升到 {}，两条线之间涂了颜色。\
             花括号标出最后的差距：{}。",
            last.0,
            best.0,
            decimal(best.2, 3),
            decimal(last.1, 3),
            decimal(last.2, 3),
            decimal(gap, 3)
        ),
    );
    Figure::new("5-07", t("Overfitting: the gap opens", "过拟合：差距越拉越大"), desc, d)
}

#[cfg(test)]
mod tests {
    use super::BOOK;
    use crate::data::rows;

    /// The recorded run is the one that the test of the chapter repeats.
    #[test]
    fn the_recorded_run_is_that_of_the_chapter() {
        let tests = include_str!("../../../ch05-pretrain/tests/book_numbers.rs");
        let log = tests.split_once("const LOG_CPU").and_then(|(_, rest)| rest.split_once("];\n")).expect("the log").0;
        let expected: Vec<_> = log.lines().filter_map(|line| line.trim().strip_prefix('[')).collect();
        let found: Vec<_> = rows(BOOK).iter().map(|row| format!("{}, {}],", row[1], row[2])).collect();
        assert_eq!(found, expected);
        assert!(rows(BOOK).iter().enumerate().all(|(i, row)| row[0] == (5 * i).to_string()));
    }
}
