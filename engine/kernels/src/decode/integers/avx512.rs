//! Products with AVX512-VNNI: an instruction multiplies 64 pairs of 8-bit integers, of which the first are not negative, and
//! adds four products each to a sum in 32 bits.

#![cfg(target_arch = "x86_64")]

use std::arch::x86_64::*;

use super::GROUP;
use super::int4::Int4Block;
use super::int8::Int8Block;
use super::kernel::{Block, Kernel, sums};
use super::vectors::VectorBlock;
use crate::decode::compressed::PANEL;

/// Columns of a vector register of 32-bit numbers.
const COLUMNS: usize = PANEL / 2;

struct Avx512Vnni;

/// Whether the processor has the instructions.
pub fn is_supported() -> bool {
    is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512vnni")
}

/// [`sums`].
///
/// # Safety
/// The processor must have the instructions.
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
pub unsafe fn avx512_vnni<B: Block, const N: usize, const T: usize>(
    panels: [&[B]; N],
    x: [&[VectorBlock]; T],
    out: &mut [[[f32; PANEL]; T]; N],
) {
    // SAFETY: the caller's promise.
    unsafe { sums::<Avx512Vnni, B, N, T>(panels, x, out) }
}

#[inline(always)]
unsafe fn load<V>(values: &[V; COLUMNS]) -> __m512i {
    const { assert!(size_of::<V>() == GROUP) };
    // SAFETY: 64 bytes, in which every bit pattern is a valid value.
    unsafe { _mm512_loadu_si512(values.as_ptr().cast()) }
}

#[inline(always)]
unsafe fn load_half(values: &[u16; COLUMNS]) -> __m512 {
    // SAFETY: 32 bytes.
    unsafe { _mm512_cvtph_ps(_mm256_loadu_si256(values.as_ptr().cast())) }
}

impl Kernel for Avx512Vnni {
    type Sums = [__m512; 2];

    const AHEAD: usize = 3;

    const PAIRS: bool = false;

    #[inline(always)]
    unsafe fn zeros() -> Self::Sums {
        unsafe { [_mm512_setzero_ps(); 2] }
    }

    #[inline(always)]
    unsafe fn numbers(sums: Self::Sums) -> [f32; PANEL] {
        // SAFETY: of the same size, and every bit pattern is a valid value.
        unsafe { std::mem::transmute::<[__m512; 2], [f32; PANEL]>(sums) }
    }

    #[inline(always)]
    unsafe fn add_int8<const T: usize>(block: &Int8Block, x: [&VectorBlock; T], sums: &mut [Self::Sums; T]) {
        unsafe {
            // The weights plus 128 are not negative; the products begin with what is too much.
            let sign = _mm512_set1_epi8(-128);
            let mut integers = [[_mm512_setzero_si512(); 2]; T];
            integers.iter_mut().zip(x).for_each(|(integers, x)| *integers = [_mm512_set1_epi32(x.offset); 2]);
            for (group, values) in block.values.iter().enumerate() {
                let (halves, _) = values.as_chunks::<COLUMNS>();
                let weights = [_mm512_xor_si512(load(&halves[0]), sign), _mm512_xor_si512(load(&halves[1]), sign)];
                for (integers, x) in integers.iter_mut().zip(x) {
                    let x = _mm512_set1_epi32(x.group(group));
                    integers[0] = _mm512_dpbusd_epi32(integers[0], weights[0], x);
                    integers[1] = _mm512_dpbusd_epi32(integers[1], weights[1], x);
                }
            }
            for ((integers, x), sums) in integers.into_iter().zip(x).zip(sums) {
                let scale = _mm512_set1_ps(x.scale);
                for (integers, sum) in integers.into_iter().zip(sums) {
                    *sum = _mm512_add_ps(*sum, _mm512_mul_ps(_mm512_cvtepi32_ps(integers), scale));
                }
            }
        }
    }

    #[inline(always)]
    unsafe fn add_int4<const T: usize>(block: &Int4Block, x: [&VectorBlock; T], sums: &mut [Self::Sums; T]) {
        unsafe {
            let low = _mm512_set1_epi8(15);
            let mut integers = [[_mm512_setzero_si512(); 2]; T];
            for (pair, values) in block.values.iter().enumerate() {
                for (half, both) in values.as_chunks::<COLUMNS>().0.iter().enumerate() {
                    let both = load(both);
                    let first = _mm512_and_si512(both, low);
                    let second = _mm512_and_si512(_mm512_srli_epi16::<4>(both), low);
                    for (integers, x) in integers.iter_mut().zip(x) {
                        let sum = &mut integers[half];
                        *sum = _mm512_dpbusd_epi32(*sum, first, _mm512_set1_epi32(x.group(2 * pair)));
                        *sum = _mm512_dpbusd_epi32(*sum, second, _mm512_set1_epi32(x.group(2 * pair + 1)));
                    }
                }
            }
            let grids = block.scales.as_chunks::<COLUMNS>().0.iter().zip(block.minima.as_chunks::<COLUMNS>().0);
            for (half, (scales, minima)) in grids.enumerate() {
                let (scales, minima) = (load_half(scales), load_half(minima));
                for ((integers, x), sums) in integers.iter().zip(x).zip(&mut *sums) {
                    let scale = _mm512_mul_ps(scales, _mm512_set1_ps(x.scale));
                    let product = _mm512_mul_ps(_mm512_cvtepi32_ps(integers[half]), scale);
                    let sum = _mm512_add_ps(sums[half], product);
                    sums[half] = _mm512_add_ps(sum, _mm512_mul_ps(minima, _mm512_set1_ps(x.sum)));
                }
            }
        }
    }
}
