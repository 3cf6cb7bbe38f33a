//! What the test files share.

#![allow(dead_code, reason = "not every file compares within a tolerance")]

use burn::tensor::Tensor;

/// All values of a tensor, row-major.
pub fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_into_vec_as().expect("floats")
}

/// Each value may differ by `tolerance`. Equal infinities are equal.
#[track_caller]
pub fn assert_close(found: &[f32], expected: &[f32], tolerance: f32) {
    assert_eq!(found.len(), expected.len(), "number of values");
    for (i, (f, e)) in found.iter().zip(expected).enumerate() {
        assert!(f == e || (f - e).abs() <= tolerance, "value {i} is {f}, expected {e} ± {tolerance}");
    }
}
