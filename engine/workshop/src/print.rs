//! Tensors on the terminal.

use burn::tensor::kind::Basic;
use burn::tensor::{Tensor, TensorData};

/// A row of more numbers is cut in the middle.
const LONGEST_ROW: usize = 10;

/// Prints a tensor as the book prints them: a line for each row, an empty line after each matrix; four decimals, or
/// none if all values are whole numbers; of a long row the first and the last three values.
pub fn print_tensor<const D: usize, K: Basic>(title: &str, tensor: Tensor<D, K>) {
    print!("{}", layout(title, &tensor.into_data()));
}

fn layout(title: &str, data: &TensorData) -> String {
    let shape: Vec<usize> = data.shape().iter().copied().collect();
    let columns = shape.last().copied().unwrap_or(1).max(1);
    let rows = shape.iter().rev().nth(1).copied().unwrap_or(1).max(1);
    let values: Vec<f64> = data.iter::<f64>().collect();
    let decimals = if values.iter().all(|value| value.fract() == 0.0) { 0 } else { 4 };
    let cut = |row: &[f64]| -> Vec<f64> {
        if row.len() > LONGEST_ROW { [&row[..3], &row[row.len() - 3..]].concat() } else { row.to_vec() }
    };
    let cells: Vec<String> = values.chunks(columns).flat_map(cut).map(|x| format!("{x:.decimals$}")).collect();
    let width = cells.iter().map(String::len).max().unwrap_or(0);
    let shown = if columns > LONGEST_ROW { 6 } else { columns };

    let mut out = format!("{title} {shape:?}\n");
    for (i, row) in cells.chunks(shown).enumerate() {
        let mut row: Vec<String> = row.iter().map(|cell| format!("{cell:>width$}")).collect();
        if columns > LONGEST_ROW {
            row.insert(3, "...".to_string());
        }
        out += &format!("  [{}]\n", row.join(", "));
        if (i + 1).is_multiple_of(rows) {
            out.push('\n');
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matrices_are_set_apart() {
        let data = TensorData::from([[[0.5, -1.25]], [[f32::NEG_INFINITY, 10.0]]]);
        let expected = "two [2, 1, 2]\n  [ 0.5000, -1.2500]\n\n  [   -inf, 10.0000]\n\n";
        assert_eq!(layout("two", &data), expected);
    }

    #[test]
    fn whole_numbers_have_no_decimals() {
        assert_eq!(
            layout("ids", &TensorData::from([[40, 367], [2885, 1464]])),
            "ids [2, 2]\n  [  40,  367]\n  [2885, 1464]\n\n"
        );
        assert_eq!(layout("ones", &TensorData::from([1.0f32, 0.0])), "ones [2]\n  [1, 0]\n\n");
    }

    #[test]
    fn a_long_row_is_cut_in_the_middle() {
        let row: Vec<i32> = (0..11).collect();
        assert_eq!(layout("row", &TensorData::new(row, [11])), "row [11]\n  [ 0,  1,  2, ...,  8,  9, 10]\n\n");
    }
}
