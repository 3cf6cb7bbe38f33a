//! Matrix products on slices, by the crates `gemm`, which has code for AVX-512, AVX2 and NEON and chooses at run time, and
//! `private-gemm-x86`, the kernels of the crate `faer`. Which of the two is faster depends on the layout of the matrices, see [`product`].

// Threads write columns of one matrix, which no safe slice can express. Every access is checked against the lengths of the
// slices before.
#![allow(unsafe_code, reason = "threads write parts of one matrix, which no safe slice can express")]

mod serial;

use std::ops::Range;

use rayon::prelude::*;

pub(crate) use serial::OutputPointer;
use serial::{Destination, checked_product, with_assembler, with_gemm};

/// A matrix in a slice: element (r, c) is `data[r * row_stride + c * col_stride]`.
#[derive(Clone, Copy)]
pub struct MatrixView<'a> {
    data: &'a [f32],
    rows: usize,
    cols: usize,
    row_stride: usize,
    col_stride: usize,
}

impl<'a> MatrixView<'a> {
    /// A row-major matrix.
    ///
    /// # Panics
    /// If the slice is too short.
    pub fn new(data: &'a [f32], rows: usize, cols: usize) -> Self {
        Self::strided(data, rows, cols, cols)
    }

    /// A matrix whose rows begin `row_stride` numbers apart.
    ///
    /// # Panics
    /// If the slice is too short.
    pub fn strided(data: &'a [f32], rows: usize, cols: usize, row_stride: usize) -> Self {
        check(data.len(), rows, cols, row_stride);
        Self { data, rows, cols, row_stride, col_stride: 1 }
    }

    /// The transpose; nothing is copied.
    pub fn transposed(self) -> Self {
        let Self { data, rows, cols, row_stride, col_stride } = self;
        Self { data, rows: cols, cols: rows, row_stride: col_stride, col_stride: row_stride }
    }

    fn select_columns(self, range: Range<usize>) -> Self {
        assert!(range.end <= self.cols);
        Self { data: &self.data[range.start * self.col_stride..], cols: range.len(), ..self }
    }

    fn select_rows(self, range: Range<usize>) -> Self {
        assert!(range.end <= self.rows);
        Self { data: &self.data[range.start * self.row_stride..], rows: range.len(), ..self }
    }

    fn at(self, row: usize, col: usize) -> f32 {
        self.data[row * self.row_stride + col * self.col_stride]
    }

    /// Whether the last element lies in the slice, and so all of them.
    fn is_in_bounds(self) -> bool {
        let last = || (self.rows - 1) * self.row_stride + (self.cols - 1) * self.col_stride;
        self.rows == 0 || self.cols == 0 || last() < self.data.len()
    }
}

fn check(length: usize, rows: usize, cols: usize, row_stride: usize) {
    let needed = match (rows, cols) {
        (0, _) | (_, 0) => Some(0),
        _ => (rows - 1).checked_mul(row_stride).and_then(|before_last| before_last.checked_add(cols)),
    };
    let needed = needed.expect("a matrix that memory can hold");
    assert!(length >= needed, "a {rows} x {cols} matrix with stride {row_stride} needs {needed} numbers, not {length}");
}

/// Size up to which a left matrix is assumed to stay in the cache, in numbers.
const IN_CACHE: usize = 1 << 24;

/// `a b`, on all threads, row-major.
///
/// Each thread computes blocks of columns with a serial product. The library packs the right matrix, so nothing is packed
/// twice, and no thread waits for another before the end. The result is divided into blocks of rows instead where blocks of
/// columns would be too narrow, and where the left matrix is a transpose and the result has more rows than columns.
///
/// A block is computed by `private-gemm-x86` where the right matrix is a transpose, as in the gradient of an input: there it is faster,
/// by far if the row stride is a multiple of 4096 bytes. All others are computed by `gemm`, which is faster where the left
/// matrix is a transpose, as in the gradient of a weight, and where rows do not start at multiples of 64 bytes, as in the
/// output layer.
///
/// # Panics
/// If the shapes do not fit.
pub fn product(a: MatrixView, b: MatrixView) -> Vec<f32> {
    assert_eq!(a.cols, b.rows, "the inner sizes of a product");
    let (rows, cols, inner) = (a.rows, b.cols, a.cols);
    let size = rows.checked_mul(cols).expect("a result that memory can hold");
    if size == 0 || inner == 0 {
        return vec![0.0; size];
    }
    let mut out: Vec<f32> = Vec::with_capacity(size);
    // SAFETY: there is room for `size` numbers, each of which is written, and then they are set.
    unsafe {
        on_all_threads(OutputPointer(out.as_mut_ptr()), a, b, 1.0, false);
        out.set_len(size);
    }
    out
}

/// `out += scale a b`, on all threads, row-major. See [`product`].
///
/// # Panics
/// If the shapes do not fit.
pub fn add_product(out: &mut [f32], a: MatrixView, b: MatrixView, scale: f32) {
    assert_eq!(a.cols, b.rows, "the inner sizes of a product");
    assert_eq!(Some(out.len()), a.rows.checked_mul(b.cols), "the size of a product");
    if !out.is_empty() && a.cols > 0 {
        // SAFETY: `out` has the size of the product, and is borrowed exclusively.
        unsafe { on_all_threads(OutputPointer(out.as_mut_ptr()), a, b, scale, true) }
    }
}

/// `scale a b`, or that added to what is there, in blocks that the threads share.
///
/// # Safety
/// The pointer must be valid for writes of `a.rows * b.cols` numbers, and for reads if `add`; nobody else may use them
/// during the call.
unsafe fn on_all_threads(pointer: OutputPointer, a: MatrixView, b: MatrixView, scale: f32, add: bool) {
    let (rows, cols, inner) = (a.rows, b.cols, a.cols);
    let size = rows * cols;
    let library = if b.col_stride == 1 { with_gemm } else { with_assembler };
    let threads = rayon::current_num_threads();
    // A product this small is finished before another thread wakes up.
    let small = size.saturating_mul(inner) < 1 << 18 || (rows < 16 && cols < 512);
    let by_columns = cols >= 64 * threads && (a.row_stride > 1 || rows <= cols);
    // Every block of columns reads all of the left matrix: fewer blocks where it does not stay in the cache.
    let per_thread = if by_columns && rows * inner <= IN_CACHE { 4 } else { 2 };
    let length = if by_columns { cols } else { rows };
    let block = if small { length } else { length.div_ceil(per_thread * threads).next_multiple_of(48) };
    (0..length.div_ceil(block)).into_par_iter().for_each(|i| {
        let range = i * block..((i + 1) * block).min(length);
        let (a, b, start) = if by_columns {
            (a, b.select_columns(range.clone()), range.start)
        } else {
            (a.select_rows(range.clone()), b, range.start * cols)
        };
        let pointer = &pointer;
        // SAFETY: the blocks are disjoint and lie within the `size` numbers that the caller promises.
        unsafe {
            let out = Destination { start: pointer.0.add(start), length: size - start, stride: cols };
            checked_product(library, out, a, b, scale, add);
        }
    });
}

/// `a b`, on all threads, row-major, for a matrix `b` of `cols` columns that is generated as it is used: `generate` writes a
/// range of its columns, at most `width`, as `[a.cols, columns]`. They are multiplied immediately, while they are in the cache.
///
/// # Panics
/// If the result is larger than memory.
pub fn product_with_generated(
    a: MatrixView,
    cols: usize,
    width: usize,
    generate: impl Fn(Range<usize>, &mut [f32]) + Sync,
) -> Vec<f32> {
    let (rows, inner) = (a.rows, a.cols);
    let size = rows.checked_mul(cols).expect("a result that memory can hold");
    if size == 0 || inner == 0 {
        return vec![0.0; size];
    }
    let mut out: Vec<f32> = Vec::with_capacity(size);
    let pointer = OutputPointer(out.as_mut_ptr());
    (0..cols.div_ceil(width)).into_par_iter().for_each_init(Vec::new, |generated, block| {
        let columns = block * width..((block + 1) * width).min(cols);
        generated.resize(inner * columns.len(), 0.0);
        generate(columns.clone(), generated);
        let (b, pointer) = (MatrixView::new(generated, inner, columns.len()), &pointer);
        // SAFETY: the columns of the blocks are disjoint and lie within the `size` numbers that `out` has room for.
        unsafe {
            let start = columns.start;
            let out = Destination { start: pointer.0.add(start), length: size - start, stride: cols };
            checked_product(with_gemm, out, a, b, 1.0, false);
        }
    });
    // SAFETY: each of the numbers was written with one of the blocks.
    unsafe { out.set_len(size) };
    out
}

/// `out = scale a b`, or `out += scale a b`, on one thread. The rows of `out` begin `out_stride` numbers apart. For the small
/// products of attention, `private-gemm-x86` is always the faster library.
///
/// # Panics
/// If the shapes do not fit.
pub fn product_into(out: &mut [f32], out_stride: usize, a: MatrixView, b: MatrixView, scale: f32, add: bool) {
    assert_eq!(a.cols, b.rows, "the inner sizes of a product");
    assert!(out_stride >= b.cols);
    check(out.len(), a.rows, b.cols, out_stride);
    if a.rows == 0 || b.cols == 0 {
        return;
    }
    let out = Destination { start: out.as_mut_ptr(), length: out.len(), stride: out_stride };
    // SAFETY: the check above; `out` is borrowed exclusively, so it overlaps neither input.
    unsafe { checked_product(with_assembler, out, a, b, scale, add) };
}

#[cfg(test)]
mod tests;
