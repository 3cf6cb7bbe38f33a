//! Products with AVX2, and with AVX-VNNI where the processor has it: 32 pairs of 8-bit integers at once, of which the first
//! are not negative.
//!
//! AVX2 adds two products each in 16 bits, where they must have room. 4-bit weights are so small that the sum of a whole block
//! does (15 · 128 · 16 < 2¹⁵). Of 8-bit ones only two products do, and only if none is as large as 255 · 127: so the sign of
//! the weights moves to the vector.

#![cfg(target_arch = "x86_64")]

use std::arch::x86_64::*;
use std::array::from_mut;
use std::ptr::from_ref;

use super::GROUPS;
use super::int4::Int4Block;
use super::int8::Int8Block;
use super::kernel::{Block, Kernel, sums};
use super::vectors::VectorBlock;
use crate::decode::compressed::PANEL;

/// Registers for the columns of a panel.
const REGISTERS: usize = 4;

/// AVX2; `VNNI`: with AVX-VNNI.
struct Avx2<const VNNI: bool>;

/// Whether the processor has AVX2 and what came with it.
pub fn is_supported() -> bool {
    is_x86_feature_detected!("avx2") && is_x86_feature_detected!("f16c")
}

/// Whether the processor has AVX-VNNI too.
pub fn is_vnni_supported() -> bool {
    is_supported() && is_x86_feature_detected!("avxvnni")
}

/// [`sums`].
///
/// # Safety
/// The processor must have the instructions.
#[target_feature(enable = "avx2,f16c")]
pub unsafe fn avx2<B: Block, const N: usize, const T: usize>(
    panels: [&[B]; N],
    x: [&[VectorBlock]; T],
    out: &mut [[[f32; PANEL]; T]; N],
) {
    // SAFETY: the caller's promise.
    unsafe { sums::<Avx2<false>, B, N, T>(panels, x, out) }
}

/// [`sums`].
///
/// # Safety
/// The processor must have the instructions.
#[target_feature(enable = "avx2,f16c,avxvnni")]
pub unsafe fn avx_vnni<B: Block, const N: usize, const T: usize>(
    panels: [&[B]; N],
    x: [&[VectorBlock]; T],
    out: &mut [[[f32; PANEL]; T]; N],
) {
    // SAFETY: the caller's promise.
    unsafe { sums::<Avx2<true>, B, N, T>(panels, x, out) }
}

impl<const VNNI: bool> Kernel for Avx2<VNNI> {
    type Sums = [__m256; REGISTERS];

    // The prefetcher of processors without VNNI (Zen 2 and 3) is faster alone.
    const AHEAD: usize = if VNNI { 3 } else { 0 };

    const PAIRS: bool = !VNNI;

    #[inline(always)]
    unsafe fn zeros() -> Self::Sums {
        unsafe { [_mm256_setzero_ps(); REGISTERS] }
    }

    #[inline(always)]
    unsafe fn numbers(sums: Self::Sums) -> [f32; PANEL] {
        // SAFETY: of the same size, and every bit pattern is a valid value.
        unsafe { std::mem::transmute::<[__m256; REGISTERS], [f32; PANEL]>(sums) }
    }

    #[inline(always)]
    unsafe fn add_int8<const T: usize>(block: &Int8Block, x: [&VectorBlock; T], sums: &mut [Self::Sums; T]) {
        // SAFETY: the caller's promise.
        unsafe {
            match T {
                // Memory is read in order.
                1 => Self::int8_registers::<1, T, REGISTERS>([block], x, 0, from_mut(sums)),
                // The integers for four vectors fill half of sixteen registers.
                _ => {
                    Self::int8_registers::<1, T, 2>([block], x, 0, from_mut(sums));
                    Self::int8_registers::<1, T, 2>([block], x, 2, from_mut(sums));
                }
            }
        }
    }

    #[inline(always)]
    unsafe fn add_int4<const T: usize>(block: &Int4Block, x: [&VectorBlock; T], sums: &mut [Self::Sums; T]) {
        // SAFETY: the caller's promise.
        unsafe {
            match T {
                1 => Self::int4_registers::<1, T, REGISTERS>([block], x, 0, from_mut(sums)),
                _ => {
                    Self::int4_registers::<1, T, 2>([block], x, 0, from_mut(sums));
                    Self::int4_registers::<1, T, 2>([block], x, 2, from_mut(sums));
                }
            }
        }
    }

    #[inline(always)]
    unsafe fn add_int8_pair<const T: usize>(
        blocks: [&Int8Block; 2],
        x: [&VectorBlock; T],
        sums: &mut [[Self::Sums; T]; 2],
    ) {
        // SAFETY: the caller's promise.
        unsafe { Self::int8_registers::<2, T, REGISTERS>(blocks, x, 0, sums) }
    }

    #[inline(always)]
    unsafe fn add_int4_pair<const T: usize>(
        blocks: [&Int4Block; 2],
        x: [&VectorBlock; T],
        sums: &mut [[Self::Sums; T]; 2],
    ) {
        // SAFETY: the caller's promise.
        unsafe { Self::int4_registers::<2, T, REGISTERS>(blocks, x, 0, sums) }
    }
}

// Loops over numbers with constant bounds: a build with debug assertions keeps the checks of pointers and iterators, which would
// double the time.
#[allow(clippy::needless_range_loop, reason = "see above")]
impl<const VNNI: bool> Avx2<VNNI> {
    /// `N` of the registers, from `first` on, of `P` panels.
    #[inline(always)]
    unsafe fn int8_registers<const P: usize, const T: usize, const N: usize>(
        blocks: [&Int8Block; P],
        x: [&VectorBlock; T],
        first: usize,
        sums: &mut [[[__m256; REGISTERS]; T]; P],
    ) {
        // SAFETY: the caller's promise. The values have the same size and alignment as registers, and every bit pattern is valid.
        unsafe {
            let (sign, ones) = (_mm256_set1_epi8(-128), _mm256_set1_epi16(1));
            let mut integers = [[[_mm256_setzero_si256(); N]; T]; P];
            if VNNI {
                // The weights plus 128 are not negative; the products begin with what is too much.
                for panel in 0..P {
                    for vector in 0..T {
                        integers[panel][vector] = [_mm256_set1_epi32(x[vector].offset); N];
                    }
                }
            }
            for group in 0..GROUPS {
                for panel in 0..P {
                    let values: &[__m256i; REGISTERS] = &*from_ref(&blocks[panel].values[group]).cast();
                    let mut positive = [_mm256_setzero_si256(); N];
                    for index in 0..N {
                        let weights = values[first + index];
                        positive[index] = match VNNI {
                            true => _mm256_xor_si256(weights, sign),
                            false => _mm256_abs_epi8(weights),
                        };
                    }
                    for vector in 0..T {
                        let x = _mm256_set1_epi32(x[vector].group(group));
                        for index in 0..N {
                            let sum = integers[panel][vector][index];
                            integers[panel][vector][index] = if VNNI {
                                _mm256_dpbusd_avx_epi32(sum, positive[index], x)
                            } else {
                                let x = _mm256_sign_epi8(x, values[first + index]);
                                let products = _mm256_maddubs_epi16(positive[index], x);
                                _mm256_add_epi32(sum, _mm256_madd_epi16(products, ones))
                            };
                        }
                    }
                }
            }
            for panel in 0..P {
                for vector in 0..T {
                    let scale = _mm256_set1_ps(x[vector].scale);
                    for index in 0..N {
                        let product = _mm256_mul_ps(_mm256_cvtepi32_ps(integers[panel][vector][index]), scale);
                        let sum = &mut sums[panel][vector][first + index];
                        *sum = _mm256_add_ps(*sum, product);
                    }
                }
            }
        }
    }

    /// `N` of the registers, from `first` on, of `P` panels.
    #[inline(always)]
    unsafe fn int4_registers<const P: usize, const T: usize, const N: usize>(
        blocks: [&Int4Block; P],
        x: [&VectorBlock; T],
        first: usize,
        sums: &mut [[[__m256; REGISTERS]; T]; P],
    ) {
        // SAFETY: the caller's promise. The values have the same size as registers and are aligned to as many bytes, scales and
        // minima to 16; every bit pattern is valid.
        unsafe {
            let (low, ones) = (_mm256_set1_epi8(15), _mm256_set1_epi16(1));
            let mut integers = [[[_mm256_setzero_si256(); N]; T]; P];
            for group in 0..GROUPS {
                for panel in 0..P {
                    let values: &[__m256i; REGISTERS] = &*from_ref(&blocks[panel].values[group / 2]).cast();
                    let mut weights = [_mm256_setzero_si256(); N];
                    for index in 0..N {
                        let both = values[first + index];
                        let shifted = if group % 2 == 0 { both } else { _mm256_srli_epi16::<4>(both) };
                        weights[index] = _mm256_and_si256(shifted, low);
                    }
                    for vector in 0..T {
                        let x = _mm256_set1_epi32(x[vector].group(group));
                        for index in 0..N {
                            let sum = integers[panel][vector][index];
                            // With VNNI sums in 32 bits, else in 16.
                            integers[panel][vector][index] = match VNNI {
                                true => _mm256_dpbusd_avx_epi32(sum, weights[index], x),
                                false => _mm256_add_epi16(sum, _mm256_maddubs_epi16(weights[index], x)),
                            };
                        }
                    }
                }
            }
            for panel in 0..P {
                let Int4Block { scales, minima, .. } = blocks[panel];
                let [scales, minima]: [&[__m128i; REGISTERS]; 2] =
                    [&*from_ref(scales).cast(), &*from_ref(minima).cast()];
                for index in 0..N {
                    let (scales, minima) =
                        (_mm256_cvtph_ps(scales[first + index]), _mm256_cvtph_ps(minima[first + index]));
                    for vector in 0..T {
                        let integers = integers[panel][vector][index];
                        let integers = if VNNI { integers } else { _mm256_madd_epi16(integers, ones) };
                        let scale = _mm256_mul_ps(scales, _mm256_set1_ps(x[vector].scale));
                        let product = _mm256_mul_ps(_mm256_cvtepi32_ps(integers), scale);
                        let sum = &mut sums[panel][vector][first + index];
                        *sum = _mm256_add_ps(*sum, product);
                        *sum = _mm256_add_ps(*sum, _mm256_mul_ps(minima, _mm256_set1_ps(x[vector].sum)));
                    }
                }
            }
        }
    }
}
