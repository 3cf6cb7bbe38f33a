//! The next word by chance.

use burn::tensor::{Device, Tensor};
use ch05_pretrain::generate::{softmax_with_temperature, top_k_filter};

use crate::parts::{Arrow, Matrix, Text, decimal};
use crate::theme::{Paint, Role};
use crate::{Drawing, Figure, Layer, Rect, Style, p, rect, t};

/// The vocabulary and the logits of the example 5_3_sampling.
const WORDS: [&str; 9] = ["closer", "every", "effort", "forward", "inches", "moves", "pizza", "toward", "you"];
#[expect(clippy::approx_constant, reason = "6.28 is a logit, not 2π")]
const LOGITS: [f32; 9] = [4.51, 0.89, -1.90, 6.75, 1.63, -1.62, -1.89, 6.28, 1.79];
const K: usize = 3;

const ROW: f64 = 30.0;

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f64> {
    tensor.into_data().iter().collect()
}

fn logits() -> Tensor<2> {
    Tensor::<1>::from_floats(LOGITS, &Device::flex()).unsqueeze()
}

/// A bar for a probability; `heavy` has a thick outline.
fn bar(d: &mut Drawing, place: Rect, heavy: bool) {
    d.rect(Layer::Main, place, 2.0, Style::fill(Paint::Strong(Role::Score)).opacity(0.5));
    d.rect(Layer::Main, place, 2.0, Style::line(Paint::Strong(Role::Score)).width(if heavy { 2.5 } else { 1.2 }));
}

/// A probability with two decimals; a very small one is not written as 0.
fn short(probability: f64) -> String {
    if probability < 0.005 { "≈ 0".to_string() } else { decimal(probability, 2) }
}

pub fn temperatures() -> Figure {
    let panels =
        [(0.1, "0.1", t("sharper", "更集中")), (1.0, "1", t("unchanged", "不变")), (5.0, "5", t("flatter", "更平均"))];
    let mut d = Drawing::new();
    let is_named = |word: &str| matches!(word, "forward" | "pizza");
    for (i, word) in WORDS.into_iter().enumerate() {
        let text = Text::new(word).size_of(14.0).end();
        let text = if is_named(word) { text.bold() } else { text };
        text.draw(&mut d, p(-12.0, ROW * (i as f64 + 0.5)));
    }
    let mut told = Vec::new();
    for (panel, (temperature, name, remark)) in panels.into_iter().enumerate() {
        let x = 208.0 * panel as f64;
        let probabilities = values(softmax_with_temperature(logits(), temperature));
        Text::new(format!("T = {name}")).bold().start().draw(&mut d, p(x, -36.0));
        Text::note(remark).start().draw(&mut d, p(x, -16.0));
        for (i, (word, probability)) in WORDS.into_iter().zip(&probabilities).enumerate() {
            let place = rect(x, ROW * i as f64 + 4.0, (140.0 * probability).max(1.0), ROW - 8.0);
            bar(&mut d, place, is_named(word));
            let text = Text::new(short(*probability)).size_of(14.0).start();
            let text = if is_named(word) { text.bold() } else { text };
            text.draw(&mut d, place.right().shift(8.0, 0.0));
        }
        let axis = [p(x, -4.0), p(x, ROW * 9.0 + 4.0)];
        d.line(Layer::Lines, &axis, Style::line(Paint::Strong(Role::Plain)));
        let of = |word: &str| short(WORDS.iter().position(|w| *w == word).map_or(0.0, |i| probabilities[i]));
        told.push([of("forward"), of("toward"), of("closer"), of("pizza")]);
    }
    let [cold, one, hot] = [0, 1, 2].map(|i| told[i].clone());
    let desc = t(
        format!(
            "Three bar charts of the probabilities of nine words, all from the same logits and on the same scale. T = 0.1, \
             sharper: forward {}, toward {}, all others about 0. T = 1, unchanged: forward {}, toward {}, closer \
             {}, the rest about 0, also pizza. T = 5, flatter: forward {}, toward {}, closer {}, and every word has a \
             chance, pizza {}. The order of the words never changes.",
            cold[0], cold[1], one[0], one[1], one[2], hot[0], hot[1], hot[2], hot[3]
        ),
        format!(
            "三张条形图，是九个词的概率，logits 相同，比例尺也相同。T = 0.1，更集中：forward {}，toward {}，其余都约等于 0。T = 1，\
             不变：forward {}，toward {}，closer {}，其余约等于 0，pizza 也是。T = 5，更平均：forward {}，toward {}，closer {}，\
             每个词都有机会，pizza 有 {}。各词的名次始终不变。",
            cold[0], cold[1], one[0], one[1], one[2], hot[0], hot[1], hot[2], hot[3]
        ),
    );
    Figure::new("5-09", t("The same nine logits at three temperatures", "同样九个 logits，三种温度"), desc, d)
}

pub fn top_k() -> Figure {
    let kept = top_k_filter(logits(), K);
    let cut = values(softmax_with_temperature(kept.clone(), 1.0));
    let uncut = values(softmax_with_temperature(logits(), 1.0));
    let kept = values(kept);
    let threshold = kept.iter().copied().filter(|logit| logit.is_finite()).fold(f64::INFINITY, f64::min);
    let mut d = Drawing::new();
    let column = |numbers: &[f64]| {
        let text = |logit: &f64| vec![if logit.is_finite() { decimal(*logit, 2) } else { "−∞".to_string() }];
        Matrix::texts(numbers.iter().map(text).collect()).role(Role::Output).flat().cell(72.0, ROW)
    };
    let all: Vec<f64> = LOGITS.iter().map(|logit| f64::from(*logit)).collect();
    let before = column(&all).row_labels(WORDS).draw(&mut d, p(0.0, 0.0));
    let lowest = kept.iter().position(|logit| *logit == threshold).unwrap_or(0);
    let is_cut = |row: usize, _: usize| !kept[row].is_finite();
    let marked = column(&kept).masked(is_cut).mark_cell(lowest, 0, Role::Output);
    let after = marked.draw(&mut d, p(before.grid.x_end() + 86.0, 0.0));
    let bars = after.grid.x_end() + 96.0;
    let head = |d: &mut Drawing, x: f64, words| Text::new(words).size_of(14.0).bold().draw(d, p(x, -26.0));
    head(&mut d, before.grid.center().x, t("logits", "logits"));
    head(&mut d, after.grid.center().x, t("the three\nlargest stay", "保留最大的\n三个"));
    head(&mut d, bars + 62.0, t("probabilities", "概率"));
    Text::note(t("without\nthe cut", "不截断")).draw(&mut d, p(bars + 218.0, -26.0));
    let middle = before.grid.center().y;
    let across = |from: f64, to: f64| Arrow::new(p(from, middle), p(to, middle));
    across(before.grid.x_end(), after.grid.x).above("k = 3").draw(&mut d);
    across(after.grid.x_end(), bars).above("softmax").draw(&mut d);
    for (i, (new, old)) in cut.iter().zip(&uncut).enumerate() {
        let y = ROW * (i as f64 + 0.5);
        if *new > 0.0 {
            let place = rect(bars, y - 11.0, 170.0 * new, 22.0);
            bar(&mut d, place, false);
            Text::new(decimal(*new, 4)).size_of(14.0).start().draw(&mut d, place.right().shift(8.0, 0.0));
            Text::note(decimal(*old, 4)).draw(&mut d, p(bars + 218.0, y));
        } else {
            Text::new("0").size_of(14.0).start().draw(&mut d, p(bars + 8.0, y));
        }
    }
    let axis = [p(bars, -4.0), p(bars, ROW * 9.0 + 4.0)];
    d.line(Layer::Lines, &axis, Style::line(Paint::Strong(Role::Plain)));
    let words = t(
        format!("{} is the threshold: what is smaller becomes −∞", decimal(threshold, 2)),
        format!("{} 是门槛：比它小的都变成 −∞", decimal(threshold, 2)),
    );
    Text::note(words).draw_below(&mut d, after.grid.bottom().shift(0.0, 10.0));
    let of = |list: &[f64], word: &str| WORDS.iter().position(|w| *w == word).map_or(0.0, |i| list[i]);
    let four = |list: &[f64]| ["closer", "forward", "toward"].map(|word| decimal(of(list, word), 4));
    let ([closer, forward, toward], [closer_old, forward_old, toward_old]) = (four(&cut), four(&uncut));
    let desc = t(
        format!(
            "Nine words in three columns. First their logits: closer 4.51, every 0.89, effort −1.90, forward 6.75, inches \
             1.63, moves −1.62, pizza −1.89, toward 6.28, you 1.79. With k = 3 only the three largest stay, closer, forward \
             and toward; 4.51 is the threshold, and the six others become −∞, hatched. After softmax they have probability \
             0, and the three share everything: closer {closer}, forward {forward}, toward {toward}. Without the cut they \
             had {closer_old}, {forward_old} and {toward_old}."
        ),
        format!(
            "九个词，三列。先是 logits：closer 4.51，every 0.89，effort −1.90，forward 6.75，inches 1.63，moves −1.62，pizza −1.89，\
             toward 6.28，you 1.79。k = 3 时只保留最大的三个：closer、forward、toward；4.51 是门槛，其余六个变成 −∞，画了斜线。\
             softmax 之后它们的概率是 0，三个词分掉全部：closer {closer}，forward {forward}，toward {toward}。不截断时它们是 \
             {closer_old}、{forward_old} 和 {toward_old}。"
        ),
    );
    let title = t("Top-k with k = 3: cut off, then share anew", "k = 3 的 top-k：先截断，再重新分配");
    Figure::new("5-10", title, desc, d)
}
