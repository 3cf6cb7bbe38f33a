//! The figures of chapter 3.

use burn::tensor::{Device, Tensor};
use ch03_attention::running_example;

use crate::parts::{PlacedMatrix, Text, decimal};
use crate::{Drawing, Figure, Rect, t};

mod bonus;
mod dot_product;
mod dropout;
mod grid;
mod heads;
mod heat;
mod masks;
mod one_query;
mod roles;
mod scaling;
mod shapes;
mod stages;
mod translation;

/// All of them, in the order of the pages.
pub fn figures() -> Vec<Figure> {
    vec![
        stages::road_map(),
        stages::four_mechanisms(),
        translation::word_order(),
        translation::one_state_or_all(),
        dot_product::dot_product_in_a_plane(),
        one_query::simplified(),
        heat::all_weights(),
        stages::second(),
        roles::three_roles(),
        one_query::with_keys_and_values(),
        scaling::scaling(),
        shapes::shapes(),
        stages::third(),
        masks::two_ways(),
        masks::why_they_agree(),
        dropout::dropout(),
        stages::fourth(),
        heads::one_wide_product(),
        heads::split_and_join(),
        heat::two_heads(),
        bonus::one_product(),
    ]
}

/// The second token of the sentence, “journey”, which asks in most figures.
const QUERY: usize = 1;

/// The sentence of the chapter, `[6, 3]`.
fn inputs() -> Tensor<2> {
    running_example::inputs(&Device::flex())
}

/// The numbers of a vector.
fn values(vector: Tensor<1>) -> Vec<f32> {
    vector.into_data().iter().collect()
}

/// The rows of a matrix.
fn rows(matrix: Tensor<2>) -> Vec<Vec<f32>> {
    let [_, columns] = matrix.dims();
    let values: Vec<f32> = matrix.into_data().iter().collect();
    values.chunks(columns).map(<[f32]>::to_vec).collect()
}

/// The sums of the rows at the right of a matrix, to two decimals.
fn draw_sums(d: &mut Drawing, of: &PlacedMatrix, rows: &[Vec<f32>]) {
    let column = Rect { x: of.grid.x_end() + 8.0, w: 44.0, ..of.grid };
    Text::note(t("sum", "和")).draw_above(d, column.top().shift(0.0, -4.0));
    for (row, place) in rows.iter().zip(column.column(rows.len(), 0.0)) {
        let sum: f32 = row.iter().sum();
        Text::new(decimal(f64::from(sum), 2)).size_of(14.0).bold().draw_in(d, place);
    }
}
