//! An embedding is a matrix product.

use burn::tensor::{Device, Int, Tensor};
use ch02_text::bonus::one_hot::one_hot;
use shared::init;
use shared::rng::TorchRng;

use super::rows;
use crate::parts::{Arrow, Matrix, Node, PlacedMatrix, Text};
use crate::theme::{Paint, Role};
use crate::{Drawing, Figure, Layer, Style, p, rect, t};

const IDS: [i32; 3] = [2, 3, 1];
/// Each id has a look of its own.
const ROLES: [Role; 3] = [Role::Token, Role::Score, Role::Output];

pub fn one_hot_picks_a_row() -> Figure {
    let device = Device::flex();
    let ids = Tensor::<1, Int>::from_ints(IDS, &device);
    let embedding = init::embedding(4, 5, &mut TorchRng::new(123), &device);
    let found = rows(embedding.forward(ids.clone().unsqueeze()).squeeze_dim::<2>(0));
    let mut d = Drawing::new();

    let mut vectors = Matrix::numbers(&rows(one_hot(ids, 4)), 0)
        .cell(26.0, 34.0)
        .row_labels(IDS.map(|id| format!("{id}")))
        .title(t("one-hot", "独热"))
        .caption("3 × 4");
    let mut table = Matrix::numbers(&rows(embedding.weight.val()), 2)
        .role(Role::Plain)
        .cell(49.0, 34.0)
        .value_size(13.0)
        .row_labels(["0", "1", "2", "3"])
        .title(t("embedding table", "嵌入表"))
        .caption("4 × 5");
    let mut result =
        Matrix::numbers(&found, 2).cell(49.0, 34.0).value_size(13.0).title(t("result", "结果")).caption("3 × 5");
    for (row, (id, role)) in IDS.iter().zip(ROLES).enumerate() {
        vectors = vectors.row_role(row, role).mark_cell(row, *id as usize, role);
        table = table.row_role(*id as usize, role).mark_row(*id as usize, role);
        result = result.row_role(row, role).mark_row(row, role);
    }
    let vectors = vectors.draw(&mut d, p(0.0, 17.0));
    let table = table.draw(&mut d, p(150.0, 0.0));
    let result = result.draw(&mut d, p(423.0, 17.0));
    let middle = table.grid.center().y;
    Text::new("×").size_of(20.0).draw(&mut d, p((vectors.grid.x_end() + table.grid.x - 14.0) / 2.0, middle));
    Text::new("=").size_of(20.0).draw(&mut d, p((table.grid.x_end() + result.grid.x) / 2.0, middle));
    short_way(&mut d, &table, &result);
    let desc = t(
        "Above: one-hot vectors of the ids 2, 3, 1, a single 1 in column 2, 3 and 1, times an embedding table with 4 rows and 5 \
         columns give a result with 3 rows: rows 2, 3 and 1 of the table. Below, the short way: each id leads directly to \
         its row, without a product.",
        "上面：ID 2、3、1 的独热向量分别只在第 2、3、1 列有一个 1，乘以 4 行 5 列的嵌入表，结果有 3 行，正是表的第 2、3、1 行。\
         下面是近路：每个 ID 直接指向自己的行，不用乘法。",
    );
    Figure::new("2-B3", t("A one-hot vector picks a row", "独热向量挑出一行"), desc, d)
}

/// The same without a product: ids, and arrows to the rows.
fn short_way(d: &mut Drawing, table: &PlacedMatrix, result: &PlacedMatrix) {
    let down = 214.0;
    let line = [p(-24.0, 176.0), p(result.grid.x_end(), 176.0)];
    d.line(Layer::Back, &line, Style::line(Paint::Grid).width(1.0));
    Text::new(t("the same by looking up", "查表也是同样的结果")).bold().start().draw(d, p(0.0, 194.0));
    let rows_below = rect(table.grid.x, down + 10.0, table.grid.w, table.grid.h).column(4, 0.0);
    for (number, row) in rows_below.iter().enumerate() {
        let role = IDS.iter().position(|id| *id as usize == number).map_or(Role::Plain, |at| ROLES[at]);
        row_node(number as i32).role(role).draw(d, row.grow(-2.0));
    }
    let top = down + 27.0;
    for (at, (id, role)) in IDS.iter().zip(ROLES).enumerate() {
        let place = rect(56.0, top + 34.0 * at as f64, 34.0, 34.0).grow(-2.0);
        let place = Node::new(id.to_string()).role(role).radius(5.0).pad(4.0, 4.0).draw(d, place);
        let row = rows_below[*id as usize];
        Arrow::new(place.right(), row.grow(-2.0).left()).role(role).draw(d);
        let found = rect(result.grid.x, top + 34.0 * at as f64, result.grid.w, 34.0).grow(-2.0);
        row_node(*id).role(role).draw(d, found);
        Arrow::new(row.grow(-2.0).right(), found.left()).role(role).draw(d);
    }
}

/// A row without its values.
fn row_node(number: i32) -> Node {
    Node::of(Text::small(t(format!("row {number}"), format!("第 {number} 行")))).radius(4.0).pad(4.0, 2.0)
}
