//! Heads are groups of columns.

use burn::tensor::{Device, Tensor};

use super::grid::cells;
use crate::parts::{Arrow, Side, Text, brace};
use crate::theme::{Paint, Role};
use crate::{Drawing, Figure, Layer, Point, Rect, Style, Words, p, rect, t};

/// How strong the color of a head's columns is: each head has its own.
pub(super) const STRENGTHS: [f64; 2] = [0.75, 0.28];

fn head(number: usize) -> Words {
    t(format!("head {number}"), format!("头 {number}"))
}

/// Size of a cell, and space for a sign.
const CELL: f64 = 19.0;
const SIGN: f64 = 34.0;

pub fn one_wide_product() -> Figure {
    let mut d = Drawing::new();
    let (tokens, d_in, head_dim, heads) = (6, 3, 2, 2);
    let width = CELL * (d_in + 2 * head_dim) as f64 + 2.0 * SIGN;
    Text::new(t("two products, one per head", "两次乘积，每个头一次")).bold().start().draw(&mut d, p(0.0, -58.0));
    for number in 0..heads {
        let from = p((width + 58.0) * number as f64, 0.0);
        let shapes = [(tokens, d_in), (d_in, head_dim), (tokens, head_dim)];
        let names = ["X".to_string(), format!("W_{{q{}}}", number + 1), format!("Q_{{{}}}", number + 1)];
        let [_, matrix, result] = product(&mut d, from, shapes, names, |_| number);
        brace(&mut d, matrix, Side::Below, head(number + 1));
        brace(&mut d, result, Side::Below, head(number + 1));
    }
    let top = 250.0;
    Text::new(t("one product for both heads", "两个头合成一次乘积")).bold().start().draw(&mut d, p(0.0, top - 58.0));
    let d_out = head_dim * heads;
    let shapes = [(tokens, d_in), (d_in, d_out), (tokens, d_out)];
    let names = ["X".into(), "W_{q}".into(), "Q".into()];
    let [_, matrix, result] = product(&mut d, p(66.0, top), shapes, names, |column| column / head_dim);
    for part in [matrix, result] {
        for (number, columns) in part.row(heads, 0.0).iter().enumerate() {
            let columns = rect(columns.x + 5.0, columns.y, columns.w - 10.0, columns.h);
            brace(&mut d, columns, Side::Below, (number + 1).to_string());
        }
    }
    let words = t("columns of\nhead 1 and head 2", "头 1 的列\n和头 2 的列");
    Text::small(words).start().draw(&mut d, p(result.x_end() + 18.0, result.center().y));
    let desc = t(
        "Above, two products: X, 6 × 3, times Wq1, 3 × 2, gives Q1, 6 × 2, in a strong colour for head 1; X times Wq2 gives Q2 in a pale \
         colour for head 2. Below, one product: X times Wq, 3 × 4, gives Q, 6 × 4. In Wq and in Q the first two columns have the colour of head \
         1, the last two that of head 2: they are the same columns as above, side by side.",
        "上面是两次乘积：6 × 3 的 X 乘以 3 × 2 的 Wq1，得到 6 × 2 的 Q1，用浓色表示头 1；X 乘以 Wq2，得到 Q2，用淡色表示头 2。\
         下面是一次乘积：X 乘以 3 × 4 的 Wq，得到 6 × 4 的 Q。Wq 和 Q 的前两列是头 1 的浓色，后两列是头 2 的淡色：\
         与上面的列完全相同，只是并排放在一起。",
    );
    let title = t("Two narrow products, or one wide one: the same columns", "两次窄乘积，或一次宽乘积：得到同样的列");
    Figure::new("3-19", title, desc, d)
}

/// An input times a weight matrix, and the result.
fn product(
    d: &mut Drawing,
    from: Point,
    shapes: [(usize, usize); 3],
    names: [String; 3],
    head_of: impl Fn(usize) -> usize,
) -> [Rect; 3] {
    let height = CELL * shapes[0].0 as f64;
    let mut x = from.x;
    let roles = [Role::Token, Role::Weight, Role::Token];
    let mut placed = Vec::new();
    for (i, ((shape, name), role)) in shapes.into_iter().zip(names).zip(roles).enumerate() {
        let (w, h) = (CELL * shape.1 as f64, CELL * shape.0 as f64);
        let place = rect(x, from.y + (height - h) / 2.0, w, h);
        cells(d, place, shape, role, |_, column| (i > 0).then(|| STRENGTHS[head_of(column)]));
        Text::note(format!("[{}, {}]", shape.0, shape.1)).draw_above(d, place.top().shift(0.0, -3.0));
        Text::new(name).size_of(14.0).bold().draw_above(d, place.top().shift(0.0, -19.0));
        if i > 0 {
            let sign = if i == 1 { "·" } else { "=" };
            Text::new(sign).size_of(20.0).draw(d, p(x - SIGN / 2.0, from.y + height / 2.0));
        }
        x += w + SIGN;
        placed.push(place);
    }
    [placed[0], placed[1], placed[2]]
}

const TOKENS: usize = 3;
const HEADS: usize = 2;
const HEAD_DIM: usize = 2;
/// Size of a numbered cell, and the distance of two steps.
const BOX: (f64, f64) = (34.0, 28.0);
const STEP: f64 = 166.0;

pub fn split_and_join() -> Figure {
    let mut d = Drawing::new();
    let (left, right) = (0.0, 300.0);
    let numbers: Tensor<3> =
        Tensor::<1>::from_floats([1., 2., 3., 4., 5., 6., 7., 8., 9., 10., 11., 12.], &Device::flex()).reshape([
            1,
            TOKENS as i32,
            -1,
        ]);
    let split = numbers.clone().reshape([1, TOKENS, HEADS, HEAD_DIM]);
    let swapped = split.clone().swap_dims(1, 2);
    let back = swapped.clone().swap_dims(1, 2);
    let joined = back.clone().reshape([1, TOKENS, HEADS * HEAD_DIM]);
    let flat = |tensor: Tensor<1>| -> Vec<f32> { tensor.into_data().iter().collect() };
    let (numbers, split, swapped) =
        (flat(numbers.flatten(0, 2)), flat(split.flatten(0, 3)), flat(swapped.flatten(0, 3)));
    let (back, joined) = (flat(back.flatten(0, 3)), flat(joined.flatten(0, 2)));

    let y = |step: usize| STEP * step as f64;
    let way_in = [
        whole(&mut d, p(left, y(1)), &numbers, 0.0, Role::Token, ""),
        whole(&mut d, p(left, y(2)), &split, GAP, Role::Token, ""),
        by_head(&mut d, p(left, y(3)), &swapped, Role::Token, ""),
    ];
    let way_out = [
        whole(&mut d, p(right, y(1)), &joined, 0.0, Role::Output, "′"),
        whole(&mut d, p(right, y(2)), &back, GAP, Role::Output, "′"),
        by_head(&mut d, p(right, y(3)), &swapped, Role::Output, "′"),
    ];
    let result = rect(way_out[0].x, y(0), way_out[0].w, way_out[0].h);
    cells(&mut d, result, (TOKENS, HEADS * HEAD_DIM), Role::Output, |_, _| None);

    let shapes = ["[batch, 3, 4]", "[batch, 3, 2, 2]", "[batch, 2, 3, 2]"];
    let shape =
        |d: &mut Drawing, of: Rect, shape: &str| Text::note(shape).draw_below(d, of.bottom().shift(0.0, 5.0)).bottom();
    let mut feet = Vec::new();
    for (places, shape_of) in [(way_in, shapes), (way_out, shapes)] {
        feet.push([0, 1, 2].map(|i| shape(&mut d, places[i], shape_of[i])));
    }
    let result_foot = shape(&mut d, result, shapes[0]);
    let operations = ["reshape", "swap_dims(1, 2)"];
    let heads_above = 20.0;
    for i in 0..2 {
        let above = if i == 1 { heads_above } else { 0.0 };
        let to = way_in[i + 1].top().shift(0.0, -4.0 - above);
        Arrow::new(feet[0][i], to).right(operations[i]).free().draw(&mut d);
        let from = way_out[i + 1].top().shift(0.0, -4.0 - above);
        Arrow::new(from, feet[1][i]).left(operations[i]).free().draw(&mut d);
    }
    Arrow::new(way_out[0].top(), result_foot).left("out_proj").draw(&mut d);
    Arrow::new(way_in[2].right(), way_out[2].left())
        .above(t("attention\nin each head", "各个头\n分别做注意力"))
        .width(2.5)
        .draw(&mut d);
    for (i, row) in way_in[0].column(TOKENS, 0.0).iter().enumerate() {
        let name = t(format!("token {}", i + 1), format!("词元 {}", i + 1));
        Text::note(name).end().draw(&mut d, row.left().shift(-10.0, 0.0));
    }
    let name = Text::new(t("queries", "查询")).bold();
    name.draw_above(&mut d, way_in[0].top().shift(0.0, -28.0));
    Text::note(t("keys and values alike", "键和值也一样")).draw_above(&mut d, way_in[0].top().shift(0.0, -8.0));
    Text::new(t("result", "结果")).bold().draw_above(&mut d, result.top().shift(0.0, -8.0));
    let desc = t(
        "A way down on the left, a way up on the right. Left: 3 tokens with 4 numbers each, 1 to 12 row by row; columns 1 and 2 have the strong \
         colour of head 1, columns 3 and 4 the pale colour of head 2. reshape cuts each row into two pieces. swap_dims(1, 2) makes two tables: \
         head 1 has 1 2, 5 6, 9 10, head 2 has 3 4, 7 8, 11 12. Each head does its attention and gives new numbers, 1′ to 12′, in the same \
         places. Right: swap_dims(1, 2) and reshape lead back to 3 rows of 4, and out_proj mixes the columns to the result.",
        "左边一路向下，右边一路向上。左边：3 个词元，每个 4 个数，逐行编号 1 到 12；第 1、2 列是头 1 的浓色，第 3、4 列是头 2 的淡色。\
         reshape 把每行切成两段；swap_dims(1, 2) 得到两张表：头 1 是 1 2、5 6、9 10，头 2 是 3 4、7 8、11 12。每个头各做注意力，\
         在同样的位置得到新的数 1′ 到 12′。右边：swap_dims(1, 2) 和 reshape 变回 3 行 4 列，再由 out_proj 混合各列，得到结果。",
    );
    let title = t("Splitting the heads apart and joining them again", "把各个头拆开，再合并回去");
    Figure::new("3-20", title, desc, d)
}

/// Space between the pieces of a row, and between the tables of two heads.
const GAP: f64 = 12.0;
const APART: f64 = 30.0;
/// The middle of a column of steps.
const MIDDLE: f64 = 84.0;

/// A numbered cell in the color of a head.
fn numbered(d: &mut Drawing, cell: Rect, number: f32, head: usize, role: Role, mark: &str) {
    d.rect(Layer::Main, cell.grow(-1.0), 3.0, Style::fill(Paint::Strong(role)).opacity(0.6 * STRENGTHS[head]));
    Text::new(format!("{number}{mark}")).size_of(14.0).draw_in(d, cell);
}

/// All tokens as rows, both heads in each, with space between them.
fn whole(d: &mut Drawing, from: Point, numbers: &[f32], gap: f64, role: Role, mark: &str) -> Rect {
    let width = BOX.0 * (HEADS * HEAD_DIM) as f64 + gap;
    let place = rect(from.x + MIDDLE - width / 2.0, from.y, width, BOX.1 * TOKENS as f64);
    for (row, numbers) in place.column(TOKENS, 0.0).iter().zip(numbers.chunks(HEADS * HEAD_DIM)) {
        for (head, (piece, numbers)) in row.row(HEADS, gap).iter().zip(numbers.chunks(HEAD_DIM)).enumerate() {
            for (cell, number) in piece.row(HEAD_DIM, 0.0).into_iter().zip(numbers) {
                numbered(d, cell, *number, head, role, mark);
            }
        }
    }
    place
}

/// A table of its own for each head.
fn by_head(d: &mut Drawing, from: Point, numbers: &[f32], role: Role, mark: &str) -> Rect {
    let width = BOX.0 * (HEADS * HEAD_DIM) as f64 + APART;
    let place = rect(from.x + MIDDLE - width / 2.0, from.y, width, BOX.1 * TOKENS as f64);
    let tables = place.row(HEADS, APART);
    for (number, (table, numbers)) in tables.iter().zip(numbers.chunks(TOKENS * HEAD_DIM)).enumerate() {
        for (row, numbers) in table.column(TOKENS, 0.0).iter().zip(numbers.chunks(HEAD_DIM)) {
            for (cell, value) in row.row(HEAD_DIM, 0.0).into_iter().zip(numbers) {
                numbered(d, cell, *value, number, role, mark);
            }
        }
        Text::small(head(number + 1)).bold().draw_above(d, table.top().shift(0.0, -3.0));
    }
    place
}
