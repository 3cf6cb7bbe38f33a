//! Pictures in a notebook: heat maps, curves and bars. On a terminal their titles take their place.

use anyhow::{Context, Result, ensure};
use burn::tensor::Tensor;
use workshop::plot::{Line, LineChart, grouped_bars};

use crate::cells::shows_pictures;

/// Shows a picture, the text of an SVG file. A cell shows one, below what it prints.
pub fn show(svg: &str) {
    println!("{}", if shows_pictures() { for_kernel(svg) } else { for_terminal(svg) });
}

/// A picture between the lines by which Jupyter's kernel knows it.
fn for_kernel(svg: &str) -> String {
    format!("EVCXR_BEGIN_CONTENT image/svg+xml\n{}\nEVCXR_END_CONTENT", svg.trim())
}

/// The title of a picture.
fn for_terminal(svg: &str) -> String {
    let title = svg.split_once("<title>").and_then(|(_, rest)| rest.split_once("</title>"));
    format!("[picture: {}]", title.map_or("SVG", |(title, _)| title))
}

/// Shows a matrix as squares, the stronger coloured the larger the value. Rows and columns are what they stand for and their
/// labels: `("Query", &TOKENS)`.
///
/// # Shapes
/// - `values`: `[rows, columns]`.
///
/// # Errors
/// If there are not as many labels as rows and columns.
pub fn heatmap<R: ToString, C: ToString>(
    title: &str,
    (row_name, rows): (&str, &[R]),
    (column_name, columns): (&str, &[C]),
    values: Tensor<2>,
) -> Result<()> {
    let [height, width] = values.dims();
    ensure!(
        rows.len() == height && columns.len() == width,
        "a matrix of {height} × {width} wants as many labels, not {} × {}",
        rows.len(),
        columns.len()
    );
    let rows: Vec<String> = rows.iter().map(R::to_string).collect();
    let columns: Vec<String> = columns.iter().map(C::to_string).collect();
    let values: Vec<f32> = values.into_data().try_into_vec_as().context("the matrix cannot be read")?;
    show(&workshop::plot::heatmap(title, (row_name, &rows), (column_name, &columns), &values));
    Ok(())
}

/// Shows curves, each of a name and its points.
///
/// # Errors
/// If no point can be drawn.
pub fn curves(title: &str, x_label: &str, y_label: &str, lines: &[(&str, Vec<(f64, f64)>)]) -> Result<()> {
    let lines = lines.iter().map(|(name, points)| Line { name, points: points.clone() }).collect();
    show(&LineChart { title, x_label, x_counts: false, y_label, top_axis: None, lines }.svg()?);
    Ok(())
}

/// Shows groups of bars, one group for each label and in it one bar for each series.
pub fn bars(title: &str, y_label: &str, labels: &[&str], series: &[(&str, Vec<f64>)]) {
    show(&grouped_bars(title, y_label, labels, series));
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;

    #[test]
    fn a_picture_goes_to_jupyter_whole_and_to_a_terminal_as_its_title() {
        let svg = "<svg><title>Weights</title></svg>\n";
        let whole = "EVCXR_BEGIN_CONTENT image/svg+xml\n<svg><title>Weights</title></svg>\nEVCXR_END_CONTENT";
        assert_eq!(for_kernel(svg), whole);
        assert_eq!(for_terminal(svg), "[picture: Weights]");
        assert_eq!(for_terminal("<svg/>"), "[picture: SVG]");
    }

    #[test]
    fn a_heat_map_wants_as_many_labels_as_rows_and_columns() {
        let values = || Tensor::<2>::ones([2, 3], &Device::flex());
        assert!(heatmap("a", ("row", &["a", "b"]), ("column", &[1, 2, 3]), values()).is_ok());
        let error = heatmap("a", ("row", &["a"]), ("column", &[1, 2, 3]), values()).unwrap_err().to_string();
        assert_eq!(error, "a matrix of 2 × 3 wants as many labels, not 1 × 3");
    }
}
