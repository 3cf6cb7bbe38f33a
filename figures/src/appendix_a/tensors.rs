//! Tensors of zero to three dimensions.

use crate::parts::{Arrow, Matrix, Text};
use crate::theme::{Paint, Role};
use crate::{Drawing, Figure, Layer, Point, Rect, Style, Words, p, t};

/// Width and height of a cell.
const CELL: f64 = 34.0;
/// The middles of the four drawings, and the height that they stand on.
const MIDDLES: [f64; 4] = [0.0, 126.0, 270.0, 432.0];
const FLOOR: f64 = 0.0;
/// How far the slice behind is moved.
const BEHIND: (f64, f64) = (41.0, -37.0);
/// Stands for a number that another one covers.
const HIDDEN: u32 = 7;
/// Where the names of the rows of the table end.
const NAMES: f64 = -58.0;

pub fn zero_to_three() -> Figure {
    let mut d = Drawing::new();
    cells(&mut d, MIDDLES[0], &[&[1]]);
    let vector = cells(&mut d, MIDDLES[1], &[&[1, 2, 3]]);
    direction(&mut d, vector.at(0.0, 0.0).shift(0.0, -10.0), vector.at(1.0, 0.0).shift(0.0, -10.0));
    let matrix = cells(&mut d, MIDDLES[2], &[&[1, 2], &[3, 4]]);
    let behind_middle = MIDDLES[3] + BEHIND.0 / 2.0;
    let behind =
        grid(&[&[5, 6], &[HIDDEN, 8]]).draw(&mut d, p(behind_middle - CELL, FLOOR - 2.0 * CELL + BEHIND.1)).grid;
    let front = behind.shift(-BEHIND.0, -BEHIND.1);
    d.rect(Layer::Main, front.grow(3.0), 4.0, Style::fill(Paint::Paper));
    let front = grid(&[&[1, 2], &[3, 4]]).draw(&mut d, p(front.x, front.y)).grid;
    for (place, top) in [(matrix, matrix.y), (front, behind.y)] {
        direction(&mut d, place.at(0.0, 0.0).shift(-10.0, 0.0), place.at(0.0, 1.0).shift(-10.0, 0.0));
        let from = if top < place.y { behind.at(0.0, 0.0) } else { place.at(0.0, 0.0) };
        direction(&mut d, from.shift(0.0, -10.0), from.shift(place.w, -10.0));
    }
    direction(&mut d, front.at(1.0, 1.0).shift(10.0, -2.0), behind.at(1.0, 1.0).shift(10.0, -2.0));

    let names = [t("scalar", "标量"), t("vector", "向量"), t("matrix", "矩阵"), t("three dimensions", "三维张量")];
    let indices = [t("none", "不用"), t("one", "一个"), t("two", "两个"), t("three", "三个")];
    let shapes = ["[]", "[3]", "[2, 2]", "[2, 2, 2]"];
    let types = ["Tensor<1>", "Tensor<1>", "Tensor<2>", "Tensor<3>"];
    let rows: [(f64, Words); 4] = [
        (30.0, t("", "")),
        (66.0, t("indices needed", "要几个下标")),
        (98.0, t("shape", "形状")),
        (130.0, t("in burn", "在 burn 里")),
    ];
    for (y, name) in &rows[1..] {
        Text::note(name).end().draw(&mut d, p(NAMES, FLOOR + y));
    }
    for (i, x) in MIDDLES.into_iter().enumerate() {
        let at = |row: usize| p(x, FLOOR + rows[row].0);
        Text::new(&names[i]).bold().draw(&mut d, at(0));
        Text::new(&indices[i]).draw(&mut d, at(1));
        Text::new(shapes[i]).mono().size_of(14.0).draw(&mut d, at(2));
        Text::new(types[i]).mono().size_of(14.0).draw(&mut d, at(3));
    }
    Text::note(t("of shape [1]", "形状是 [1]")).draw(&mut d, p(MIDDLES[0], FLOOR + 150.0));
    for y in [48.0, 82.0, 114.0] {
        let ends = [p(NAMES - 112.0, FLOOR + y), p(MIDDLES[3] + 72.0, FLOOR + y)];
        d.line(Layer::Back, &ends, Style::line(Paint::Grid).width(1.0));
    }
    let desc = t(
        "Four drawings of cells with numbers, and a table under them. A scalar: one cell, 1; no index is needed to find \
         it; its shape is an empty pair of brackets; burn holds it as a Tensor<1> of shape [1]. A vector: three cells \
         in a row, 1, 2, 3; one index; shape [3]; Tensor<1>. A matrix: two rows, 1 2 and 3 4; two indices, one down \
         and one across; shape [2, 2]; Tensor<2>. Three dimensions: the same matrix with a second one, 5 6 and 7 8, \
         behind it, of which the 7 is covered; three indices, of which the first chooses the slice; shape [2, 2, 2]; Tensor<3>. An arrow runs along each \
         dimension.",
        "四幅由方格和数组成的小图，下面是一张表。标量：一个格子，1，不用下标就找得到，形状是一对空的方括号，在 burn 里是形状为 \
         [1] 的 Tensor<1>。向量：一行三个格子，1、2、3，要一个下标，形状 [3]，Tensor<1>。矩阵：两行，1 2 和 3 4，要两个下标，\
         一个向下，一个向右，形状 [2, 2]，Tensor<2>。三维张量：同样的矩阵，后面还有一片，5 6 和 7 8（7 被挡住），要三个下标，其中第一个\
         选择哪一片，形状 [2, 2, 2]，Tensor<3>。每个维度旁都有一个箭头。",
    );
    let title = t("The same kind of thing with zero to three dimensions", "从零维到三维，是同一种东西");
    Figure::new("a-01", title, desc, d)
}

fn grid(rows: &[&[u32]]) -> Matrix {
    let texts = rows
        .iter()
        .map(|row| {
            row.iter().map(|number| if *number == HIDDEN { String::new() } else { number.to_string() }).collect()
        })
        .collect();
    Matrix::texts(texts).flat().role(Role::Token).cell(CELL, CELL)
}

/// Cells around this middle, standing on the floor.
fn cells(d: &mut Drawing, middle: f64, rows: &[&[u32]]) -> Rect {
    let grid = grid(rows);
    let (w, h) = grid.grid_size();
    grid.draw(d, p(middle - w / 2.0, FLOOR - h)).grid
}

/// A thin arrow along a dimension.
fn direction(d: &mut Drawing, from: Point, to: Point) {
    Arrow::new(from, to).free().width(1.2).draw(d);
}
