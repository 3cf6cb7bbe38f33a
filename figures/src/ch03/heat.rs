//! Attention weights of all tokens.

use burn::tensor::Device;
use burn::tensor::activation::softmax;
use ch03_attention::causal_mask::mask_scores;
use ch03_attention::running_example::TOKENS;
use ch03_attention::simplified::attention_weights;
use ch03_attention::{CausalAttention, MultiHeadAttentionWrapper, MultiHeadAttentionWrapperConfig};
use shared::init::torch_init;
use shared::rng::TorchRng;

use super::{QUERY, draw_sums, inputs, rows};
use crate::parts::{Matrix, PlacedMatrix, Text, decimal};
use crate::theme::{Paint, Role};
use crate::{Drawing, Figure, Layer, Point, Style, p, t};

const CELL: (f64, f64) = (56.0, 34.0);

pub fn all_weights() -> Figure {
    let weights = rows(attention_weights(inputs()));
    let mut d = Drawing::new();
    let placed = Matrix::numbers(&weights, 2)
        .cell(CELL.0, CELL.1)
        .row_labels(TOKENS)
        .column_labels(TOKENS)
        .mark_row(QUERY, Role::Score)
        .draw(&mut d, p(0.0, 0.0));
    axis_names(&mut d, &placed);
    draw_sums(&mut d, &placed, &weights);
    let row =
        |row: usize| weights[row].iter().map(|weight| decimal(f64::from(*weight), 2)).collect::<Vec<_>>().join(", ");
    let desc = t(
        format!(
            "A table of 6 × 6 weights, one row per query, one column per token looked at; the larger, the stronger the colour. Your: {}. Journey, \
             framed: {}. Starts: {}. With: {}. One: {}. Step: {}. Each row sums to 1. The columns of “journey” and “starts” have the strongest colour.",
            row(0),
            row(1),
            row(2),
            row(3),
            row(4),
            row(5)
        ),
        format!(
            "一张 6 × 6 的权重表，每行对应一个查询，每列对应一个被看的词元，数越大颜色越浓。Your：{}。journey 一行加了框：{}。starts：{}。\
             with：{}。one：{}。step：{}。每行的和都是 1。“journey” 和 “starts” 两列颜色最浓。",
            row(0),
            row(1),
            row(2),
            row(3),
            row(4),
            row(5)
        ),
    );
    let title = t("All attention weights of the sentence: one row per query", "整个句子的注意力权重：每行对应一个查询");
    Figure::new("3-07", title, desc, d)
}

/// What rows and columns are.
fn axis_names(d: &mut Drawing, placed: &PlacedMatrix) {
    Text::note(t("looked at →", "被看的词元 →")).start().draw(d, p(placed.grid.x + 10.0, placed.grid.y - 36.0));
    Text::note(t("query ↓", "查询 ↓")).end().draw(d, p(placed.grid.x - 10.0, placed.grid.y - 14.0));
}

pub fn two_heads() -> Figure {
    let device = Device::flex();
    let config = MultiHeadAttentionWrapperConfig::new(3, 2, 6, 2);
    let wrapper = torch_init(MultiHeadAttentionWrapper::new(&config, &device), &mut TorchRng::new(123));
    let weights: Vec<_> = wrapper.heads.iter().map(weights_of).collect();
    let mut d = Drawing::new();
    let mut strongest = Vec::new();
    for (head, weights) in weights.iter().enumerate() {
        let last = weights.len() - 1;
        let most = (0..=last).max_by(|a, b| weights[last][*a].total_cmp(&weights[last][*b])).unwrap_or(0);
        let placed = shaded(&mut d, weights, p(0.0, 292.0 * head as f64));
        let frame = Style::line(Paint::Strong(Role::Score)).width(2.5);
        d.rect(Layer::Front, placed.cell(last, most), 4.0, frame);
        axis_names(&mut d, &placed);
        let name = t(format!("head {}", head + 1), format!("头 {}", head + 1));
        Text::new(name).bold().end().draw(&mut d, placed.grid.at(1.0, 0.0).shift(-6.0, -36.0));
        strongest.push((TOKENS[most], decimal(f64::from(weights[last][most]), 4)));
    }
    let words = t(
        "strong colour: more than an even share of its row\nframed: the largest of the last row",
        "颜色浓：超过整行的平均份额\n加框：最后一行中最大的",
    );
    Text::note(words).start().draw(&mut d, p(0.0, 292.0 + 6.0 * CELL.1 + 34.0));
    let [(first, first_weight), (second, second_weight)] = [strongest[0].clone(), strongest[1].clone()];
    let desc = t(
        format!(
            "Two tables of 6 × 6 causal attention weights, head 1 and head 2, one row per query; the triangle above the diagonal is \
             hatched, and the first row is 1 in both. The heads have not been trained, so the weights of a row are nearly even; the colour is \
             stronger where a cell has more than an even share. In head 2 the column of “Your” is pale in all rows but the first. In the last row head 1 gives most to “{first}” ({first_weight}), head 2 to “{second}” ({second_weight}); these two \
             cells are framed."
        ),
        format!(
            "头 1 和头 2 各有一张 6 × 6 的因果注意力权重表，每行对应一个查询；对角线以上的三角画了斜线，两张表的第一行都是 1。\
             两个头没有训练过，每行的权重几乎平均；超过平均份额的格子颜色较浓，头 2 里 “Your” 一列除第一行外都很淡。最后一行里，头 1 最看重 “{first}”（{first_weight}），\
             头 2 最看重 “{second}”（{second_weight}），这两格加了框。"
        ),
    );
    Figure::new("3-18", t("The same sentence, two heads, two patterns", "同一个句子，两个头，两种模式"), desc, d)
}

/// Causal weights; the color is the stronger the more a cell has, compared with an even share of its row.
fn shaded(d: &mut Drawing, weights: &[Vec<f32>], from: Point) -> PlacedMatrix {
    let empty = Matrix::texts(vec![vec![String::new(); 6]; 6]).cell(CELL.0, CELL.1);
    let empty = empty.masked(|row, column| column > row).row_labels(TOKENS).column_labels(TOKENS);
    let placed = empty.draw(d, from);
    for (row, weights) in weights.iter().enumerate() {
        for (column, weight) in weights.iter().enumerate().take(row + 1) {
            let cell = placed.cell(row, column);
            let share = f64::from(*weight) * (row as f64 + 1.0);
            let opacity = 0.02 + 0.44 * ((share - 0.88) / 0.24).clamp(0.0, 1.0);
            d.rect(Layer::Main, cell.grow(-1.0), 3.0, Style::fill(Paint::Strong(Role::Score)).opacity(opacity));
            Text::new(decimal(f64::from(*weight), 2)).size_of(14.0).draw_in(d, cell);
        }
    }
    placed
}

/// The weights of a head for the sentence, without the hidden ones.
fn weights_of(head: &CausalAttention) -> Vec<Vec<f32>> {
    let (queries, keys) = (head.w_query.forward(inputs()), head.w_key.forward(inputs()));
    rows(softmax(mask_scores(queries.matmul(keys.transpose())) / 2f64.sqrt(), 1))
}
