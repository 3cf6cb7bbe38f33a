//! Top-k on the CPU: the smallest logit that is kept is selected, without sorting all of them.

use burn::tensor::{Device, Tensor, TensorData};
use ch05_pretrain::generate;

/// As [`ch05_pretrain::generate::top_k_filter`].
///
/// # Shapes
/// - `logits`: `[batch, vocab_size]`; the result has the same.
///
/// # Panics
/// If `k` is 0 or greater than `vocab_size`.
pub fn top_k_filter(logits: Tensor<2>, k: usize) -> Tensor<2> {
    let device = logits.device();
    if device != Device::flex() {
        return generate::top_k_filter(logits, k);
    }
    let (shape, data) = (logits.dims(), logits.into_data());
    let mut values = data.as_slice::<f32>().map_or_else(|_| data.iter::<f32>().collect(), <[f32]>::to_vec);
    for row in values.chunks_mut(shape[1]) {
        let mut ordered = row.to_vec();
        let (_, &mut smallest_kept, _) = ordered.select_nth_unstable_by(k - 1, |a, b| b.total_cmp(a));
        row.iter_mut().filter(|logit| **logit < smallest_kept).for_each(|logit| *logit = f32::NEG_INFINITY);
    }
    Tensor::from_data(TensorData::new(values, shape), &device)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lesson_keeps_the_same_logits() {
        let rows = [[2.0, -1.0, 0.5, 2.0, -3.0, 0.5], [0.0, -0.0, 0.0, 1.0, f32::NEG_INFINITY, -2.0]];
        for k in 1..=6 {
            let logits = Tensor::<2>::from_floats(rows, &Device::flex());
            let [found, expected] = [top_k_filter, generate::top_k_filter].map(|filter| filter(logits.clone(), k));
            assert_eq!(found.into_data(), expected.into_data(), "{k}");
        }
    }
}
