//! The axes of a picture.

use std::ops::Range;

use plotters::coord::ranged1d::Ranged;
use plotters::coord::types::RangedCoordf64;

use super::text::text_width;
use crate::numbers::group_digits;

/// The most ticks of an axis.
const MOST_TICKS: usize = 11;

/// Space between two labels beside each other, in pixels.
const LABEL_GAP: f64 = 12.0;

/// The ticks of an axis of a [`LineChart`](super::LineChart).
pub struct Ticks {
    /// The largest number of ticks to give plotters, which then puts them here.
    pub most: usize,
    labels: Vec<String>,
    /// Number of decimals of all labels.
    pub decimals: usize,
}

impl Ticks {
    /// As many ticks as their labels beside each other have space for, or fewer if all of them must be `whole` numbers.
    pub fn new(range: &Range<f64>, whole: bool, font_size: f64, space: f64) -> Self {
        let fits = |ticks: &Self| {
            let width: f64 = ticks.labels.iter().map(|label| text_width(label, font_size) + LABEL_GAP).sum();
            width <= space && (ticks.decimals == 0 || !whole)
        };
        let ticks = |most| Self::at_most(most, range);
        (2..=MOST_TICKS).rev().map(ticks).find(fits).unwrap_or_else(|| ticks(1))
    }

    fn at_most(most: usize, range: &Range<f64>) -> Self {
        let values = RangedCoordf64::from(range.clone()).key_points(most);
        let decimals = decimals(&values);
        Self { most, labels: values.iter().map(|value| label(*value, decimals)).collect(), decimals }
    }

    pub fn labels(&self) -> impl Iterator<Item = &str> {
        self.labels.iter().map(String::as_str)
    }
}

/// The least number of decimals that shows each of these ticks exactly; 0 if all of them are whole numbers.
pub fn decimals(ticks: &[f64]) -> usize {
    let steps = ticks.windows(2).map(|pair| (pair[1] - pair[0]).abs());
    let step = steps.reduce(f64::min).or(ticks.first().map(|tick| tick.abs())).unwrap_or(1.0);
    let exact = |decimals: &usize| {
        let power = 10f64.powi(*decimals as i32);
        ticks.iter().all(|tick| ((tick * power).round() / power - tick).abs() <= 1e-6 * step)
    };
    (0..12).find(exact).unwrap_or(12)
}

/// A number with this many decimals, and commas between thousands.
pub fn label(value: f64, decimals: usize) -> String {
    let text = format!("{:.decimals$}", value.abs());
    let (whole, fraction) = text.split_at(text.find('.').unwrap_or(text.len()));
    let whole = group_digits(whole);
    let is_zero = text.chars().all(|c| matches!(c, '0' | '.'));
    let sign = if value < 0.0 && !is_zero { "-" } else { "" };
    format!("{sign}{whole}{fraction}")
}

/// Smallest and largest value, with some room where they are equal.
pub fn range(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), x| (l.min(x), h.max(x)));
    match low.partial_cmp(&high)? {
        std::cmp::Ordering::Less => Some((low, high)),
        std::cmp::Ordering::Equal => Some((low - 0.5, high + 0.5)),
        std::cmp::Ordering::Greater => None,
    }
}

/// Ticks from 0 to `largest` or a little above, six at most: multiples of 1, 2 or 5 times a power of ten.
pub fn ticks_from_zero(largest: f64) -> Vec<f64> {
    let power = 10f64.powf((largest / 5.0).log10().floor());
    let fits = |factor: &f64| 5.0 * factor * power >= largest * (1.0 - 1e-9);
    let step = [1.0, 2.0, 5.0].into_iter().find(fits).unwrap_or(10.0) * power;
    let steps = (largest / step - 1e-9).ceil() as u32;
    (0..=steps).map(|i| step * f64::from(i)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_ticks_of_an_axis_have_the_decimals_that_one_needs() {
        let cases: [(&[f64], &[&str]); 10] = [
            (&[0.0, 1.0, 2.0, 3.0], &["0", "1", "2", "3"]),
            (&[0.0, 0.5, 1.0], &["0.0", "0.5", "1.0"]),
            (&[0.0, 0.25, 0.5], &["0.00", "0.25", "0.50"]),
            (&[0.1 + 0.2, 0.4, 0.5], &["0.3", "0.4", "0.5"]),
            (&[-1e-17, 0.1, 0.2], &["0.0", "0.1", "0.2"]),
            (&[-0.5, 0.0, 0.5], &["-0.5", "0.0", "0.5"]),
            (&[0.0, 2e-5, 4e-5], &["0.00000", "0.00002", "0.00004"]),
            (&[0.0, 6000.0, 12000.0], &["0", "6,000", "12,000"]),
            (&[-1234567.0, 0.0], &["-1,234,567", "0"]),
            (&[7.0], &["7"]),
        ];
        for (ticks, expected) in cases {
            let decimals = decimals(ticks);
            assert_eq!(ticks.iter().map(|tick| label(*tick, decimals)).collect::<Vec<_>>(), expected);
        }
    }

    /// Epochs, steps and tokens come in whole numbers; other values are divided as finely as there is space for.
    #[test]
    fn what_is_counted_has_whole_ticks() {
        let labels = |range: Range<f64>, whole, space| Ticks::new(&range, whole, 10.0, space).labels.join(" ");
        assert_eq!(labels(0.0..1.0, true, 600.0), "0 1");
        assert_eq!(labels(0.0..3.0, true, 600.0), "0 1 2 3");
        assert_eq!(labels(0.0..3.0, false, 600.0), "0.0 0.5 1.0 1.5 2.0 2.5 3.0");
        assert_eq!(labels(0.0..10.0, true, 600.0), "0 1 2 3 4 5 6 7 8 9 10");
        // 11 labels need 12 + 6 pixels each, one of them 6 more.
        assert_eq!(labels(0.0..10.0, true, 204.0), "0 1 2 3 4 5 6 7 8 9 10");
        assert_eq!(labels(0.0..10.0, true, 203.0), "0 2 4 6 8 10");
        assert_eq!(labels(0.0..5120.0, true, 600.0), "0 500 1,000 1,500 2,000 2,500 3,000 3,500 4,000 4,500 5,000");
        assert_eq!(labels(0.0..0.0, true, 600.0), "0");
    }

    #[test]
    fn ticks_from_zero_are_round() {
        let cases: [(f64, &[f64]); 5] = [
            (0.99, &[0.0, 0.2, 0.4, 0.6, 0.8, 1.0]),
            (0.5, &[0.0, 0.1, 0.2, 0.3, 0.4, 0.5]),
            (1001.0, &[0.0, 500.0, 1000.0, 1500.0]),
            (3.0, &[0.0, 1.0, 2.0, 3.0]),
            (0.26, &[0.0, 0.1, 0.2, 0.3]),
        ];
        for (largest, expected) in cases {
            let found = ticks_from_zero(largest);
            let same = |(a, b): (&f64, &f64)| (a - b).abs() < 1e-9 * largest;
            assert!(found.len() == expected.len() && found.iter().zip(expected).all(same), "{largest}: {found:?}");
        }
    }
}
