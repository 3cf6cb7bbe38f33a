//! Results that threads compute part by part.
//!
//! `vec![0.0; n]` writes every zero to memory, on one thread, before the numbers are written over them. Here each thread sets
//! its part to 0 when it comes to it, and the zeros never leave the cache.

#![allow(unsafe_code, reason = "no safe function takes a vector's length from the threads that have filled it")]

use std::mem::MaybeUninit;
use std::ptr::from_mut;

use rayon::prelude::*;

/// `n` numbers in parts of `part` numbers each; the last may be shorter. `compute` gets the index of a part and its zeros.
pub fn in_parts(n: usize, part: usize, compute: impl Fn(usize, &mut [f32]) + Sync) -> Vec<f32> {
    let mut none = vec![(); n.div_ceil(part)];
    in_parts_with(n, part, (&mut none, 1), |i, numbers, _| compute(i, numbers))
}

/// The same, where each part also has some elements of a slice, `per_part` of them.
///
/// # Panics
/// If the slice has another number of parts.
pub fn in_parts_with<T: Send>(
    n: usize,
    part: usize,
    (others, per_part): (&mut [T], usize),
    compute: impl Fn(usize, &mut [f32], &mut [T]) + Sync,
) -> Vec<f32> {
    assert_eq!(n.div_ceil(part), others.len().div_ceil(per_part), "parts of two results");
    let mut numbers: Vec<f32> = Vec::with_capacity(n);
    let parts = numbers.spare_capacity_mut()[..n].par_chunks_mut(part).zip(others.par_chunks_mut(per_part));
    parts.enumerate().for_each(|(i, (numbers, others))| compute(i, zeroed(numbers), others));
    // SAFETY: there is room for `n` numbers. There are as many parts of both kinds, so that each part of the numbers was set.
    unsafe { numbers.set_len(n) };
    numbers
}

fn zeroed(numbers: &mut [MaybeUninit<f32>]) -> &mut [f32] {
    numbers.fill(MaybeUninit::new(0.0));
    // SAFETY: all numbers were just set, and both types have the same layout.
    unsafe { &mut *(from_mut(numbers) as *mut [f32]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_is_computed_once_from_zeros() {
        for (n, part) in [(0, 3), (1, 3), (7, 3), (9, 3), (100_000, 7)] {
            let found = in_parts(n, part, |i, numbers| {
                for (j, x) in numbers.iter_mut().enumerate() {
                    *x += (i * part + j) as f32;
                }
            });
            assert!(found.into_iter().eq((0..n).map(|i| i as f32)), "{n} in parts of {part}");
        }
    }

    #[test]
    fn two_results() {
        let mut sums = vec![0.0; 4];
        let numbers = in_parts_with(7, 2, (&mut sums, 1), |i, numbers, sum| {
            numbers.fill(i as f32);
            sum[0] = numbers.iter().sum();
        });
        assert_eq!((numbers, sums), (vec![0.0, 0.0, 1.0, 1.0, 2.0, 2.0, 3.0], vec![0.0, 2.0, 4.0, 3.0]));
    }

    #[test]
    #[should_panic(expected = "parts of two results")]
    fn a_result_with_fewer_parts_is_refused() {
        in_parts_with(7, 2, (&mut [0.0; 3], 1), |_, _, _| ());
    }
}
