//! Products with AVX2, and with AVX-VNNI where the processor has it: 32 pairs of 8-bit integers at once, of which the first
//! are not negative.
//!
//! AVX2 adds two products each in 16 bits, where they must have room. 4-bit weights are so small that the sum of a whole block
//! does (15 · 128 · 16 < 2¹⁵). Of 8-bit ones only two products do, and only if none is as large as 255 · 127: so the sign of
//! the vector moves to the weights.

#![cfg(target_arch = "x86_64")]

use std::arch::x86_64::*;

use super::GROUP;
use super::int4::Int4Block;
use super::int8::Int8Block;
use super::kernel::{Block, Kernel, sums};
use super::vectors::VectorBlock;
use crate::decode::compressed::PANEL;

/// Columns of a vector register of 32-bit numbers.
const COLUMNS: usize = PANEL / REGISTERS;

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

#[inline(always)]
unsafe fn load<V>(values: &[V; COLUMNS]) -> __m256i {
    const { assert!(size_of::<V>() == GROUP) };
    // SAFETY: 32 bytes, in which every bit pattern is a valid value.
    unsafe { _mm256_loadu_si256(values.as_ptr().cast()) }
}

#[inline(always)]
unsafe fn load_half(values: &[u16; COLUMNS]) -> __m256 {
    // SAFETY: 16 bytes.
    unsafe { _mm256_cvtph_ps(_mm_loadu_si128(values.as_ptr().cast())) }
}

impl<const VNNI: bool> Kernel for Avx2<VNNI> {
    type Sums = [__m256; REGISTERS];

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
                1 => Self::int8_registers::<T, REGISTERS>(block, x, 0, sums),
                // The integers for four vectors fill half of sixteen registers.
                _ => {
                    Self::int8_registers::<T, 2>(block, x, 0, sums);
                    Self::int8_registers::<T, 2>(block, x, 2, sums);
                }
            }
        }
    }

    #[inline(always)]
    unsafe fn add_int4<const T: usize>(block: &Int4Block, x: [&VectorBlock; T], sums: &mut [Self::Sums; T]) {
        // SAFETY: the caller's promise.
        unsafe {
            match T {
                1 => Self::int4_registers::<T, REGISTERS>(block, x, 0, sums),
                _ => {
                    Self::int4_registers::<T, 2>(block, x, 0, sums);
                    Self::int4_registers::<T, 2>(block, x, 2, sums);
                }
            }
        }
    }
}

impl<const VNNI: bool> Avx2<VNNI> {
    /// `N` of the registers, from `first` on.
    #[inline(always)]
    unsafe fn int8_registers<const T: usize, const N: usize>(
        block: &Int8Block,
        x: [&VectorBlock; T],
        first: usize,
        sums: &mut [[__m256; REGISTERS]; T],
    ) {
        // SAFETY: the caller's promise.
        unsafe {
            let (sign, ones) = (_mm256_set1_epi8(-128), _mm256_set1_epi16(1));
            let mut integers = [[_mm256_setzero_si256(); N]; T];
            if VNNI {
                // The weights plus 128 are not negative; the products begin with what is too much.
                integers.iter_mut().zip(x).for_each(|(sums, x)| *sums = [_mm256_set1_epi32(x.offset); N]);
            }
            for (group, values) in block.values.iter().enumerate() {
                let weights = load_registers::<_, N>(values, first);
                for (integers, x) in integers.iter_mut().zip(x) {
                    let x = _mm256_set1_epi32(x.group(group));
                    for (sum, weights) in integers.iter_mut().zip(weights) {
                        *sum = if VNNI {
                            _mm256_dpbusd_avx_epi32(*sum, _mm256_xor_si256(weights, sign), x)
                        } else {
                            let products = _mm256_maddubs_epi16(_mm256_abs_epi8(x), _mm256_sign_epi8(weights, x));
                            _mm256_add_epi32(*sum, _mm256_madd_epi16(products, ones))
                        };
                    }
                }
            }
            for ((integers, x), sums) in integers.into_iter().zip(x).zip(&mut *sums) {
                let scale = _mm256_set1_ps(x.scale);
                for (integers, sum) in integers.into_iter().zip(&mut sums[first..]) {
                    *sum = _mm256_add_ps(*sum, _mm256_mul_ps(_mm256_cvtepi32_ps(integers), scale));
                }
            }
        }
    }

    /// `N` of the registers, from `first` on.
    #[inline(always)]
    unsafe fn int4_registers<const T: usize, const N: usize>(
        block: &Int4Block,
        x: [&VectorBlock; T],
        first: usize,
        sums: &mut [[__m256; REGISTERS]; T],
    ) {
        // SAFETY: the caller's promise.
        unsafe {
            let (low, ones) = (_mm256_set1_epi8(15), _mm256_set1_epi16(1));
            // With VNNI sums in 32 bits, else in 16.
            let add = |sum, weights, x: &VectorBlock, group| {
                let x = _mm256_set1_epi32(x.group(group));
                match VNNI {
                    true => _mm256_dpbusd_avx_epi32(sum, weights, x),
                    false => _mm256_add_epi16(sum, _mm256_maddubs_epi16(weights, x)),
                }
            };
            let mut integers = [[_mm256_setzero_si256(); N]; T];
            for (pair, values) in block.values.iter().enumerate() {
                for (index, both) in load_registers::<_, N>(values, first).into_iter().enumerate() {
                    let lower = _mm256_and_si256(both, low);
                    let upper = _mm256_and_si256(_mm256_srli_epi16::<4>(both), low);
                    for (integers, x) in integers.iter_mut().zip(x) {
                        let sum = add(integers[index], lower, x, 2 * pair);
                        integers[index] = add(sum, upper, x, 2 * pair + 1);
                    }
                }
            }
            let scales = &block.scales.as_chunks::<COLUMNS>().0[first..];
            let minima = &block.minima.as_chunks::<COLUMNS>().0[first..];
            for index in 0..N {
                let (scales, minima) = (load_half(&scales[index]), load_half(&minima[index]));
                for ((integers, x), sums) in integers.iter().zip(x).zip(&mut *sums) {
                    let integers = integers[index];
                    let integers = if VNNI { integers } else { _mm256_madd_epi16(integers, ones) };
                    let scale = _mm256_mul_ps(scales, _mm256_set1_ps(x.scale));
                    let sum = &mut sums[first + index];
                    *sum = _mm256_add_ps(*sum, _mm256_mul_ps(_mm256_cvtepi32_ps(integers), scale));
                    *sum = _mm256_add_ps(*sum, _mm256_mul_ps(minima, _mm256_set1_ps(x.sum)));
                }
            }
        }
    }
}

/// `N` registers of a group of rows, from `first` on.
#[inline(always)]
unsafe fn load_registers<V, const N: usize>(values: &[[V; GROUP]; PANEL], first: usize) -> [__m256i; N] {
    let (registers, _) = values.as_chunks::<COLUMNS>();
    // SAFETY: the caller's promise.
    unsafe {
        let mut loaded = [_mm256_setzero_si256(); N];
        loaded.iter_mut().zip(&registers[first..]).for_each(|(loaded, values)| *loaded = load(values));
        loaded
    }
}
