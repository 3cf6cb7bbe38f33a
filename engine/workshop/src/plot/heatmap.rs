//! Heat maps.

use super::document::document;
use super::text::{text_label, upward, widest};
use super::theme::{CELL, GRID, hex};

const FONT: f64 = 13.0;
/// Height of a cell, and the least width, in pixels.
const CELL_SIZE: f64 = 64.0;
/// Where the cells begin.
const TOP: f64 = 96.0;

/// A matrix as colored cells with the values written in them, for example attention weights or counts: the larger the
/// value, the stronger the color.
///
/// `rows` and `columns` are what they stand for (`"Query"`) and their labels. `values` is row-major.
///
/// # Panics
/// If the number of values does not fit the labels.
pub fn heatmap(title: &str, rows: (&str, &[String]), columns: (&str, &[String]), values: &[f32]) -> String {
    let ((row_name, row_labels), (column_name, column_labels)) = (rows, columns);
    let (height, width) = (row_labels.len(), column_labels.len());
    assert_eq!(values.len(), height * width, "{height} x {width} labels, but {} values", values.len());
    let longest = |labels: &[String]| widest(labels.iter().map(String::as_str), FONT);
    let cell_width = f64::max(CELL_SIZE, longest(column_labels) + 8.0).ceil();
    let left = (42.0 + longest(row_labels)).ceil();
    let (right, bottom) = (left + cell_width * width as f64, TOP + CELL_SIZE * height as f64);
    let largest = values.iter().copied().fold(f32::MIN_POSITIVE, f32::max);
    let are_counts = largest > 1.0 && values.iter().all(|value| value.fract() == 0.0);
    let decimals = if are_counts { 0 } else { 2 };

    let column = |at: usize| left + cell_width * at as f64;
    let row = |at: usize| TOP + CELL_SIZE * at as f64;
    let center = |x: f64, y: f64, text: &str| text_label(x + cell_width / 2.0, y, "middle", text);
    let mut content = upward((TOP + bottom) / 2.0, row_name);
    content += &text_label((left + right) / 2.0, TOP - 32.0, "middle", column_name);
    for (at, name) in column_labels.iter().enumerate() {
        content += &center(column(at), TOP - 10.0, name);
    }
    for (at, name) in row_labels.iter().enumerate() {
        content += &text_label(left - 8.0, row(at) + CELL_SIZE / 2.0 + 5.0, "end", name);
    }
    for (at, value) in values.iter().enumerate() {
        let (x, y) = (column(at % width), row(at / width));
        content += &cell(x, y, cell_width, (value / largest).clamp(0.0, 1.0));
        content += &center(x, y + CELL_SIZE / 2.0 + 5.0, &format!("{value:.decimals$}"));
    }
    let description = format!(
        "Heat map with its values in the cells. Rows, {row_name}: {}. Columns, {column_name}: {}.",
        row_labels.join(", "),
        column_labels.join(", ")
    );
    let width = f64::max(right, 20.0 + widest([title], 16.0)) + 20.0;
    document(width, bottom + 20.0, title, &description, &content)
}

/// A cell whose color covers this share of the background.
fn cell(x: f64, y: f64, width: f64, share: f32) -> String {
    let (color, border) = (hex(CELL.light), hex(GRID.light));
    format!(
        "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{CELL_SIZE}\" fill=\"{color}\" \
         fill-opacity=\"{share:.3}\" stroke=\"{border}\"/>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_value_has_the_strongest_color() {
        let (rows, columns) = (["a".to_string()], ["1".to_string(), "2".to_string()]);
        let svg = heatmap("weights", ("Query", &rows), ("Key", &columns), &[0.25, 0.75]);
        assert!(svg.contains("fill-opacity=\"0.333\"") && svg.contains("fill-opacity=\"1.000\""), "{svg}");
    }

    #[test]
    fn a_heatmap_of_counts_has_no_decimals() {
        let labels = ["a".to_string(), "b".to_string()];
        let map = |values: &[f32]| heatmap("matrix", ("Row", &labels), ("Column", &labels), values);
        let svg = map(&[35.0, 3.0, 0.0, 42.0]);
        assert!(svg.contains(">35</text>") && svg.contains(">0</text>") && !svg.contains("35.00"));
        assert!(map(&[1.0, 0.0, 0.5, 0.5]).contains(">1.00</text>"));
    }
}
