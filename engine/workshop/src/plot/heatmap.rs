//! Heat maps.

use super::text::{escape, text_width};

/// A matrix as colored cells with the values written in them, for example attention weights or counts: light is 0, dark
/// the largest value.
///
/// `values` is row-major, `row_labels.len()` rows of `col_labels.len()` values each.
///
/// # Panics
/// If the number of values does not fit the labels.
pub fn heatmap(title: &str, row_labels: &[String], col_labels: &[String], values: &[f32]) -> String {
    const CELL_HEIGHT: f64 = 64.0;
    let (rows, cols) = (row_labels.len(), col_labels.len());
    assert_eq!(values.len(), rows * cols, "{rows} x {cols} labels, but {} values", values.len());
    let longest = |labels: &[String]| labels.iter().map(|label| text_width(label, 14.0)).fold(0.0, f64::max);
    let cell_width = f64::max(CELL_HEIGHT, longest(col_labels) + 8.0).ceil();
    let (left, top) = ((28.0 + longest(row_labels)).ceil(), 76.0);
    let width = f64::max(left + cell_width * cols as f64, 20.0 + text_width(title, 18.0)) + 20.0;
    let height = top + CELL_HEIGHT * rows as f64 + 20.0;
    let largest = values.iter().copied().fold(f32::MIN_POSITIVE, f32::max);
    let are_counts = largest > 1.0 && values.iter().all(|value| value.fract() == 0.0);
    let decimals = if are_counts { 0 } else { 2 };

    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" \
         font-family=\"sans-serif\" font-size=\"14\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n\
         <text x=\"20\" y=\"28\" font-size=\"18\">{}</text>\n",
        escape(title)
    );
    for (col, label) in col_labels.iter().enumerate() {
        let x = left + cell_width * (col as f64 + 0.5);
        svg += &format!("<text x=\"{x:.1}\" y=\"{}\" text-anchor=\"middle\">{}</text>\n", top - 10.0, escape(label));
    }
    for (row, label) in row_labels.iter().enumerate() {
        let y = top + row as f64 * CELL_HEIGHT;
        let middle = y + CELL_HEIGHT / 2.0 + 5.0;
        svg += &format!("<text x=\"{:.1}\" y=\"{middle}\" text-anchor=\"end\">{}</text>\n", left - 8.0, escape(label));
        for col in 0..cols {
            let value = values[row * cols + col];
            let share = (value / largest).clamp(0.0, 1.0);
            let x = left + col as f64 * cell_width;
            let mix = |light: f32, dark: f32| (light + (dark - light) * share) as u8;
            let (r, g, b) = (mix(247.0, 8.0), mix(251.0, 69.0), mix(255.0, 148.0));
            // Where black and white stand out from the cell equally well.
            let ink = if share > 0.7 { "white" } else { "black" };
            svg += &format!(
                "<rect x=\"{x:.1}\" y=\"{y}\" width=\"{cell_width:.1}\" height=\"{CELL_HEIGHT}\" \
                 fill=\"rgb({r},{g},{b})\"/>\n\
                 <text x=\"{:.1}\" y=\"{middle}\" text-anchor=\"middle\" fill=\"{ink}\">{value:.decimals$}</text>\n",
                x + cell_width / 2.0
            );
        }
    }
    svg + "</svg>\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_heatmap_escapes_its_labels() {
        let svg = heatmap("a < b", &["<|x|>".into()], &["1".into(), "2".into()], &[0.25, 0.75]);
        assert!(svg.contains("&lt;|x|&gt;") && svg.contains("0.75") && !svg.contains("<|x|>"));
    }

    #[test]
    fn a_heatmap_of_counts_has_no_decimals() {
        let labels = ["a".to_string(), "b".to_string()];
        let svg = heatmap("counts", &labels, &labels, &[35.0, 3.0, 0.0, 42.0]);
        assert!(svg.contains(">35</text>") && svg.contains(">0</text>") && !svg.contains("35.00"));
        assert!(heatmap("weights", &labels, &labels, &[1.0, 0.0, 0.5, 0.5]).contains(">1.00</text>"));
    }
}
