//! Loss and accuracy.

use burn::tensor::{Device, Tensor};
use ch06_classify::Label;
use shared::cross_entropy;

use crate::ch05::curves::{self, Measured, TRAINING, VALIDATION, remark};
use crate::data::{rows, value};
use crate::parts::{Axis, Plot, Text, decimal};
use crate::theme::{Paint, Role};
use crate::{Dash, Drawing, Figure, Layer, Style, p, rect, t};

/// Loss of a spam message and its slope, if the logit of spam is larger by this much than that of ham.
fn loss_and_slope(difference: f64) -> (f64, f64) {
    let device = Device::flex().autodiff();
    let logits = Tensor::<2>::from_floats([[0.0, difference as f32]], &device).require_grad();
    let label = Tensor::from_data([Label::Spam.class() as i64], &device);
    let loss = cross_entropy(logits.clone(), label);
    let gradients = loss.backward();
    let slopes: Vec<f64> = logits.grad(&gradients).map_or(vec![], |slopes| slopes.into_data().iter().collect());
    (loss.into_scalar::<f32>().into(), slopes.last().copied().unwrap_or_default())
}

pub fn loss_and_accuracy() -> Figure {
    let mut d = Drawing::new();
    let name = t("logit of spam − logit of ham", "spam 的 logit − ham 的 logit");
    let x = Axis::new((-4.0, 4.0), &[-4.0, -3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0, 4.0], 0, name);
    let y = Axis::new((-0.15, 4.2), &[0.0, 1.0, 2.0, 3.0, 4.0], 0, "");
    let field = rect(0.0, 0.0, 520.0, 330.0);
    let plot = Plot::draw(&mut d, field, x, y);
    let points = (-40..=40).map(|i| f64::from(i) / 10.0).map(|x| (x, loss_and_slope(x).0));
    plot.curve(&mut d, points, Role::Score, Dash::Solid);
    plot.curve(&mut d, [(-4.0, 0.0), (0.0, 0.0)], Role::Output, Dash::Dashed);
    plot.curve(&mut d, [(0.0, 1.0), (4.0, 1.0)], Role::Output, Dash::Dashed);
    let jump = [plot.at(0.0, 0.0), plot.at(0.0, 1.0)];
    d.line(Layer::Lines, &jump, Style::line(Paint::Strong(Role::Output)).dash(Dash::Dotted));
    let mut slopes = Vec::new();
    for (at, shift) in [(-2.0, (14.0, -12.0)), (0.0, (-122.0, 13.0)), (2.0, (-32.0, -20.0))] {
        let (loss, slope) = loss_and_slope(at);
        let reach = 0.85 / (1.0f64 + slope * slope).sqrt();
        let tangent = [-reach, reach].map(|by| plot.at(at + by, loss + slope * by));
        d.line(Layer::Front, &tangent, Style::line(Paint::Ink).width(2.5));
        plot.dot(&mut d, (at, loss), Role::Score);
        let slope = decimal(slope, 3);
        let words = t(format!("slope {slope}"), format!("斜率 {slope}"));
        remark(&mut d, plot.at(at, loss).shift(shift.0, shift.1), words, Role::Score);
        slopes.push(slope);
    }
    for (at, up) in [((-3.6, 0.0), -14.0), ((2.4, 1.0), -14.0)] {
        remark(&mut d, plot.at(at.0, at.1).shift(0.0, up), t("slope 0", "斜率 0"), Role::Output);
    }
    plot.name(&mut d, (-3.1, 3.75), (4.0, -6.0), t("loss", "损失"), Role::Score);
    plot.name(&mut d, (0.2, 1.0), (4.0, -16.0), t("accuracy", "准确率"), Role::Output);
    for (x, words) in [(0.25, t("answer: not spam", "回答：不是 spam")), (0.75, t("answer: spam", "回答：spam"))]
    {
        Text::note(words).draw(&mut d, p(field.w * x, -14.0));
    }
    let desc = t(
        format!(
            "Two curves for one spam message, over the logit of spam minus the logit of ham, from −4 to 4. Left of 0 the answer \
             is not spam, right of it spam. The accuracy, dashed, is 0 up to 0 and 1 from there on: one jump, and slope 0 on \
             both flat parts. The loss, solid, falls all the way from about 4 to nearly 0. Short tangents at −2, 0 and 2 show \
             its slopes {}, {} and {}.",
            slopes[0], slopes[1], slopes[2]
        ),
        format!(
            "一条 spam 消息的两条曲线，横轴是 spam 的 logit 减 ham 的 logit，从 −4 到 4。0 的左边回答“不是 spam”，右边回答“spam”。\
             准确率是虚线，在 0 之前为 0，之后为 1，只跳一次，两段平的地方斜率都是 0。损失是实线，从 4 左右一路降到接近 0；\
             −2、0、2 处的短切线标出斜率 {}、{} 和 {}。",
            slopes[0], slopes[1], slopes[2]
        ),
    );
    let title = t("Loss falls all the way; accuracy jumps once", "损失一路下降，准确率只跳一次");
    Figure::new("6-11", title, desc, d)
}

const LOSSES: &str = include_str!("../../data/fine-tuning-124m.tsv");
const ACCURACIES: &str = include_str!("../../data/fine-tuning-124m-accuracies.tsv");
/// Batches of an epoch, and messages of a batch.
const BATCHES: f64 = 130.0;
const BATCH: f64 = 8.0;

pub fn fine_tuning() -> Figure {
    let losses: Vec<Measured> =
        rows(LOSSES).iter().map(|row| (value(row, 0) / BATCHES, value(row, 1), value(row, 2))).collect();
    let (all, epochs): (Vec<_>, Vec<_>) = rows(ACCURACIES).into_iter().partition(|row| row[0] == "all");
    let accuracies: Vec<Measured> = epochs.iter().map(|row| (value(row, 0), value(row, 1), value(row, 2))).collect();
    let whole_sets = [1, 2, 3].map(|column| value(&all[0], column));
    let mut d = Drawing::new();
    let ticks = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0];
    let upper = rect(0.0, 0.0, 470.0, 230.0);
    let plot = Plot::draw(
        &mut d,
        upper,
        Axis::new((0.0, 5.0), &ticks, 0, ""),
        Axis::new((0.0, 2.6), &[0.0, 0.5, 1.0, 1.5, 2.0, 2.5], 1, t("loss", "损失")),
    );
    let guess = 2f64.ln();
    plot.across(&mut d, guess, Role::Plain, Dash::Dotted);
    let words = t(format!("guessing: ln 2 = {}", decimal(guess, 3)), format!("瞎猜：ln 2 = {}", decimal(guess, 3)));
    Text::note(words).end().draw(&mut d, plot.at(5.0, guess).shift(-2.0, -12.0));
    curves::draw(&mut d, &plot, &losses);
    let first = losses[0];
    let last = losses[losses.len() - 1];
    remark(&mut d, plot.at(first.0, first.1).shift(18.0, 12.0), decimal(first.1, 3), TRAINING);
    remark(&mut d, plot.at(first.0, first.2).shift(18.0, -4.0), decimal(first.2, 3), VALIDATION);
    for (y, role, dash) in [(1.2, TRAINING, Dash::Solid), (1.55, VALIDATION, Dash::Dashed)] {
        let key = [plot.at(0.62, y), plot.at(0.62, y).shift(34.0, 0.0)];
        d.line(Layer::Main, &key, Style::line(Paint::Strong(role)).width(2.5).dash(dash));
    }
    curves::name(&mut d, plot.at(0.62, 1.2).shift(42.0, 0.0), plot.at(0.62, 1.55).shift(42.0, 0.0));
    remark(&mut d, plot.at(5.0, last.1).shift(9.0, -10.0), decimal(last.1, 3), TRAINING);
    remark(&mut d, plot.at(5.0, last.2).shift(9.0, 8.0), decimal(last.2, 3), VALIDATION);

    let lower = rect(0.0, 292.0, 470.0, 200.0);
    let plot = Plot::draw(
        &mut d,
        lower,
        Axis::new((0.0, 5.0), &ticks, 0, t("epochs", "epoch（轮）")),
        Axis::new((40.0, 103.0), &[40.0, 50.0, 60.0, 70.0, 80.0, 90.0, 100.0], 0, t("accuracy, %", "准确率，%")),
    );
    plot.across(&mut d, 50.0, Role::Plain, Dash::Dotted);
    Text::note(t("guessing: 50 %", "瞎猜：50 %")).end().draw(&mut d, plot.at(5.0, 50.0).shift(-2.0, -12.0));
    curves::draw(&mut d, &plot, &accuracies);
    curves::name(&mut d, plot.at(1.25, 70.0).shift(16.0, 4.0), plot.at(0.4, 83.0));
    let forty = t("40 messages each", "各 40 条消息");
    Text::note(forty).draw(&mut d, plot.at(2.2, 66.0).shift(40.0, 10.0));
    let names = [t("training", "训练"), t("validation", "验证"), t("test", "测试")];
    let (roles, right) = ([TRAINING, VALIDATION, Role::Plain], lower.x_end() + 22.0);
    Text::small(t("all messages", "全部消息")).bold().start().draw(&mut d, p(right, lower.y - 16.0));
    for (i, ((name, share), role)) in names.into_iter().zip(whole_sets).zip(roles).enumerate() {
        let y = lower.y + 10.0 + 24.0 * i as f64;
        let line = |lang| format!("{} {}", name.get(lang), decimal(share, 2));
        Text::small(t(line(crate::Lang::En), line(crate::Lang::Zh)))
            .role(role)
            .bold()
            .start()
            .draw(&mut d, p(right, y));
    }
    for epoch in 0..=5 {
        let seen = f64::from(epoch) * BATCHES * BATCH;
        let text = decimal(seen, 0);
        let foot = p(lower.x + lower.w * f64::from(epoch) / 5.0, lower.y_end() + 50.0);
        Text::note(text).draw(&mut d, foot);
    }
    Text::small(t("messages seen", "看过的消息")).draw(&mut d, p(lower.center().x, lower.y_end() + 72.0));
    let row = |column: usize| epochs.iter().map(|row| decimal(value(row, column), 1)).collect::<Vec<_>>();
    let [training, validation, test] = whole_sets.map(|share| decimal(share, 2));
    let desc = t(
        format!(
            "Two charts one above the other over five epochs, 5,200 messages; training solid, validation dashed. Above, the losses: \
             they begin at {} and {}, are below the dotted line of guessing, ln 2 = 0.693, after 50 steps, and fall together to \
             {} and {}. Below, the accuracies after each epoch, on 40 messages each: training {} %, validation {} %; a dotted \
             line at 50 % is guessing. At the right those on all messages at the end: training {training}, validation \
             {validation}, test {test}.",
            decimal(first.1, 3),
            decimal(first.2, 3),
            decimal(last.1, 3),
            decimal(last.2, 3),
            row(1).join(", "),
            row(2).join(", ")
        ),
        format!(
            "上下两张图，横轴是五个 epoch，5,200 条消息；训练是实线，验证是虚线。上图是损失：从 {} 和 {} 开始，50 步之后就低于瞎猜的点线 \
             ln 2 = 0.693，然后一起降到 {} 和 {}。下图是每个 epoch 之后的准确率，各 40 条消息：训练 {} %，验证 {} %；50 % 处的点线是瞎猜。\
             右边是最后在全部消息上的准确率：训练 {training}，验证 {validation}，测试 {test}。",
            decimal(first.1, 3),
            decimal(first.2, 3),
            decimal(last.1, 3),
            decimal(last.2, 3),
            row(1).join("、"),
            row(2).join("、")
        ),
    );
    let title = t(
        "Fine-tuning GPT-2 (124M): losses and accuracies of the original's run",
        "微调 GPT-2（124M）：原书那次运行的损失和准确率",
    );
    Figure::new("6-12", title, desc, d)
}

#[cfg(test)]
mod tests {
    use super::{ACCURACIES, LOSSES};
    use crate::data::rows;

    /// The recorded run is the one that the test of the chapter compares ours with, and the log on the page.
    #[test]
    fn the_recorded_run_is_that_of_the_chapter() {
        let tests = include_str!("../../../ch06-classify/tests/book_numbers.rs");
        let page = include_str!("../../../book/en/ch06/finetuning.md");
        for row in rows(LOSSES) {
            assert!(tests.contains(&format!("({}, {}, {}),", row[0], row[1], row[2])), "{row:?}");
            let line = format!("(Step {:0>6}): Train loss {}, Val loss {}", row[0], row[1], row[2]);
            assert!(page.contains(&line), "{line}");
        }
        for row in rows(ACCURACIES) {
            let line = format!("Training accuracy: {}% | Validation accuracy: {}%", row[1], row[2]);
            assert!(row[0] == "all" || page.contains(&line), "{line}");
        }
    }
}
