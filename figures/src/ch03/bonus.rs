//! Figures of the bonus page on variants.

use super::grid::cells;
use super::heads::STRENGTHS;
use crate::parts::{Arrow, Text};
use crate::theme::{Paint, Role};
use crate::{Drawing, Figure, Layer, Point, Rect, Style, p, rect, t};

const TOKENS: usize = 4;
const D_IN: usize = 4;
const HEADS: usize = 2;
const HEAD_DIM: usize = 3;
const D_OUT: usize = HEADS * HEAD_DIM;
/// Size of a cell above and below, and the space for a sign.
const SMALL: f64 = 8.0;
const LARGE: f64 = 11.0;
const SIGN: f64 = 30.0;
const NAMES: [(&str, &str); 3] = [("W_{q}", "Q"), ("W_{k}", "K"), ("W_{v}", "V")];

pub fn one_product() -> Figure {
    let mut d = Drawing::new();
    Text::new(t("three products", "三次乘法")).bold().start().draw(&mut d, p(0.0, -46.0));
    for (i, (matrix, result)) in NAMES.into_iter().enumerate() {
        let width = SMALL * (D_IN + 2 * D_OUT) as f64 + 2.0 * SIGN;
        let parts = product(&mut d, p((width + 34.0) * i as f64, 0.0), SMALL, 1);
        for (part, name) in parts.iter().zip(["x", matrix, result]) {
            Text::new(name).size_of(14.0).bold().draw_above(&mut d, part.top().shift(0.0, -4.0));
        }
    }
    let top = 132.0;
    Text::new(t("one product", "一次乘法")).bold().start().draw(&mut d, p(0.0, top - 46.0));
    let [x, matrix, result] = product(&mut d, p(40.0, top), LARGE, 3);
    Text::new("x").size_of(14.0).bold().draw_above(&mut d, x.top().shift(0.0, -4.0));
    for ((of_matrix, of_result), (matrix, result)) in matrix.row(3, 0.0).iter().zip(result.row(3, 0.0)).zip(NAMES) {
        Text::new(matrix).size_of(14.0).bold().draw_above(&mut d, of_matrix.top().shift(0.0, -4.0));
        Text::new(result).size_of(14.0).bold().draw_above(&mut d, of_result.top().shift(0.0, -4.0));
    }
    for (part, shape) in [(x, "[tokens, d_in]"), (matrix, "[d_in, 3·d_out]"), (result, "[tokens, 3·d_out]")] {
        Text::note(shape).draw_below(&mut d, part.bottom().shift(0.0, 5.0));
    }

    let cut_at = top + 150.0;
    let width = LARGE * HEAD_DIM as f64;
    let mut x = result.center().x - (6.0 * width + 3.0 * 20.0 + 2.0 * 36.0) / 2.0;
    let mut pieces: Vec<Rect> = Vec::new();
    for (_, name) in NAMES {
        for (head, strength) in STRENGTHS.into_iter().enumerate() {
            let place = rect(x, cut_at, width, LARGE * TOKENS as f64);
            cells(&mut d, place, (TOKENS, HEAD_DIM), Role::Token, |_, _| Some(strength));
            Text::note((head + 1).to_string()).draw_below(&mut d, place.bottom().shift(0.0, 3.0));
            x += width + if head == 0 { 20.0 } else { 36.0 };
            pieces.push(place);
        }
        let pair = pieces[pieces.len() - 2].union(pieces[pieces.len() - 1]);
        Text::new(name).size_of(14.0).bold().draw_above(&mut d, pair.top().shift(0.0, -4.0));
    }
    let all = Rect::bounds(pieces.iter().copied());
    Text::note(t("head", "头")).end().draw(&mut d, p(all.x - 10.0, all.y_end() + 11.0));
    let from = p(result.center().x, result.y_end() + 24.0);
    Arrow::new(from, p(from.x, all.y - 24.0)).draw(&mut d);
    let steps = "reshape [batch, tokens, 3, heads, head_dim]\npermute [3, batch, heads, tokens, head_dim]";
    Text::small(steps).mono().end().draw(&mut d, p(from.x - 16.0, (from.y + all.y - 24.0) / 2.0));
    let desc = t(
        "Above, three products: x times Wq gives Q, x times Wk gives K, x times Wv gives V; x is there three times. Below, one product: x, \
         tokens × d_in, times the three matrices side by side, d_in × 3·d_out, gives Q, K and V side by side, tokens × 3·d_out. In each of the \
         parts of 6 columns the first 3 are strong, head 1, the last 3 pale, head 2. Under it the result is cut into six tables: Q, K and V, each \
         with the tables of head 1 and head 2, by reshape to batch, tokens, 3, heads, head_dim and permute to 3, batch, heads, tokens, head_dim.",
        "上面是三次乘法：x 乘 Wq 得 Q，x 乘 Wk 得 K，x 乘 Wv 得 V，x 出现三次。下面是一次乘法：tokens × d_in 的 x，乘以并排的三个矩阵\
         （d_in × 3·d_out），得到并排的 Q、K、V（tokens × 3·d_out）。每部分 6 列，前 3 列浓色是头 1，后 3 列淡色是头 2。再往下，\
         结果切成六张表：Q、K、V 各有头 1 和头 2 的表；先 reshape 成 batch、tokens、3、heads、head_dim，\
         再 permute 成 3、batch、heads、tokens、head_dim。",
    );
    Figure::new("3-B1", t("Three projections in one product", "一次乘法算出三个投影"), desc, d)
}

/// An input times this many matrices side by side.
fn product(d: &mut Drawing, from: Point, cell: f64, parts: usize) -> [Rect; 3] {
    let shapes =
        [(TOKENS, D_IN, Role::Token), (D_IN, parts * D_OUT, Role::Weight), (TOKENS, parts * D_OUT, Role::Token)];
    let mut x = from.x;
    [0, 1, 2].map(|i| {
        let (rows, columns, role) = shapes[i];
        let place = rect(x, from.y, cell * columns as f64, cell * rows as f64);
        cells(d, place, (rows, columns), role, |_, column| (i > 0).then_some(STRENGTHS[column % D_OUT / HEAD_DIM]));
        if i > 0 {
            Text::new(if i == 1 { "·" } else { "=" }).size_of(17.0).draw(d, p(x - SIGN / 2.0, place.center().y));
            for part in place.row(parts, 0.0) {
                d.rect(Layer::Main, part.grow(1.0), 3.0, Style::line(Paint::Strong(role)).width(1.0));
            }
        }
        x = place.x_end() + SIGN;
        place
    })
}
