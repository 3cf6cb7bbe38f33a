//! Numbers within a tolerance.

use std::fmt::Display;
use std::ops::Sub;

use burn::tensor::Tensor;

/// A floating-point number.
pub trait Number: Copy + PartialOrd + Display + Sub<Output = Self> {
    /// Its size without the sign.
    fn abs(self) -> Self;
}

impl Number for f32 {
    fn abs(self) -> Self {
        self.abs()
    }
}

impl Number for f64 {
    fn abs(self) -> Self {
        self.abs()
    }
}

/// All values of a tensor, row by row.
pub fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().iter().collect()
}

/// Each number differs by at most `tolerance` (absolute). Equal infinities are equal.
///
/// # Panics
/// If one differs by more, or their numbers differ; the message names the position.
#[track_caller]
pub fn assert_close<N: Number>(found: &[N], expected: &[N], tolerance: N) {
    assert_eq!(found.len(), expected.len(), "number of values");
    for (i, (&f, &e)) in found.iter().zip(expected).enumerate() {
        assert!(is_close(f, e, tolerance), "value {i} is {f}, expected {e} ± {tolerance}");
    }
}

/// [`assert_close`] for one number.
///
/// # Panics
/// If it differs by more.
#[track_caller]
pub fn assert_near<N: Number>(found: N, expected: N, tolerance: N) {
    assert!(is_close(found, expected, tolerance), "{found} is not {expected} ± {tolerance}");
}

fn is_close<N: Number>(found: N, expected: N, tolerance: N) -> bool {
    found == expected || (found - expected).abs() <= tolerance
}

/// The number differs by at most this share of what is expected.
///
/// # Panics
/// If it differs by more; `what` begins the message.
#[track_caller]
pub fn assert_relatively_close(found: f64, expected: f64, tolerance: f64, what: &str) {
    let difference = (found - expected).abs();
    let relative = difference / expected.abs();
    assert!(
        difference <= tolerance * expected.abs(),
        "{what}: {found}, expected {expected} (relative difference {relative:.1e})"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tolerance_is_absolute() {
        assert_close(&[1000.0, f32::NEG_INFINITY], &[1000.5, f32::NEG_INFINITY], 0.5);
        assert_near(-1.0, -1.25, 0.25);
        assert_relatively_close(1000.0, 1001.0, 1e-3, "a thousand");
    }

    #[test]
    #[should_panic(expected = "value 1 is 2, expected 2.5 ± 0.25")]
    fn the_message_names_the_position() {
        assert_close(&[1.0, 2.0], &[1.0, 2.5], 0.25);
    }

    #[test]
    #[should_panic(expected = "number of values")]
    fn a_missing_value_is_a_failure() {
        assert_close(&[1.0], &[1.0, 2.0], 1.0);
    }

    #[test]
    #[should_panic(expected = "value 0 is NaN")]
    fn not_a_number_is_close_to_nothing() {
        assert_close(&[f64::NAN], &[f64::NAN], 1.0);
    }

    #[test]
    #[should_panic(expected = "loss: 2, expected 1 (relative difference 1.0e0)")]
    fn twice_as_much_is_not_relatively_close() {
        assert_relatively_close(2.0, 1.0, 0.5, "loss");
    }
}
