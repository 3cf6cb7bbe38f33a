//! Recorded numbers: series in `data/` with what long runs have printed, and outputs of examples.

/// The columns of each line of a series; lines that begin with `#` say where the numbers come from.
pub(crate) fn rows(text: &'static str) -> Vec<Vec<&'static str>> {
    text.lines().filter(|line| !line.starts_with('#')).map(|line| line.split('\t').collect()).collect()
}

/// The number in a column.
pub(crate) fn value(row: &[&str], column: usize) -> f64 {
    row.get(column).and_then(|text| text.parse().ok()).expect("a recorded series has a number in every column")
}

/// The lines of an example's recorded output in `book/outputs/`, without the mark of those that differ between machines.
pub(crate) fn output(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.lines().map(|line| line.strip_prefix("%~ ").unwrap_or(line))
}
