//! Dropout on attention weights.

use burn::tensor::{Device, Tensor};
use ch03_attention::causal_mask::mask_scores;
use ch03_attention::running_example::TOKENS;
use shared::rng::TorchRng;
use shared::{Dropout, Mode};

use super::masks::{scores, weights};
use super::{draw_sums, rows};
use crate::parts::{Arrow, Matrix, PlacedMatrix, Text, decimal};
use crate::theme::{Paint, Role};
use crate::{Dash, Drawing, Figure, Layer, Rect, Style, p, rect, t};

/// Height of a row.
const ROW: f64 = 28.0;

pub fn dropout() -> Figure {
    let drop = |values: Tensor<2>| Dropout::new(0.5).forward(values, &mut Mode::Train(&mut TorchRng::new(123)));
    let mask = rows(drop(Tensor::ones([6, 6], &Device::flex())));
    let causal = weights(mask_scores(scores()));
    let (before, after) = (rows(causal.clone()), rows(drop(causal)));
    let is_kept = |row: usize, column: usize| mask[row][column] > 0.0;
    let is_hidden = |row: usize, column: usize| column > row;

    let mut d = Drawing::new();
    let table = |rows: &[Vec<f32>], is_shown: &dyn Fn(usize, usize) -> bool| {
        let text = |row: usize, column: usize| match (is_hidden(row, column), is_shown(row, column)) {
            (true, _) => String::new(),
            (_, true) => decimal(f64::from(rows[row][column]), 2),
            (_, false) => "0".into(),
        };
        let texts = (0..6).map(|row| (0..6).map(|column| text(row, column)).collect()).collect();
        Matrix::texts(texts).largest(2.0).cell(44.0, ROW).value_size(13.0).masked(is_hidden).row_labels(TOKENS)
    };
    let upper = table(&before, &|_, _| true).title(t("causal weights", "因果权重")).draw(&mut d, p(0.0, 0.0));
    draw_sums(&mut d, &upper, &before);
    let drawn = Matrix::numbers(&mask, 0).role(Role::Plain).largest(2.8).cell(28.0, ROW).value_size(13.0);
    let drawn = drawn.title(t("mask, drawn at random", "随机抽取的掩码")).draw(&mut d, p(372.0, 0.0));
    let lower = table(&after, &is_kept).title(t("after dropout", "dropout 之后")).draw(&mut d, p(0.0, 254.0));
    draw_sums(&mut d, &lower, &after);
    for row in 0..6 {
        for column in (0..6).filter(|column| !is_kept(row, *column)) {
            outline(&mut d, drawn.cell(row, column));
            if !is_hidden(row, column) {
                outline(&mut d, lower.cell(row, column));
            }
        }
    }
    Text::new("×").size_of(20.0).draw(&mut d, p(346.0, upper.grid.center().y));
    Arrow::new(upper.grid.bottom(), lower.grid.top().shift(0.0, -26.0))
        .right(t("cell by cell", "逐格相乘"))
        .draw(&mut d);
    legend(&mut d, &lower);

    let dropped = mask.iter().flatten().filter(|value| **value == 0.0).count();
    let sums = after.iter().map(|row| decimal(f64::from(row.iter().sum::<f32>()), 2)).collect::<Vec<_>>().join(", ");
    let desc = t(
        format!(
            "Three tables of 6 × 6. The causal weights, each row with the sum 1, times a random mask, {} twos and {dropped} zeros, give the \
             weights after dropout. Cells above the diagonal are hidden in both tables of weights, but the mask covers them too. Weights \
             that meet a 0 are dropped and drawn dashed, the others are doubled. The rows now sum to {sums}; that of “journey” has \
             lost both of its weights.",
            36 - dropped
        ),
        format!(
            "三张 6 × 6 的表。因果权重每行的和为 1，乘以随机抽取的掩码（{} 个 2，{dropped} 个 0），得到 dropout 之后的权重。\
             两张权重表里对角线以上的格子都被遮住，但掩码也抽到了它们。遇到 0 的权重被丢弃，画成虚线框，其余的加倍。\
             现在各行的和是 {sums}；“journey” 那一行的两个权重全丢了。",
            36 - dropped
        ),
    );
    let title = t(
        "Dropout on attention weights, rate 0.5: what is kept is doubled",
        "对注意力权重做 dropout，比率 0.5：留下的加倍",
    );
    Figure::new("3-16", title, desc, d)
}

/// The look of what is dropped.
fn outline(d: &mut Drawing, cell: Rect) {
    d.rect(Layer::Main, cell.grow(-2.5), 3.0, Style::line(Paint::Strong(Role::Mask)).width(1.2).dash(Dash::Dotted));
}

/// What the looks of cells mean, on the right of the table.
fn legend(d: &mut Drawing, beside: &PlacedMatrix) {
    let words = [t("hidden: the future", "遮住：未来"), t("dropped", "丢弃"), t("kept, doubled", "留下，加倍")];
    for (i, words) in words.into_iter().enumerate() {
        let cell = rect(372.0, beside.grid.y + 42.0 + 38.0 * i as f64, 30.0, ROW);
        match i {
            0 => {
                d.rect(Layer::Main, cell.grow(-1.0), 3.0, Style::fill(Paint::Soft(Role::Mask)));
                d.rect(Layer::Main, cell.grow(-1.0), 3.0, Style::fill(Paint::Hatch(Role::Mask)));
            }
            1 => outline(d, cell),
            _ => d.rect(Layer::Main, cell.grow(-1.0), 3.0, Style::fill(Paint::Strong(Role::Score)).opacity(0.25)),
        }
        Text::small(words).start().draw(d, cell.right().shift(10.0, 0.0));
    }
}
