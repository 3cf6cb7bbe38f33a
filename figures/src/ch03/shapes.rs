//! Self-attention as matrices.

use burn::tensor::Device;
use burn::tensor::activation::softmax;
use ch03_attention::SelfAttentionV1;
use shared::rng::TorchRng;

use super::grid::cells;
use super::{QUERY, inputs, rows};
use crate::parts::{Arrow, Text, decimal};
use crate::theme::{Paint, Role};
use crate::{Drawing, Figure, Layer, Rect, Style, p, rect, t};

/// Size of a cell, and the distance of two lanes.
const CELL: f64 = 15.0;
const LANE: f64 = 146.0;

pub fn shapes() -> Figure {
    let attention = SelfAttentionV1::new(3, 2, &mut TorchRng::new(123), &Device::flex());
    let project = |matrix: &burn::module::Param<burn::tensor::Tensor<2>>| inputs().matmul(matrix.val());
    let (queries, keys, of_tokens) =
        (project(&attention.w_query), project(&attention.w_key), project(&attention.w_value));
    let weights = softmax(queries.matmul(keys.transpose()) / 2f64.sqrt(), 1);
    let context = rows(weights.clone().matmul(of_tokens));
    let weights = rows(weights);

    let mut d = Drawing::new();
    let x = block(&mut d, (0.0, LANE + 45.0), (6, 3), Role::Token, "X");
    let mut lanes = Vec::new();
    for (lane, name) in ["q", "k", "v"].into_iter().enumerate() {
        let y = LANE * lane as f64 + 45.0;
        let matrix = block(&mut d, (96.0, y), (3, 2), Role::Weight, &format!("W_{{{name}}}"));
        let result = block(&mut d, (170.0, y), (6, 2), Role::Token, &name.to_uppercase());
        let arrow = Arrow::new(x.right(), matrix.left());
        if lane == 1 { arrow } else { arrow.elbow_across(0.4) }.draw(&mut d);
        Arrow::new(matrix.right(), result.left()).draw(&mut d);
        lanes.push(result);
    }
    let middle = LANE / 2.0 + 45.0;
    let scores = block(&mut d, (262.0, middle), (6, 6), Role::Score, "Q · K^{T}");
    let all = || weights.iter().flatten().copied();
    let (least, most) = (all().fold(f32::INFINITY, f32::min), all().fold(0.0, f32::max));
    let strength = |row: usize, column: usize| 0.08 + 0.8 * f64::from((weights[row][column] - least) / (most - least));
    let table = shaded(&mut d, (452.0, middle), (6, 6), Role::Score, "softmax", strength);
    let result = block(&mut d, (598.0, middle), (6, 2), Role::Output, "Z");
    for (matrix, role) in
        [(x, Role::Token), (lanes[0], Role::Token), (scores, Role::Score), (table, Role::Score), (result, Role::Output)]
    {
        frame(&mut d, matrix, role);
    }
    Text::small(t("scores", "分数")).draw_below(&mut d, scores.bottom().shift(0.0, 6.0));
    Text::small(t("weights", "权重")).draw_below(&mut d, table.bottom().shift(0.0, 6.0));
    for (lane, share) in [(lanes[0], 0.3), (lanes[1], 0.7)] {
        let to = scores.at(0.0, share);
        Arrow::new(lane.right(), to).elbow_across(0.5).draw(&mut d);
    }
    Arrow::new(scores.right(), table.left()).above(t("÷ √2,\nsoftmax\nper row", "÷ √2，\n逐行\nsoftmax")).draw(&mut d);
    Arrow::new(table.right(), result.left()).above("· V").draw(&mut d);
    Arrow::new(lanes[2].right(), result.bottom()).corner_across().draw(&mut d);
    let note = t("framed: the row of “journey”", "加框：“journey” 的那一行");
    Text::note(note).start().draw(&mut d, p(262.0, LANE * 2.0 + 74.0));

    let number = |value: f32| decimal(f64::from(value), 4);
    let row: Vec<_> = weights[QUERY].iter().map(|weight| number(*weight)).collect();
    let row = row.join(", ");
    let [a, b] = [number(context[QUERY][0]), number(context[QUERY][1])];
    let desc = t(
        format!(
            "Matrices as grids in their true proportions. X, 6 × 3, times Wq, Wk and Wv, each 3 × 2, gives Q, K and V, each 6 × 2. Q times \
             the transpose of K gives the scores, 6 × 6. Divided by the root of 2 and after softmax in each row they are the weights, 6 × 6, \
             coloured by size. Weights times V give Z, 6 × 2. The row of “journey” is framed in X, Q, scores, weights ({row}) and Z ({a}, {b})."
        ),
        format!(
            "矩阵按真实比例画成格子。X 是 6 × 3，分别乘以 3 × 2 的 Wq、Wk、Wv，得到 6 × 2 的 Q、K、V。Q 乘以 K 的转置，得到 6 × 6 的分数；\
             除以根号 2，再逐行做 softmax，得到 6 × 6 的权重，颜色浓淡表示大小。权重乘以 V，得到 6 × 2 的 Z。“journey” 那一行在 X、Q、分数、\
             权重（{row}）和 Z（{a}、{b}）里都加了框。"
        ),
    );
    let title = t("The whole of self-attention as matrices, with their shapes", "整个自注意力的矩阵与形状");
    Figure::new("3-12", title, desc, d)
}

/// A matrix of empty cells around this height, with its name and shape above.
fn block(d: &mut Drawing, at: (f64, f64), shape: (usize, usize), role: Role, name: &str) -> Rect {
    shaded(d, at, shape, role, name, |_, _| 0.3)
}

/// A matrix of which each cell has a color of its own strength.
fn shaded(
    d: &mut Drawing,
    (x, y): (f64, f64),
    shape: (usize, usize),
    role: Role,
    name: &str,
    strength: impl Fn(usize, usize) -> f64,
) -> Rect {
    let (w, h) = (CELL * shape.1 as f64, CELL * shape.0 as f64);
    let placed = rect(x, y - h / 2.0, w, h);
    cells(d, placed, shape, role, |row, column| Some(strength(row, column)));
    Text::note(format!("[{}, {}]", shape.0, shape.1)).draw_above(d, placed.top().shift(0.0, -4.0));
    Text::new(name).bold().draw_above(d, placed.top().shift(0.0, -21.0));
    placed
}

/// A frame around the row of the query.
fn frame(d: &mut Drawing, matrix: Rect, role: Role) {
    d.rect(Layer::Front, matrix.column(6, 0.0)[QUERY], 4.0, Style::line(Paint::Strong(role)).width(2.5));
}
