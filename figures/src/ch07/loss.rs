//! The loss with an ignored target.

use burn::tensor::{Device, Tensor, s};
use shared::{IGNORE_INDEX, cross_entropy};

use super::written;
use crate::parts::{Text, decimal};
use crate::theme::{Paint, Role};
use crate::{Dash, Drawing, Figure, Layer, Style, p, rect, t};

/// The logits of the example 7_3_batches, and its three choices of targets.
const LOGITS: [[f32; 2]; 3] = [[-1.0, 1.0], [-0.5, 1.5], [-0.5, 1.5]];
const TARGETS: [&[i32]; 3] = [&[0, 1], &[0, 1, 1], &[0, 1, IGNORE_INDEX]];

fn loss(rows: std::ops::Range<usize>, targets: &[i32]) -> f64 {
    let device = Device::flex();
    let logits = Tensor::<2>::from_floats(LOGITS, &device).slice(s![rows, ..]);
    let loss: f32 = cross_entropy(logits, Tensor::from_data(targets, &device)).into_scalar();
    loss.into()
}

/// Distance of two panels, distance of two bars, width of a bar, and pixels for a loss of 1.
const PANEL: f64 = 224.0;
const SLOT: f64 = 62.0;
const BAR: f64 = 44.0;
const SCALE: f64 = 84.0;

pub fn ignored_target() -> Figure {
    let mut d = Drawing::new();
    let bar = |x: f64, loss: f64| rect(x + (SLOT - BAR) / 2.0, -SCALE * loss, BAR, SCALE * loss);
    let mut told = Vec::new();
    for (panel, targets) in TARGETS.into_iter().enumerate() {
        let from = PANEL * panel as f64;
        let width = SLOT * 3.0;
        let mut sum = Vec::new();
        for (i, target) in targets.iter().enumerate() {
            let x = from + SLOT * i as f64;
            Text::new(written(*target)).size_of(14.0).draw(&mut d, p(x + SLOT / 2.0, 17.0));
            if *target == IGNORE_INDEX {
                let place = bar(x, loss(i..i + 1, &[1]));
                d.rect(Layer::Main, place, 2.0, Style::fill(Paint::Hatch(Role::Mask)));
                d.rect(Layer::Main, place, 2.0, Style::line(Paint::Strong(Role::Mask)).dash(Dash::Dotted));
                Text::note(t("left\nout", "不计")).draw_above(&mut d, place.top().shift(0.0, -3.0));
                continue;
            }
            let loss = loss(i..i + 1, &[*target]);
            let place = bar(x, loss);
            d.rect(Layer::Main, place, 2.0, Style::fill(Paint::Strong(Role::Score)).opacity(0.5));
            d.rect(Layer::Main, place, 2.0, Style::line(Paint::Strong(Role::Score)));
            Text::small(decimal(loss, 4)).draw_above(&mut d, place.top().shift(0.0, -3.0));
            sum.push(decimal(loss, 4));
        }
        let line = [p(from, 0.0), p(from + width, 0.0)];
        d.line(Layer::Lines, &line, Style::line(Paint::Strong(Role::Plain)));
        let mean = loss(0..targets.len(), targets);
        let line = [p(from + SLOT, -SCALE * mean), p(from + width, -SCALE * mean)];
        d.line(Layer::Lines, &line, Style::line(Paint::Strong(Role::Output)).width(2.0).dash(Dash::Dashed));
        let mean = decimal(mean, 4);
        let words = t(format!("mean {mean}"), format!("平均 {mean}"));
        let at = p(from + width, line[0].y - 12.0);
        Text::new(words).size_of(14.0).bold().role(Role::Output).end().draw(&mut d, at);

        let listed: Vec<_> = targets.iter().map(|target| written(*target)).collect();
        let head = t(format!("targets {}", listed.join(", ")), format!("目标 {}", listed.join("、")));
        Text::new(head).bold().draw(&mut d, p(from + width / 2.0, -226.0));
        let count = sum.len();
        let words = if count < targets.len() {
            t(format!("÷ {count}, not ÷ {}", targets.len()), format!("÷ {count}，不是 ÷ {}", targets.len()))
        } else {
            format!("÷ {count}").into()
        };
        Text::new(words).bold().draw(&mut d, p(from + width / 2.0, 52.0));
        told.push((sum, mean));
    }
    Text::note(t("target", "目标")).end().draw(&mut d, p(-10.0, 17.0));
    Text::note(t("losses", "各项损失")).end().draw(&mut d, p(-10.0, -SCALE));
    let of = |i: usize| (told[i].0.join(", "), told[i].1.clone());
    let ((a, mean_a), (b, mean_b), (c, mean_c)) = (of(0), of(1), of(2));
    let desc = t(
        format!(
            "Three bar charts of single losses. Targets 0 and 1: bars {a}; a dashed line marks their mean, {mean_a}, the sum \
             divided by 2. Targets 0, 1, 1: bars {b}; the mean is {mean_b}, divided by 3. Targets 0, 1, −100: bars {c}, and in \
             the third place a hatched ghost that is left out; the mean is {mean_c} again, for it is divided by 2, not by 3."
        ),
        format!(
            "三张条形图，画的是单项损失。目标 0 和 1：{a}；虚线是它们的平均 {mean_a}，总和除以 2。目标 0、1、1：{b}；平均 {mean_b}，除以 3。\
             目标 0、1、−100：{c}，第三个位置是画斜线的虚影，不计；平均又是 {mean_c}，因为除以 2，不是除以 3。"
        ),
    );
    let title =
        t("An ignored target is missing from the sum and from the count", "被忽略的目标既不在和里，也不在个数里");
    Figure::new("7-05", title, desc, d)
}

#[cfg(test)]
mod tests {
    use super::{LOGITS, TARGETS, loss};
    use crate::parts::decimal;

    /// The losses are those of the example.
    #[test]
    fn the_losses_are_those_of_the_example() {
        let output = include_str!("../../../book/outputs/7_3_batches.txt");
        let source = include_str!("../../../ch07-instruct/examples/7_3_batches.rs");
        assert!(source.contains(&format!("{LOGITS:?}")));
        for targets in TARGETS {
            let line = format!("loss of the targets {targets:?}: {}", decimal(loss(0..targets.len(), targets), 4));
            assert!(output.lines().any(|found| found == line), "{line}");
        }
    }
}
