//! Four tokens on their way through the skeleton of section 4.1.

use burn::tensor::{Device, Int, Tensor};
use shared::init;
use shared::rng::TorchRng;

use super::{gpt2_small, rows};
use crate::parts::{Arrow, Matrix, Node, Text, Tokens, decimal, visible};
use crate::theme::{Paint, Role};
use crate::{Dash, Drawing, Figure, Layer, Rect, Style, Words, p, rect, t};

const TOKENS: [&str; 4] = ["Every", " effort", " moves", " you"];
const IDS: [i32; 4] = [6109, 3626, 6100, 345];
/// Width of a column, and from one to the next.
const COLUMN: f64 = 92.0;
const STEP: f64 = 116.0;

/// What the skeleton says about the first text without dropout: it has the weights of the full model's embeddings and an
/// output layer of its own.
const OUTPUT: &str = include_str!("../../../book/outputs/4_1_dummy_gpt.txt");

pub fn skeleton() -> Figure {
    let (token, position) = embeddings();
    let sum: Vec<Vec<f32>> =
        token.iter().zip(&position).map(|(a, b)| a.iter().zip(b).map(|(a, b)| a + b).collect()).collect();
    let logits = logits();

    let mut d = Drawing::new();
    let chips = Tokens::new(TOKENS.map(visible)).ids(IDS.map(|id| id.to_string()));
    let chips = chips.min_width(COLUMN).gap(STEP - COLUMN).draw(&mut d, p(0.0, 0.0));
    let written = |row: &Vec<f32>| vec![decimal(f64::from(row[0]), 4), decimal(f64::from(row[1]), 4), "…".to_string()];
    let all = rect(0.0, 0.0, STEP * 3.0 + COLUMN, 0.0);
    let blocks = rect(all.x - 14.0, 358.0, all.w + 28.0, 62.0);
    let head = rect(all.x - 14.0, 446.0, all.w + 28.0, 50.0);
    for (i, chip) in chips.cells.iter().enumerate() {
        let strip = rect(chip.x - 7.0, -10.0, COLUMN + 14.0, 628.0);
        d.rect(Layer::Back, strip, 10.0, Style::fill(Paint::Soft(Role::Plain)));
        let found = vector(&mut d, p(chip.x, 84.0), written(&token[i]), Role::Token);
        vector(&mut d, p(chip.x, 176.0), written(&position[i]), Role::Weight);
        let added = vector(&mut d, p(chip.x, 268.0), written(&sum[i]), Role::Token);
        for (sign, y) in [("+", 163.0), ("=", 255.0)] {
            Text::new(sign).size_of(18.0).draw(&mut d, p(chip.center().x, y));
        }
        let out = vector(&mut d, p(chip.x, 520.0), logits[i].clone(), Role::Output);
        Arrow::new(chips.feet[i], found.top()).draw(&mut d);
        Arrow::new(added.bottom(), p(chip.center().x, head.y)).draw(&mut d);
        Arrow::new(p(chip.center().x, head.y_end()), out.top()).draw(&mut d);
    }
    let empty = Style::line(Paint::Strong(Role::Weight)).dash(Dash::Dashed);
    d.rect(Layer::Main, blocks, 8.0, empty);
    Node::new(t("output layer, the same for every column", "输出层，各列共用"))
        .role(Role::Weight)
        .note("768 → 50,257")
        .draw(&mut d, head);

    let label = |d: &mut Drawing, y: f64, words: Words, shape: &str| {
        let text = Text::new(words).size_of(14.0).end();
        let height = text.size().1;
        text.draw(d, p(-26.0, y - 9.0));
        Text::small(shape).mono().muted().end().draw(d, p(-26.0, y + height / 2.0));
    };
    label(&mut d, 30.0, t("token ids", "词元 ID"), "[1, 4]");
    label(&mut d, 117.0, t("token\nembedding", "词元\n嵌入"), "[1, 4, 768]");
    label(&mut d, 209.0, t("position\nembedding", "位置\n嵌入"), "[1, 4, 768]");
    label(&mut d, 301.0, t("sum", "相加"), "[1, 4, 768]");
    let blocks_do =
        t("12 blocks, 1 norm:\nfor now, they return\ntheir input", "12 个块，1 个归一化：\n眼下原样\n返回输入");
    label(&mut d, 389.0, blocks_do, "[1, 4, 768]");
    label(&mut d, 568.0, t("logits", "logits"), "[1, 4, 50257]");
    let desc = t(
        "Four columns, one for each token: Every 6109, effort 3626, moves 6100, you 345. Below, for each, the first \
         two values of the token embedding, of the position embedding, and of their sum; for Every 1.6146 and 2.1622 \
         plus 0.8769 and 0.2550 gives 2.4915 and 2.4172. Arrows lead straight down through a dashed, empty box, 12 \
         blocks and a norm that return their input, and through the output layer to the logits: for Every −1.1947, \
         0.1392, … , −0.4490. No line leads from one column to another. Shapes: [1, 4], then [1, 4, 768], at the end \
         [1, 4, 50257].",
        "四列，每个词元一列：Every 6109、effort 3626、moves 6100、you 345。往下依次是词元嵌入、位置嵌入和两者之和的前\
         两个数；例如 Every，1.6146、2.1622 加 0.8769、0.2550，得 2.4915、2.4172。箭头笔直向下，穿过一个虚线的空框\
         （12 个块和一个归一化，眼下原样返回输入），再经过输出层得到 logits：Every 是 −1.1947、0.1392、……、−0.4490。\
         各列之间没有任何连线。形状：先是 [1, 4]，然后 [1, 4, 768]，最后 [1, 4, 50257]。",
    );
    let title = t(
        "Four tokens on their way through the skeleton (first two values of each vector)",
        "四个词元穿过骨架模型（每个向量只画前两个值）",
    );
    Figure::new("4-03", title, desc, d)
}

/// Values of a vector below each other.
fn vector(d: &mut Drawing, at: crate::Point, values: Vec<String>, role: Role) -> Rect {
    let values = values.into_iter().map(|value| vec![value]).collect();
    Matrix::texts(values).role(role).flat().cell(COLUMN, 22.0).value_size(13.0).draw(d, at).grid
}

/// The first two values of the tokens' and the positions' embeddings, drawn as the model's first two layers.
fn embeddings() -> (Vec<Vec<f32>>, Vec<Vec<f32>>) {
    let (config, device, mut rng) = (gpt2_small(), Device::flex(), TorchRng::new(123));
    let tokens = init::embedding(config.vocab_size, config.emb_dim, &mut rng, &device);
    let positions = init::embedding(config.context_length, config.emb_dim, &mut rng, &device);
    let tokens = tokens.weight.val().select(0, Tensor::<1, Int>::from_ints(IDS, &device));
    (rows(tokens.slice([0..4, 0..2])), rows(positions.weight.val().slice([0..4, 0..2])))
}

/// The first two logits of each token, and the last one.
fn logits() -> Vec<Vec<String>> {
    let rows = OUTPUT.split("%% eval").nth(1).unwrap_or_default().lines().filter(|line| line.starts_with("  ["));
    let written = |value: &str| value.trim().replace('-', "−");
    let row = |row: &str| {
        let values: Vec<_> = row.trim().trim_matches(['[', ']']).split(',').map(written).collect();
        vec![values[0].clone(), values[1].clone(), "…".to_string(), values[values.len() - 1].clone()]
    };
    rows.take(IDS.len()).map(row).collect()
}
