//! From probabilities to the loss.

use super::numbers_after;
use crate::data::output;
use crate::parts::{Arrow, Axis, Plot, Side, Text, Tokens, brace_of, decimal, visible};
use crate::theme::{Paint, Role};
use crate::{Dash, Drawing, Figure, Layer, Style, Words, p, rect, t};

/// What the untrained 124M model says, which is too large to be run for a figure.
const OUTPUT: &str = include_str!("../../../book/outputs/5_1_loss.txt");

/// The last token that the model has seen, and the one that follows.
const PLACES: [(&str, &str); 6] = [
    ("every", " effort"),
    (" effort", " moves"),
    (" moves", " you"),
    ("I", " really"),
    (" really", " like"),
    (" like", " chocolate"),
];

const ROW: f64 = 42.0;
/// Where the columns begin: tokens, targets, right end of the probabilities, bars; and the largest loss of a bar.
const TARGETS: f64 = 122.0;
const PROBABILITIES: f64 = 336.0;
const BARS: f64 = 368.0;
const PER_UNIT: f64 = 9.6;

pub fn six_probabilities() -> Figure {
    let found: Vec<_> = output(OUTPUT)
        .filter(|line| line.starts_with("probability of a target"))
        .map(|line| numbers_after(line, ["target: ", "logarithm: "]))
        .collect();
    let mean: f64 = found.iter().map(|[_, log]| -log).sum::<f64>() / found.len() as f64;
    let mut d = Drawing::new();
    let mut rows = Vec::new();
    let mut told = Vec::new();
    for (i, ((seen, target), [probability, log])) in PLACES.into_iter().zip(&found).enumerate() {
        let y = ROW * i as f64 + if i < 3 { 0.0 } else { 18.0 };
        let seen = Tokens::new([visible(seen)]).min_width(82.0).draw(&mut d, p(0.0, y)).cells[0];
        let next =
            Tokens::new([visible(target)]).role(Role::Output).min_width(108.0).draw(&mut d, p(TARGETS, y)).cells[0];
        Arrow::new(seen.right(), next.left()).draw(&mut d);
        let middle = next.center().y;
        Text::new(decimal(*probability, 7)).size_of(14.0).end().draw(&mut d, p(PROBABILITIES, middle));
        let bar = rect(BARS, middle - 11.0, -log * PER_UNIT, 22.0);
        d.rect(Layer::Main, bar, 3.0, Style::fill(Paint::Strong(Role::Score)).opacity(0.5));
        d.rect(Layer::Main, bar, 3.0, Style::line(Paint::Strong(Role::Score)));
        Text::new(decimal(-log, 4)).size_of(14.0).start().draw(&mut d, bar.right().shift(7.0, 0.0));
        rows.push(rect(BARS, y, 176.0, 34.0));
        told.push((visible(target), decimal(*probability, 7), decimal(-log, 4)));
    }
    let (top, bottom) = (rows[0].y - 4.0, rows[5].y_end() + 4.0);
    d.line(Layer::Lines, &[p(BARS, top), p(BARS, bottom)], Style::line(Paint::Strong(Role::Plain)));

    let head = |d: &mut Drawing, x: f64, words: Words| {
        Text::small(words).bold().draw(d, p(x, -32.0));
    };
    head(&mut d, 41.0, t("last token\nseen", "看到的\n最后一个词元"));
    head(&mut d, TARGETS + 54.0, t("target", "目标"));
    head(&mut d, PROBABILITIES - 40.0, t("① probability\nof the target", "① 目标的\n概率"));
    head(&mut d, BARS + 56.0, t("② −ln p", "② −ln p"));
    let all = rect(rows[0].x, rows[0].y, 182.0, rows[5].y_end() - rows[0].y);
    let middle = all.center().y;
    let place = brace_of(&mut d, all, Side::Right, Text::title(decimal(mean, 4)).role(Role::Score));
    Text::small(t("③ mean\n= loss", "③ 平均值\n= 损失")).bold().draw(&mut d, p(place.center().x, middle - 38.0));

    let en: Vec<_> = told.iter().map(|(target, p, loss)| format!("{target} {p}, {loss}")).collect();
    let zh: Vec<_> = told.iter().map(|(target, p, loss)| format!("{target}：{p}，{loss}")).collect();
    let desc = t(
        format!(
            "Six predictions in two texts: after every comes effort, after effort moves, after moves you; after I comes \
             really, after really like, after like chocolate. For each target its probability, and a bar for minus its \
             logarithm: {}. The smaller a probability, the longer its bar. A brace around all six bars leads to their \
             mean, {}, which is the loss.",
            en.join("; "),
            decimal(mean, 4)
        ),
        format!(
            "两段文本里的六次预测：every 之后是 effort，effort 之后是 moves，moves 之后是 you；I 之后是 really，really 之后是 \
             like，like 之后是 chocolate。每个目标都写出它的概率，再用横条画出概率对数的相反数：{}。概率越小，横条越长。\
             一个花括号括住六根横条，指向它们的平均值 {}，这就是损失。",
            zh.join("；"),
            decimal(mean, 4)
        ),
    );
    Figure::new("5-03", t("From six probabilities to one loss", "从六个概率到一个损失"), desc, d)
}

pub fn one_prediction() -> Figure {
    let loss = |p: f64| -p.ln();
    let smallest = 1.0 / 50_257.0;
    let mut d = Drawing::new();
    let x =
        Axis::new((-0.02, 1.0), &[0.0, 0.2, 0.4, 0.6, 0.8, 1.0], 1, t("probability of the target, p", "目标的概率 p"));
    let y = Axis::new((0.0, 12.0), &[0.0, 2.0, 4.0, 6.0, 8.0, 10.0, 12.0], 0, t("loss, −ln p", "损失 −ln p"));
    let plot = Plot::draw(&mut d, rect(0.0, 0.0, 500.0, 320.0), x, y);
    // From e^-11.2 to 1 in equal steps of the loss.
    let points = (0..=112).map(|i| f64::from(i) / 10.0).map(|loss| ((-loss).exp(), loss));
    plot.curve(&mut d, points, Role::Score, Dash::Solid);
    let named = |d: &mut Drawing, probability: f64, shift: (f64, f64), words: Words| {
        let at = (probability, loss(probability));
        plot.dot(d, at, Role::Score);
        Text::new(words).size_of(14.0).start().halo().draw(d, plot.at(at.0, at.1).shift(shift.0, shift.1));
    };
    let mut written = Vec::new();
    for (probability, name, shift) in [
        (0.01, "0.01", (12.0, -3.0)),
        (0.1, "0.1", (11.0, -9.0)),
        (0.5, "0.5", (5.0, -17.0)),
        (1.0, "1", (-76.0, -20.0)),
    ] {
        let number = if probability == 1.0 { "0".to_string() } else { decimal(loss(probability), 4) };
        named(&mut d, probability, shift, t(format!("p = {name}: {number}"), format!("p = {name}：{number}")));
        written.push(number);
    }
    let even = decimal(loss(smallest), 4);
    let words =
        t(format!("p = 1/50,257: {even}\nall tokens equally likely"), format!("p = 1/50,257：{even}\n所有词元等可能"));
    named(&mut d, smallest, (12.0, 6.0), words);
    let remark = t("half the probability:\n0.69 more loss", "概率减半：\n损失多 0.69");
    Text::new(remark).role(Role::Score).bold().draw(&mut d, plot.at(0.66, 6.0));
    let desc = t(
        format!(
            "A curve over the probability p of the target, from 0 to 1. It falls from the upper left to the lower right, \
             very steeply near 0 and ever more gently after that. Marked points: p = 1/50,257, all tokens equally likely, \
             loss {even}; p = 0.01, {}; p = 0.1, {}; p = 0.5, {}; p = 1, {}. A remark: half the probability is 0.69 more \
             loss, wherever one is on the curve.",
            written[0], written[1], written[2], written[3]
        ),
        format!(
            "一条曲线，横轴是目标的概率 p，从 0 到 1。曲线从左上降到右下，在 0 附近极陡，越往右越平。标出的点：p = 1/50,257，\
             也就是所有词元等可能，损失 {even}；p = 0.01，{}；p = 0.1，{}；p = 0.5，{}；p = 1，{}。旁注：概率减半，损失多 0.69，\
             在曲线的任何地方都是这样。",
            written[0], written[1], written[2], written[3]
        ),
    );
    let title =
        t("The loss of one prediction, by the probability that the target got", "一次预测的损失，取决于目标得到的概率");
    Figure::new("5-02", title, desc, d)
}
