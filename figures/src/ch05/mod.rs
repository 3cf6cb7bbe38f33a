//! The figures of chapter 5.

use crate::Figure;

mod adamw;
pub(crate) mod curves;
mod gpt2;
mod loss;
mod overview;
mod ring;
mod runs;
mod sampling;
mod saving;
mod split;

/// All of them, in the order of the pages.
pub fn figures() -> Vec<Figure> {
    vec![
        overview::road_map(),
        loss::six_probabilities(),
        loss::one_prediction(),
        split::two_parts(),
        ring::training_loop(),
        adamw::three_weights(),
        runs::the_book(),
        runs::overfitting(),
        sampling::temperatures(),
        sampling::top_k(),
        saving::what_a_file_holds(),
        gpt2::where_tensors_go(),
    ]
}

/// The numbers that a line of an output has after each of these words.
fn numbers_after<const N: usize>(line: &str, words: [&str; N]) -> [f64; N] {
    words.map(|word| {
        let rest = line.split_once(word).map_or("", |(_, rest)| rest).trim_start();
        let end = rest.find(|c: char| !matches!(c, '0'..='9' | '.' | '-' | 'e')).unwrap_or(rest.len());
        rest[..end].parse().expect("the output has a number there")
    })
}
