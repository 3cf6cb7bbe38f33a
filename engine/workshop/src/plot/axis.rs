//! The axes of a picture.

use std::ops::Range;

use crate::numbers::group_digits;

/// The label of a tick: as many decimals as this range needs, and commas between thousands.
pub fn tick(value: f64, range: &Range<f64>) -> String {
    let step = (range.end - range.start).abs() / 10.0;
    let decimals = (-step.log10()).ceil().clamp(0.0, 12.0) as usize;
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

/// 1, 2 or 5 times a power of ten, so that five or fewer of them reach `largest`.
pub fn round_step(largest: f64) -> f64 {
    let power = 10f64.powf((largest / 5.0).log10().floor());
    let fits = |factor: &f64| 5.0 * factor * power >= largest * (1.0 - 1e-9);
    [1.0, 2.0, 5.0].into_iter().find(fits).unwrap_or(10.0) * power
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_have_the_decimals_that_they_need() {
        for (value, end, expected) in [
            (12000.0, 17000.0, "12,000"),
            (-1234567.0, 2e6, "-1,234,567"),
            (0.30000000000000004, 4.0, "0.3"),
            (-1e-17, 3.0, "0.0"),
            (-0.5, 3.0, "-0.5"),
            (0.025, 0.1, "0.03"),
            (7.0, 10.0, "7"),
        ] {
            assert_eq!(tick(value, &(0.0..end)), expected);
        }
    }

    #[test]
    fn the_steps_of_an_axis_are_round() {
        for (largest, expected) in [(0.99, 0.2), (0.5, 0.1), (1000.0, 200.0), (1001.0, 500.0), (3.0, 1.0), (0.26, 0.1)]
        {
            let found = round_step(largest);
            assert!((found / expected - 1.0_f64).abs() < 1e-9, "{largest}: {found}, not {expected}");
        }
    }
}
