use super::*;

fn numbers(n: usize, seed: usize) -> Vec<f32> {
    (0..n).map(|i| ((i * 31 + seed * 17) % 23) as f32 - 11.0).collect()
}

fn by_hand(a: MatrixView, b: MatrixView) -> Vec<f32> {
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
        let (a, b) = (MatrixView::new(&a, rows, inner), MatrixView::new(&b, inner, cols));
        assert_eq!(product(a, b), by_hand(a, b), "{rows} x {inner} x {cols}");
        assert_eq!(product(b.transposed(), a.transposed()), by_hand(b.transposed(), a.transposed()));
        let mut sum = vec![3.0; rows * cols];
        add_product(&mut sum, a, b, 0.5);
        let expected: Vec<f32> = by_hand(a, b).into_iter().map(|x| 3.0 + 0.5 * x).collect();
        assert_eq!(sum, expected, "{rows} x {inner} x {cols}");
    }
}

#[test]
fn a_product_into_a_part_leaves_the_rest() {
    let (a, b) = (numbers(6, 1), numbers(6, 2));
    let (a, b) = (MatrixView::new(&a, 2, 3), MatrixView::new(&b, 3, 2));
    let expected = by_hand(a, b);
    let mut out = vec![1.0; 8];
    product_into(&mut out[1..], 4, a, b, 2.0, true);
    let element = |r: usize, c: usize| 1.0 + 2.0 * expected[r * 2 + c];
    assert_eq!(out, [1.0, element(0, 0), element(0, 1), 1.0, 1.0, element(1, 0), element(1, 1), 1.0]);
}

#[test]
#[should_panic(expected = "needs 6 numbers")]
fn a_short_slice_is_refused() {
    MatrixView::new(&[0.0; 5], 2, 3);
}

#[test]
#[should_panic(expected = "a matrix that memory can hold")]
fn sizes_that_overflow_are_refused() {
    MatrixView::strided(&[0.0; 5], 1 << 40, 3, 1 << 40);
}

#[test]
#[should_panic(expected = "a product of 2 x 3 and 3 x 2 goes beyond its memory")]
fn a_destination_that_is_too_short_is_refused_in_release_builds_too() {
    let (a, b, mut out) = (numbers(6, 1), numbers(6, 2), [0.0; 3]);
    let out = Destination { start: out.as_mut_ptr(), length: out.len(), stride: 2 };
    // SAFETY: the assertion ends the call before anything is written.
    unsafe { checked_product(with_gemm, out, MatrixView::new(&a, 2, 3), MatrixView::new(&b, 3, 2), 1.0, false) };
}
