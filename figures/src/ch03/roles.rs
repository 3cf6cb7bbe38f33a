//! Queries, keys and values.

use burn::tensor::{Device, Tensor, s};
use shared::init::rand;
use shared::rng::TorchRng;

use super::{QUERY, inputs, rows};
use crate::parts::{Arrow, Matrix, Text, decimal};
use crate::theme::Role;
use crate::{Drawing, Figure, p, t};

const LANE: f64 = 150.0;

pub fn three_roles() -> Figure {
    let (device, mut rng) = (Device::flex(), TorchRng::new(123));
    let x = inputs().slice(s![QUERY..QUERY + 1, ..]);
    let lanes = [
        ("q", t("query", "查询"), t("what am I looking for?", "我在找什么？")),
        ("k", t("key", "键"), t("what am I found by?", "凭什么找到我？")),
        ("v", t("value", "值"), t("what do I pass on?", "我传递什么？")),
    ];
    let mut d = Drawing::new();
    let token = Matrix::numbers(&rows(x.clone()), 2).role(Role::Token).flat().cell(48.0, 34.0);
    let token = token.title("“journey” x^{(2)}").caption("[3]").draw(&mut d, p(0.0, LANE + 25.0));
    let mut found = Vec::new();
    for (lane, (letter, name, question)) in lanes.into_iter().enumerate() {
        let y = LANE * lane as f64;
        let matrix: Tensor<2> = rand([3, 2], &mut rng, &device);
        let result = rows(x.clone().matmul(matrix.clone()));
        let matrix = Matrix::numbers(&rows(matrix), 4).role(Role::Weight).flat().cell(64.0, 28.0);
        let matrix = matrix.title(format!("W_{{{letter}}}")).caption("[3, 2]").draw(&mut d, p(206.0, y));
        let placed = Matrix::numbers(&result, 4).role(Role::Token).flat().cell(68.0, 34.0).mark_row(0, Role::Token);
        let label = |name: &str| format!("{name} {letter}^{{(2)}}");
        let title = t(label(name.get(crate::Lang::En)), label(name.get(crate::Lang::Zh)));
        let placed = placed.title(title).draw(&mut d, p(396.0, y + 25.0));
        Text::small(question).draw_below(&mut d, placed.grid.bottom().shift(0.0, 7.0));
        let to = matrix.grid.left();
        let arrow = Arrow::new(token.grid.right(), to);
        if lane == 1 { arrow } else { arrow.elbow_across(0.45) }.draw(&mut d);
        Arrow::new(matrix.grid.right(), placed.grid.left()).draw(&mut d);
        found.push(result[0].iter().map(|value| decimal(f64::from(*value), 4)).collect::<Vec<_>>().join(", "));
    }
    let desc = t(
        format!(
            "On the left the vector of “journey”, 0.55, 0.87, 0.66. Three arrows lead from it through the matrices Wq, Wk and Wv, \
             each with 3 rows and 2 columns, to three vectors of two numbers. Query, what am I looking for: {}. Key, what am I found \
             by: {}. Value, what do I pass on: {}.",
            found[0], found[1], found[2]
        ),
        format!(
            "左边是 “journey” 的向量 0.55、0.87、0.66。三个箭头从它出发，经过 3 行 2 列的矩阵 Wq、Wk、Wv，各得到一个由两个数组成的向量。\
             查询，我在找什么：{}。键，凭什么找到我：{}。值，我传递什么：{}。",
            found[0], found[1], found[2]
        ),
    );
    Figure::new("3-09", t("Three matrices give a token three roles", "三个矩阵赋予一个词元三种角色"), desc, d)
}
