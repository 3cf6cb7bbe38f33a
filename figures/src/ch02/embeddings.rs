//! Embedding layers: a table to look ids up in.

use burn::tensor::{Device, Int, Tensor};
use ch02_text::VOCAB_SIZE;
use shared::init;
use shared::rng::TorchRng;

use super::rows;
use crate::parts::{Arrow, Matrix, Node, Text, whole};
use crate::theme::{Paint, Role};
use crate::{Drawing, Figure, Layer, Rect, Style, Words, p, rect, t};

pub fn lookup() -> Figure {
    let device = Device::flex();
    let embedding = init::embedding(6, 3, &mut TorchRng::new(123), &device);
    let ids = [2, 3, 5, 1];
    let found = embedding.forward(Tensor::<1, Int>::from_ints(ids, &device).unsqueeze());
    let found = rows(found.squeeze_dim::<2>(0));

    let mut d = Drawing::new();
    let mut table = Matrix::numbers(&rows(embedding.weight.val()), 4)
        .role(Role::Weight)
        .cell(70.0, 34.0)
        .row_labels(["0", "1", "2", "3", "4", "5"])
        .title(t("embedding table", "嵌入表"))
        .caption("6 × 3");
    let mut result = Matrix::numbers(&found, 4)
        .role(Role::Token)
        .cell(70.0, 34.0)
        .title(t("looked up", "查表结果"))
        .caption("4 × 3");
    for (row, id) in ids.iter().enumerate() {
        table = table.mark_row(*id as usize, Role::Weight);
        result = result.mark_row(row, Role::Token);
    }
    let table = table.draw(&mut d, p(150.0, 0.0));
    let result = result.draw(&mut d, p(460.0, 34.0));
    Text::new(t("ids", "ID")).bold().draw(&mut d, p(18.0, 14.0));
    for (row, id) in ids.iter().enumerate() {
        let place = Rect { x: 0.0, w: 36.0, ..result.row(row) }.grow(-1.0);
        let place = Node::new(id.to_string()).role(Role::Token).radius(5.0).pad(4.0, 4.0).draw(&mut d, place);
        let of_table = table.row(*id as usize);
        Arrow::new(place.right(), of_table.left().shift(-20.0, 0.0)).role(Role::Token).draw(&mut d);
        Arrow::new(of_table.right(), result.row(row).left()).role(Role::Weight).draw(&mut d);
    }
    let desc = t(
        "The ids 2, 3, 5, 1 on the left; each points to the row with that number of a table of 6 rows and 3 columns; the rows \
         found are copied to the result in the order of the ids. Rows 0 and 4 are not used. Row 3, for example, is −0.4015, \
         0.9666, −1.1481 in the table and in the second row of the result.",
        "左边是 ID 2、3、5、1；每个 ID 指向一张 6 行 3 列的表中编号相同的行；找到的行按 ID 的顺序抄到结果里。第 0 行和第 4 行没有用到。\
         例如第 3 行是 −0.4015、0.9666、−1.1481，它也是结果的第二行。",
    );
    Figure::new("2-13", t("Looking up: an id is the number of a row", "查表：ID 就是行号"), desc, d)
}

pub fn shapes() -> Figure {
    let mut d = Drawing::new();
    let [batch, tokens, width] = [8, 4, 256];
    let ids = Matrix::blank(batch, tokens).role(Role::Token).cell(18.0, 16.0).draw(&mut d, p(20.0, 20.0));
    name(&mut d, ids.grid, t("token ids", "词元 ID"), format!("[{batch}, {tokens}]"));
    let table = rect(176.0, -14.0, 112.0, 196.0);
    Node::new(t("token\nembedding\ntable", "词元\n嵌入表")).role(Role::Weight).draw(&mut d, table);
    Text::small(format!("[{}, {width}]", whole(VOCAB_SIZE))).mono().draw_below(&mut d, table.bottom().shift(0.0, 6.0));
    let embedded = sheets(&mut d, rect(360.0, 40.0, 190.0, 88.0), batch, Role::Token);
    name(&mut d, embedded, t("token embeddings", "词元嵌入"), format!("[{batch}, {tokens}, {width}]"));
    Arrow::new(ids.grid.right(), p(table.x, ids.grid.center().y)).draw(&mut d);
    Arrow::new(p(table.x_end(), ids.grid.center().y), p(embedded.x, ids.grid.center().y))
        .above(t("look up", "查表"))
        .draw(&mut d);

    let positions = sheets(&mut d, rect(20.0, 300.0, 190.0, 88.0), 1, Role::Weight);
    name(&mut d, positions, t("position embeddings", "位置嵌入"), format!("[{tokens}, {width}]"));
    let result = sheets(&mut d, rect(360.0, 300.0, 190.0, 88.0), batch, Role::Output);
    name(&mut d, result, t("input embeddings", "输入嵌入"), format!("[{batch}, {tokens}, {width}]"));
    let plus = Node::sign("+").draw_at(&mut d, p(285.0, positions.center().y));
    let copied = t("added to\neach text", "加到每段\n文本上");
    Arrow::new(positions.right(), plus.left()).draw(&mut d);
    Text::note(copied).draw_below(&mut d, plus.bottom().shift(0.0, 6.0));
    Arrow::new(plus.right(), p(result.x, plus.center().y)).draw(&mut d);
    let corner = [p(embedded.center().x, 236.0), p(plus.center().x, 236.0)];
    let from = p(embedded.center().x, 174.0);
    Arrow::new(from, plus.top()).via(corner).free().draw(&mut d);
    let desc = t(
        "Token ids of shape [8, 4] are looked up in the token embedding table [50,257, 256], which gives token embeddings \
         [8, 4, 256], drawn as a stack of eight sheets. The position embeddings are one sheet [4, 256]; it is added to each of \
         the eight, which gives the input embeddings [8, 4, 256].",
        "形状为 [8, 4] 的词元 ID 在词元嵌入表 [50,257, 256] 里查表，得到词元嵌入 [8, 4, 256]，画成八张叠在一起的纸。\
         位置嵌入只有一张 [4, 256]；它加到八张中的每一张上，得到输入嵌入 [8, 4, 256]。",
    );
    let title = t("Shapes: one position table for every text of the batch", "形状：一张位置表，批次里的每段文本共用");
    Figure::new("2-15", title, desc, d)
}

/// Sheets behind each other; the last one, in front, shows its rows.
fn sheets(d: &mut Drawing, front: Rect, count: usize, role: Role) -> Rect {
    for at in (0..count).rev() {
        let shift = 6.0 * at as f64;
        let place = front.shift(shift, -shift);
        d.rect(Layer::Main, place, 4.0, Style::role(role));
        if at == 0 {
            for row in place.column(4, 6.0) {
                d.rect(Layer::Main, row.grow(-5.0), 3.0, Style::fill(Paint::Strong(role)).opacity(0.3));
            }
        }
    }
    let shift = 6.0 * (count as f64 - 1.0);
    rect(front.x, front.y - shift, front.w + shift, front.h + shift)
}

/// Name and shape below.
fn name(d: &mut Drawing, of: Rect, words: Words, shape: String) {
    let text = Text::new(words).bold().size_of(14.0).draw_below(d, of.bottom().shift(0.0, 6.0));
    Text::small(shape).mono().draw_below(d, text.bottom());
}
