//! Recorded series in `data/`: what a long run has printed, one line for each measurement.

/// The columns of each line; lines that begin with `#` say where the numbers come from.
pub(crate) fn rows(text: &'static str) -> Vec<Vec<&'static str>> {
    text.lines().filter(|line| !line.starts_with('#')).map(|line| line.split('\t').collect()).collect()
}

/// The number in a column.
pub(crate) fn value(row: &[&str], column: usize) -> f64 {
    row.get(column).and_then(|text| text.parse().ok()).expect("a recorded series has a number in every column")
}
