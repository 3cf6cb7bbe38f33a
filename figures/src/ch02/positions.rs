//! Position embeddings.

use burn::tensor::{Device, Tensor};
use ch02_text::{InputEmbedding, InputEmbeddingConfig};
use shared::init::torch_init;
use shared::rng::TorchRng;

use super::rows;
use crate::parts::{Matrix, Node, Text};
use crate::theme::{Paint, Role};
use crate::{Drawing, Figure, Layer, Point, Rect, Style, p, t};

/// Size of a value.
const CELL: (f64, f64) = (66.0, 36.0);

pub fn same_token() -> Figure {
    let (device, mut rng) = (Device::flex(), TorchRng::new(123));
    let embedding = torch_init(InputEmbedding::new(&InputEmbeddingConfig::new(6, 4, 3), &device), &mut rng);
    let ids = [5, 1, 5];
    let batch = Tensor::from_ints([ids], &device);
    let tokens = rows(embedding.tok_emb.forward(batch.clone()).squeeze_dim::<2>(0));
    let positions = rows(embedding.pos_emb.weight.val().slice([0..3, 0..3]));
    let inputs = rows(embedding.forward(batch).squeeze_dim::<2>(0));

    let mut d = Drawing::new();
    let matrix = |rows: &Vec<Vec<f32>>, role| {
        Matrix::numbers(rows, 4).role(role).cell(CELL.0, CELL.1).largest(3.8).value_size(13.0)
    };
    let tokens = matrix(&tokens, Role::Token).title(t("token embedding", "词元嵌入")).draw(&mut d, p(46.0, 0.0));
    matrix(&positions, Role::Weight)
        .title(t("position embedding", "位置嵌入"))
        .row_labels(["0", "1", "2"])
        .draw(&mut d, p(300.0, 0.0));
    let inputs = matrix(&inputs, Role::Output).title(t("input embedding", "输入嵌入")).draw(&mut d, p(526.0, 0.0));
    for (row, id) in ids.iter().enumerate() {
        let place = Rect { x: 0.0, w: 34.0, ..tokens.row(row) }.grow(-1.0);
        Node::new(id.to_string()).role(Role::Token).radius(5.0).pad(4.0, 4.0).draw(&mut d, place);
    }
    Text::note(t("ids", "ID")).draw_above(&mut d, p(17.0, -6.0));
    let middle = tokens.grid.center().y;
    Text::new("+").size_of(20.0).draw(&mut d, p(262.0, middle));
    Text::new("=").size_of(20.0).draw(&mut d, p(512.0, middle));
    for (placed, words, role) in [
        (&tokens, t("rows 1 and 3 are equal", "第 1、3 行相同"), Role::Token),
        (&inputs, t("rows 1 and 3 differ", "第 1、3 行不同"), Role::Output),
    ] {
        for row in [0, 2] {
            d.rect(Layer::Front, placed.row(row), 4.0, Style::line(Paint::Strong(role)).width(2.5));
        }
        let foot: Point = placed.grid.bottom().shift(0.0, 8.0);
        Text::small(words).bold().role(role).draw_below(&mut d, foot);
    }
    let desc = t(
        "Three rows for the ids 5, 1, 5. Their token embeddings; the first and third are equal: −2.8400, −0.7849, −1.4096. Added \
         to them are rows 0, 1 and 2 of the position table. The sums, the input embeddings, differ: −3.4707, 0.4492, −1.0969 in \
         the first row and −3.7578, 0.1197, −3.5071 in the third.",
        "ID 5、1、5 各一行。词元嵌入的第一行和第三行相同：−2.8400、−0.7849、−1.4096。加上位置表的第 0、1、2 行之后，和（输入嵌入）不再相同：\
         第一行是 −3.4707、0.4492、−1.0969，第三行是 −3.7578、0.1197、−3.5071。",
    );
    Figure::new("2-14", t("The same token at two positions", "同一个词元，两个位置"), desc, d)
}
