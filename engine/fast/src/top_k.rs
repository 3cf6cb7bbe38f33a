//! Top-k on the CPU: the smallest logit that is kept is selected, without sorting all of them.

use std::cmp::Ordering;

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

/// The ids of the `k` largest logits, or of all if there are fewer, by falling logit; of equal ones the smaller id comes first.
pub fn most_likely(logits: &[f32], k: usize) -> Vec<u32> {
    let order = |a: &u32, b: &u32| -> Ordering { logits[*b as usize].total_cmp(&logits[*a as usize]).then(a.cmp(b)) };
    let mut ids: Vec<u32> = (0..logits.len() as u32).collect();
    if (1..ids.len()).contains(&k) {
        ids.select_nth_unstable_by(k - 1, order);
    }
    ids.truncate(k);
    ids.sort_unstable_by(order);
    ids
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_likely_in_order() {
        let logits = [0.5, 2.0, -1.0, 2.0, f32::NEG_INFINITY, 0.5];
        let sorted = [1, 3, 0, 5, 2, 4];
        for k in 0..=7 {
            assert_eq!(most_likely(&logits, k), sorted[..k.min(6)], "{k}");
        }
    }

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
