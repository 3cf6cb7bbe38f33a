//! The figures of the chapter on speed, and those of the bonus pages of chapter 5.

use crate::Figure;

mod ladder;
mod step;
mod valley;
mod weight_file;

/// All of them: the bonus pages of chapter 5, then the pages on speed.
pub fn figures() -> Vec<Figure> {
    vec![valley::two_ways(), weight_file::two_tensors(), ladder::rungs(), step::before_and_after()]
}

/// How fast the program is, in both languages.
const BENCH: &str = include_str!("../../../bench/README.md");
const BENCH_ZH: &str = include_str!("../../../bench/README.zh-CN.md");

/// The rows of the first table under a heading whose own head begins with these words.
fn table(text: &'static str, heading: &str, head: &str) -> Vec<Vec<&'static str>> {
    let begins = |line: &&str, words: &str| line.trim_start_matches(['#', '|', ' ']).starts_with(words);
    let mut lines = text.lines().skip_while(|line| !(line.starts_with('#') && begins(line, heading)));
    let mut lines = lines.by_ref().skip_while(|line| !(line.starts_with('|') && begins(line, head))).skip(2);
    let rows: Vec<Vec<_>> = lines
        .by_ref()
        .take_while(|line| line.starts_with('|'))
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .collect();
    assert!(!rows.is_empty(), "there is no table '{head}' under '{heading}'");
    rows
}

/// The number in a cell.
fn number(cell: &str) -> f64 {
    cell.parse().expect("the table has a number there")
}
