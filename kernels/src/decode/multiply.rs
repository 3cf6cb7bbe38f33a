//! The product of two matrices, by the crate `gemm`.

/// A matrix in memory.
#[derive(Clone, Copy, Debug)]
pub struct Operand<'a> {
    values: &'a [f32],
    row_stride: usize,
    col_stride: usize,
}

impl<'a> Operand<'a> {
    /// Rows that begin `stride` values apart.
    pub fn rows(values: &'a [f32], stride: usize) -> Self {
        Self { values, row_stride: stride, col_stride: 1 }
    }

    /// The same memory, rows read as columns.
    pub fn transposed(self) -> Self {
        Self { row_stride: self.col_stride, col_stride: self.row_stride, ..self }
    }

    fn holds(&self, rows: usize, cols: usize) -> bool {
        (rows - 1) * self.row_stride + (cols - 1) * self.col_stride < self.values.len()
    }
}

/// `out = a b`, or `out += a b` with `add`, on `threads` threads, for `a`: `[m, k]`, `b`: `[k, n]` and `out`: `[m, n]`.
///
/// # Panics
/// If a matrix does not fit into its memory, or has no element.
#[expect(unsafe_code, reason = "the interface of the crate gemm takes pointers")]
pub fn multiply([m, k, n]: [usize; 3], a: Operand, b: Operand, out: &mut [f32], add: bool, threads: usize) {
    assert!(m > 0 && k > 0 && n > 0 && a.holds(m, k) && b.holds(k, n) && out.len() == m * n, "matrices that fit");
    let parallelism = if threads > 1 { gemm::Parallelism::Rayon(threads) } else { gemm::Parallelism::None };
    let stride = |stride: usize| stride as isize;
    // SAFETY: the assertion has seen that every element lies in its slice, and `out` belongs to nobody else.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            out.as_mut_ptr(),
            1,
            stride(n),
            add,
            a.values.as_ptr(),
            stride(a.col_stride),
            stride(a.row_stride),
            b.values.as_ptr(),
            stride(b.col_stride),
            stride(b.row_stride),
            1.0,
            1.0,
            false,
            false,
            false,
            parallelism,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_combination_of_layouts() {
        let (m, k, n) = (5, 7, 3);
        let values = |count: usize| (0..count).map(|i| ((i * 31) % 17) as f32 - 8.0).collect::<Vec<f32>>();
        let (a, b) = (values(m * k), values(k * n));
        for (turn_a, turn_b, add) in
            [(false, false, false), (true, false, true), (false, true, false), (true, true, true)]
        {
            let of = |values, rows: usize, cols: usize, turn: bool| {
                if turn { Operand::rows(values, rows).transposed() } else { Operand::rows(values, cols) }
            };
            let mut out = vec![1.0; m * n];
            multiply([m, k, n], of(&a, m, k, turn_a), of(&b, k, n, turn_b), &mut out, add, 2);
            for i in 0..m {
                for j in 0..n {
                    let a = |l: usize| if turn_a { a[l * m + i] } else { a[i * k + l] };
                    let b = |l: usize| if turn_b { b[j * k + l] } else { b[l * n + j] };
                    let expected = (0..k).map(|l| a(l) * b(l)).sum::<f32>() + if add { 1.0 } else { 0.0 };
                    assert_eq!(out[i * n + j], expected);
                }
            }
        }
    }
}
