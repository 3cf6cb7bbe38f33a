//! The log of fine-tuning.

use crate::ch05::curves::{self, Measured, TRAINING, VALIDATION};
use crate::data::{rows, value};
use crate::parts::{Arrow, Axis, Plot, Side, Text, brace_of, decimal};
use crate::theme::Role;
use crate::{Dash, Drawing, Figure, p, rect, t};

const RUN: &str = include_str!("../../data/fine-tuning-355m.tsv");
/// Steps of an epoch.
const EPOCH: f64 = 116.0;

pub fn gpt2_medium() -> Figure {
    let run: Vec<Measured> = rows(RUN).iter().map(|row| (value(row, 0), value(row, 1), value(row, 2))).collect();
    let (first, second, last) = (run[0], run[1], run[run.len() - 1]);
    let mut d = Drawing::new();
    let x = Axis::new((0.0, 2.0 * EPOCH), &[0.0, 50.0, 100.0, 150.0, 200.0], 0, t("step", "步"));
    let y = Axis::new((0.0, 2.8), &[0.0, 0.5, 1.0, 1.5, 2.0, 2.5], 1, t("loss", "损失"));
    let field = rect(0.0, 0.0, 540.0, 350.0);
    let plot = Plot::draw(&mut d, field, x, y);
    plot.upright(&mut d, EPOCH, Role::Plain, Dash::Dotted);
    for (share, words) in [(0.25, t("epoch 1", "第一轮")), (0.75, t("epoch 2", "第二轮"))] {
        Text::new(words).bold().draw(&mut d, p(field.w * share, -16.0));
    }
    curves::draw(&mut d, &plot, &run);
    curves::name(&mut d, plot.at(122.0, 0.22), plot.at(122.0, 0.86));

    let note = t(
        format!("the form of the text:\n{} to {}\nin five steps", decimal(first.1, 3), decimal(second.1, 3)),
        format!("文本的形式：\n五步，从 {}\n到 {}", decimal(first.1, 3), decimal(second.1, 3)),
    );
    let note = Text::new(note).size_of(14.0).bold().start().draw(&mut d, plot.at(30.0, 2.2));
    Arrow::new(p(note.x, note.center().y), plot.at(2.4, 1.95)).free().draw(&mut d);
    let note = t("then the answers:\nslowly, over\na hundred steps", "然后是回答：\n慢慢来，\n用了一百步");
    let note = Text::new(note).size_of(14.0).bold().start().draw(&mut d, plot.at(30.0, 1.45));
    Arrow::new(p(note.x + 60.0, note.y_end()), plot.at(48.0, 0.83)).free().draw(&mut d);

    let (high, low) = (plot.at(last.0, last.2), plot.at(last.0, last.1));
    curves::remark(&mut d, high.shift(-40.0, -18.0), decimal(last.2, 3), VALIDATION);
    curves::remark(&mut d, low.shift(-40.0, 18.0), decimal(last.1, 3), TRAINING);
    let around = rect(field.x_end() + 2.0, high.y, 0.0, low.y - high.y);
    let words = t("the gap:\noverfitting", "差距：\n过拟合");
    brace_of(&mut d, around, Side::Right, Text::new(words).size_of(14.0).bold().role(Role::Alert));
    let at = |step: f64| run.iter().find(|row| row.0 == step).copied().expect("it was measured there");
    let (end, after) = (at(115.0), at(120.0));
    let desc = t(
        format!(
            "Losses over the steps 0 to 230 of two epochs, measured every five steps; training solid, validation dashed, a \
             dotted line at step 116 between the epochs. Both fall steeply at first: training from {} to {} in the first five \
             steps, marked “the form of the text”. Then both fall slowly, together, to {} and {} at the end of epoch 1. In \
             epoch 2 they part: training falls at once to {} and ends at {}, validation stays near 0.65 and ends at {}. A brace \
             marks the gap.",
            decimal(first.1, 3),
            decimal(second.1, 3),
            decimal(end.1, 3),
            decimal(end.2, 3),
            decimal(after.1, 3),
            decimal(last.1, 3),
            decimal(last.2, 3)
        ),
        format!(
            "两轮训练第 0 到第 230 步的损失，每五步测一次；训练是实线，验证是虚线，第 116 步的点线隔开两轮。开头都陡降：训练损失头五步从 {} \
             降到 {}，标着“文本的形式”。之后两者一起慢慢下降，第一轮结束时是 {} 和 {}。第二轮里它们分开了：训练损失立刻降到 {}，最后是 {}；\
             验证损失停在 0.65 附近，最后是 {}。花括号标出差距。",
            decimal(first.1, 3),
            decimal(second.1, 3),
            decimal(end.1, 3),
            decimal(end.2, 3),
            decimal(after.1, 3),
            decimal(last.1, 3),
            decimal(last.2, 3)
        ),
    );
    let title = t(
        "Fine-tuning GPT-2 medium: training and validation loss over two epochs",
        "微调 GPT-2 medium：两轮中的训练损失与验证损失",
    );
    Figure::new("7-08", title, desc, d)
}

#[cfg(test)]
mod tests {
    use super::RUN;
    use crate::data::rows;

    /// The recorded run is the one that the test of the chapter compares ours with.
    #[test]
    fn the_recorded_run_is_that_of_the_chapter() {
        let tests = include_str!("../../../ch07-instruct/tests/book_numbers.rs");
        let log = tests.split_once("fn n7_6_training").and_then(|(_, rest)| rest.split('"').nth(1)).expect("the log");
        let found: Vec<_> = rows(RUN).iter().flat_map(|row| [row[1], row[2]]).collect();
        assert_eq!(found, log.split_whitespace().collect::<Vec<_>>());
        assert!(rows(RUN).iter().enumerate().all(|(i, row)| row[0] == (5 * i).to_string()));
    }
}
