//! Matrix products on slices, by the crates `gemm` and `faer`, which have code for AVX-512, AVX2 and NEON and pick at run
//! time. Which of the two is faster depends on how the matrices lie, see [`product`].

// The crate takes pointers, and threads write columns of one matrix, which no safe slice can express. Every access is
// checked against the lengths of the slices before.
#![allow(unsafe_code, reason = "the matrix library takes pointers")]

use std::ops::Range;

use faer::{Accum, MatMut, MatRef, Par};
use rayon::prelude::*;

/// A matrix in a slice: element (r, c) is `data[r * row_stride + c * col_stride]`.
#[derive(Clone, Copy)]
pub struct Matrix<'a> {
    data: &'a [f32],
    rows: usize,
    cols: usize,
    row_stride: usize,
    col_stride: usize,
}

impl<'a> Matrix<'a> {
    /// A row-major matrix.
    ///
    /// # Panics
    /// If the slice is too short.
    pub fn new(data: &'a [f32], rows: usize, cols: usize) -> Self {
        Self::strided(data, rows, cols, cols)
    }

    /// A matrix whose rows lie `row_stride` apart.
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

    fn columns(self, range: Range<usize>) -> Self {
        assert!(range.end <= self.cols);
        Self { data: &self.data[range.start * self.col_stride..], cols: range.len(), ..self }
    }

    fn band(self, range: Range<usize>) -> Self {
        assert!(range.end <= self.rows);
        Self { data: &self.data[range.start * self.row_stride..], rows: range.len(), ..self }
    }

    fn at(self, row: usize, col: usize) -> f32 {
        self.data[row * self.row_stride + col * self.col_stride]
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

/// Numbers of a left matrix that a cache may hold.
const IN_CACHE: usize = 1 << 24;

/// `a b`, on all threads, row-major.
///
/// Every thread computes slabs of columns with a serial product. The library packs the right-hand matrix, so that nothing
/// is packed twice, and no thread waits for another before the end. The slabs are cut from the rows instead where they
/// would become thin, and where the left matrix is a transpose and the result has more rows than columns.
///
/// A slab is computed by `faer` where the right matrix is a transpose, as in the gradient of an input; it is ahead there,
/// by far if the rows lie a multiple of 4096 bytes apart. Otherwise by `gemm`, which is ahead where the left matrix is a
/// transpose, as in the gradient of a weight, and where the rows do not start at multiples of 64 bytes, as those of the
/// output layer.
///
/// # Panics
/// If the shapes do not fit.
pub fn product(a: Matrix, b: Matrix) -> Vec<f32> {
    assert_eq!(a.cols, b.rows, "the inner sizes of a product");
    let (rows, cols, inner) = (a.rows, b.cols, a.cols);
    let size = rows.checked_mul(cols).expect("a result that memory can hold");
    if size == 0 || inner == 0 {
        return vec![0.0; size];
    }
    let mut out: Vec<f32> = Vec::with_capacity(size);
    let target = Target(out.as_mut_ptr());
    let library = if b.col_stride == 1 { with_gemm } else { with_faer };
    let threads = rayon::current_num_threads();
    // A product this small is done before another thread has woken up.
    let small = size.saturating_mul(inner) < 1 << 18 || (rows < 16 && cols < 512);
    let by_columns = cols >= 64 * threads && (a.row_stride > 1 || rows <= cols);
    // Every slab of columns reads all of the left matrix: fewer of them where no cache holds it.
    let per_thread = if by_columns && rows * inner <= IN_CACHE { 4 } else { 2 };
    let length = if by_columns { cols } else { rows };
    let slab = if small { length } else { length.div_ceil(per_thread * threads).next_multiple_of(48) };
    (0..length.div_ceil(slab)).into_par_iter().for_each(|i| {
        let range = i * slab..((i + 1) * slab).min(length);
        let (a, b, start) = if by_columns {
            (a, b.columns(range.clone()), range.start)
        } else {
            (a.band(range.clone()), b, range.start * cols)
        };
        let target = &target;
        // SAFETY: the slabs are disjoint and lie within the `size` numbers that `out` has room for.
        unsafe { checked(library, target.0.add(start), cols, a, b, 1.0, false) };
    });
    // SAFETY: each of the numbers was written by one of the slabs.
    unsafe { out.set_len(size) };
    out
}

/// `a b`, on all threads, row-major, for a matrix `b` of `cols` columns that does not lie in memory: `make` writes some of
/// its columns, at most `width`, as `[a.cols, columns]`. They are multiplied at once, and need not leave the cache.
pub fn product_of_made(
    a: Matrix,
    cols: usize,
    width: usize,
    make: impl Fn(Range<usize>, &mut [f32]) + Sync,
) -> Vec<f32> {
    let (rows, inner) = (a.rows, a.cols);
    let size = rows.checked_mul(cols).expect("a result that memory can hold");
    if size == 0 || inner == 0 {
        return vec![0.0; size];
    }
    let mut out: Vec<f32> = Vec::with_capacity(size);
    let target = Target(out.as_mut_ptr());
    (0..cols.div_ceil(width)).into_par_iter().for_each_init(Vec::new, |made, slab| {
        let columns = slab * width..((slab + 1) * width).min(cols);
        made.resize(inner * columns.len(), 0.0);
        make(columns.clone(), made);
        let (b, target) = (Matrix::new(made, inner, columns.len()), &target);
        // SAFETY: the columns of the slabs are disjoint and lie within the `size` numbers that `out` has room for.
        unsafe { checked(with_gemm, target.0.add(columns.start), cols, a, b, 1.0, false) };
    });
    // SAFETY: each of the numbers was written with one of the slabs.
    unsafe { out.set_len(size) };
    out
}

/// `out = scale a b`, or `out += scale a b`, on one thread. The rows of `out` lie `out_stride` apart. For the small
/// products of attention `faer` is ahead throughout.
///
/// # Panics
/// If the shapes do not fit.
pub fn product_into(out: &mut [f32], out_stride: usize, a: Matrix, b: Matrix, scale: f32, add: bool) {
    assert_eq!(a.cols, b.rows, "the inner sizes of a product");
    assert!(out_stride >= b.cols);
    check(out.len(), a.rows, b.cols, out_stride);
    if a.rows == 0 || b.cols == 0 {
        return;
    }
    // SAFETY: the check above; `out` is borrowed exclusively, so it overlaps neither input.
    unsafe { checked(with_faer, out.as_mut_ptr(), out_stride, a, b, scale, add) };
}

/// Where the threads of one product write.
pub(crate) struct Target(pub(crate) *mut f32);

// SAFETY: whoever shares it among threads has them write to disjoint places.
unsafe impl Sync for Target {}

/// A serial product by one of the libraries: result, its row stride, the matrices, `scale`, `add`.
type Library = unsafe fn(*mut f32, usize, Matrix, Matrix, f32, bool);

/// # Safety
/// The element (r, c) of the result, `out + r * out_stride + c`, must be valid for writes, and for reads if `add`, and
/// nobody else may use it meanwhile. (That the inputs lie in their slices is checked when a [`Matrix`] is made.)
unsafe fn with_gemm(out: *mut f32, out_stride: usize, a: Matrix, b: Matrix, scale: f32, add: bool) {
    // SAFETY: as above; strides fit into isize because the slices do.
    unsafe {
        gemm::gemm(
            a.rows,
            b.cols,
            a.cols,
            out,
            1,
            out_stride as isize,
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

/// # Safety
/// As for [`with_gemm`].
unsafe fn with_faer(out: *mut f32, out_stride: usize, a: Matrix, b: Matrix, scale: f32, add: bool) {
    // SAFETY: as above; strides fit into isize because the slices do.
    let (out, a, b) = unsafe {
        let view = |m: Matrix| {
            let (rows, cols, row_stride, col_stride) = (m.rows, m.cols, m.row_stride as isize, m.col_stride as isize);
            MatRef::from_raw_parts(m.data.as_ptr(), rows, cols, row_stride, col_stride)
        };
        (MatMut::from_raw_parts_mut(out, a.rows, b.cols, out_stride as isize, 1), view(a), view(b))
    };
    let before = if add { Accum::Add } else { Accum::Replace };
    faer::linalg::matmul::matmul(out, before, a, b, scale, Par::Seq);
}

/// What the library does. In debug builds the last element, whose place depends on every size and stride, is computed
/// once more.
///
/// # Safety
/// As for [`with_gemm`]; there is at least one row and one column.
unsafe fn checked(library: Library, out: *mut f32, out_stride: usize, a: Matrix, b: Matrix, scale: f32, add: bool) {
    if !cfg!(debug_assertions) {
        // SAFETY: as above.
        return unsafe { library(out, out_stride, a, b, scale, add) };
    }
    let (row, col, inner) = (a.rows - 1, b.cols - 1, a.cols);
    // SAFETY: as above.
    let (before, found) = unsafe {
        let last = out.add(row * out_stride + col);
        let before = if add { *last } else { 0.0 };
        library(out, out_stride, a, b, scale, add);
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

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(n: usize, seed: usize) -> Vec<f32> {
        (0..n).map(|i| ((i * 31 + seed * 17) % 23) as f32 - 11.0).collect()
    }

    fn by_hand(a: Matrix, b: Matrix) -> Vec<f32> {
        let element = |i: usize| {
            let (row, col) = (i / b.cols, i % b.cols);
            (0..a.cols).map(|k| a.at(row, k) * b.at(k, col)).sum()
        };
        (0..a.rows * b.cols).map(element).collect()
    }

    #[test]
    fn products_of_odd_shapes_and_views() {
        // Whole numbers: every order of additions gives the same sum.
        for (rows, inner, cols) in
            [(1, 1, 1), (1, 7, 5), (33, 17, 3), (70, 65, 300), (64, 128, 33), (3, 0, 2), (200, 40, 40), (1024, 8, 512)]
        {
            let (a, b) = (numbers(rows * inner, 1), numbers(inner * cols, 2));
            let (a, b) = (Matrix::new(&a, rows, inner), Matrix::new(&b, inner, cols));
            assert_eq!(product(a, b), by_hand(a, b), "{rows} x {inner} x {cols}");
            assert_eq!(product(b.transposed(), a.transposed()), by_hand(b.transposed(), a.transposed()));
        }
    }

    #[test]
    fn a_product_into_a_part_leaves_the_rest() {
        let (a, b) = (numbers(6, 1), numbers(6, 2));
        let (a, b) = (Matrix::new(&a, 2, 3), Matrix::new(&b, 3, 2));
        let expected = by_hand(a, b);
        let mut out = vec![1.0; 8];
        product_into(&mut out[1..], 4, a, b, 2.0, true);
        let place = |r: usize, c: usize| 1.0 + 2.0 * expected[r * 2 + c];
        assert_eq!(out, [1.0, place(0, 0), place(0, 1), 1.0, 1.0, place(1, 0), place(1, 1), 1.0]);
    }

    #[test]
    #[should_panic(expected = "needs 6 numbers")]
    fn a_short_slice_is_refused() {
        Matrix::new(&[0.0; 5], 2, 3);
    }

    #[test]
    #[should_panic(expected = "a matrix that memory can hold")]
    fn sizes_that_overflow_are_refused() {
        Matrix::strided(&[0.0; 5], 1 << 40, 3, 1 << 40);
    }
}
