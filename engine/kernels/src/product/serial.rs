//! Products on one thread, by the two libraries, which take pointers.

#![allow(unsafe_code, reason = "the matrix libraries take pointers")]

#[cfg(target_arch = "x86_64")]
use std::ptr::null;

use super::MatrixView;

/// The memory that the threads of one product write to.
pub(crate) struct OutputPointer(pub(crate) *mut f32);

// SAFETY: whoever shares it among threads must make them write to disjoint elements.
unsafe impl Sync for OutputPointer {}

/// Where a product is written: element (r, c) is `start[r * stride + c]`, and there are `length` numbers from `start` on.
#[derive(Clone, Copy)]
pub struct Destination {
    pub start: *mut f32,
    pub length: usize,
    pub stride: usize,
}

/// A serial product by one of the libraries: `out = scale a b`, or `out += scale a b`.
type Product = unsafe fn(Destination, MatrixView, MatrixView, f32, bool);

/// By the crate `gemm`.
///
/// # Safety
/// Every element of the destination must be valid for writes, and for reads if `add`, and nobody else may use it during the
/// call. The elements of `a` and `b` must lie in their slices.
pub unsafe fn with_gemm(out: Destination, a: MatrixView, b: MatrixView, scale: f32, add: bool) {
    // SAFETY: as above; strides fit into isize because the slices do.
    unsafe {
        gemm::gemm(
            a.rows,
            b.cols,
            a.cols,
            out.start,
            1,
            out.stride as isize,
            add,
            a.data.as_ptr(),
            a.col_stride as isize,
            a.row_stride as isize,
            b.data.as_ptr(),
            b.col_stride as isize,
            b.row_stride as isize,
            1.0,
            scale,
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
    }
}

/// By the crate `private-gemm-x86`, whose kernels are written in assembler, where the processor has AVX2; else by `gemm`.
///
/// # Safety
/// As for [`with_gemm`].
pub unsafe fn with_assembler(out: Destination, a: MatrixView, b: MatrixView, scale: f32, add: bool) {
    #[cfg(target_arch = "x86_64")]
    if let Some(instructions) = instructions() {
        use private_gemm_x86::{Accum, DType, DstKind, IType, gemm};

        let before = if add { Accum::Add } else { Accum::Replace };
        // SAFETY: as above; strides fit into isize because the slices do. No index lists and no diagonal are given.
        unsafe {
            gemm(
                DType::F32,
                IType::U64,
                instructions,
                a.rows,
                b.cols,
                a.cols,
                out.start.cast(),
                out.stride as isize,
                1,
                null(),
                null(),
                DstKind::Full,
                before,
                a.data.as_ptr().cast(),
                a.row_stride as isize,
                a.col_stride as isize,
                false,
                null(),
                0,
                b.data.as_ptr().cast(),
                b.row_stride as isize,
                b.col_stride as isize,
                false,
                (&raw const scale).cast(),
                1,
            );
        }
        return;
    }
    // SAFETY: as above.
    unsafe { with_gemm(out, a, b, scale, add) }
}

/// What the kernels in assembler may use of this processor; `None` if it is too old for them.
#[cfg(target_arch = "x86_64")]
fn instructions() -> Option<private_gemm_x86::InstrSet> {
    use private_gemm_x86::InstrSet;

    if is_x86_feature_detected!("avx512f") {
        Some(InstrSet::Avx512)
    } else if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
        Some(InstrSet::Avx256)
    } else {
        None
    }
}

/// A product by one of the libraries, with the bounds of all three matrices asserted. In debug builds, the last element,
/// whose position depends on every size and stride, is also compared with a scalar product in 64 bits.
///
/// # Safety
/// The `length` numbers of the destination must be valid for writes, and for reads if `add`. Nobody else may use the product's
/// elements during the call.
///
/// # Panics
/// If a matrix does not lie in its memory, or the result has no row or no column.
pub unsafe fn checked_product(product: Product, out: Destination, a: MatrixView, b: MatrixView, scale: f32, add: bool) {
    let (row, col, inner) = (a.rows - 1, b.cols - 1, a.cols);
    let last = row * out.stride + col;
    assert!(
        a.is_in_bounds() && b.is_in_bounds() && inner == b.rows && last < out.length,
        "a product of {} x {inner} and {} x {} goes beyond its memory",
        a.rows,
        b.rows,
        b.cols,
    );
    if !cfg!(debug_assertions) {
        // SAFETY: the caller's promise, and the assertion above.
        return unsafe { product(out, a, b, scale, add) };
    }
    // SAFETY: as above.
    let (before, found) = unsafe {
        let last = out.start.add(last);
        let before = if add { *last } else { 0.0 };
        product(out, a, b, scale, add);
        (f64::from(before), f64::from(*last))
    };
    let terms = || (0..inner).map(|i| f64::from(scale) * f64::from(a.at(row, i)) * f64::from(b.at(i, col)));
    let expected = before + terms().sum::<f64>();
    let magnitude = before.abs() + terms().map(f64::abs).sum::<f64>();
    assert!(
        !expected.is_finite() || !found.is_finite() || (found - expected).abs() <= 1e-4 * magnitude + 1e-30,
        "a product of {} x {inner} and {inner} x {} ends with {found}, not {expected}",
        a.rows,
        b.cols,
    );
}
