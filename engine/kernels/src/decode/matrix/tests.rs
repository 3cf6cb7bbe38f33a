use burn::tensor::{Device, TensorData};

use super::super::compressed::PANEL;
use super::super::input::Input;
use super::super::integers::{BLOCK, VectorBlock};
use super::*;

fn value(i: usize) -> f32 {
    ((i * 7919) % 251) as f32 / 125.0 - 1.0
}

fn matrix(rows: usize, cols: usize) -> Matrix {
    let data: Vec<f32> = (0..rows * cols).map(value).collect();
    Matrix::shared(Tensor::from_data(TensorData::new(data, [rows, cols]), &Device::flex())).unwrap()
}

const ALL: [Precision; 4] = [Precision::F32, Precision::Bf16, Precision::Int8, Precision::Int4];

/// What the products read instead of `x`, whose first number belongs to row `start`.
fn rounded(x: &[f32], start: usize, precision: Precision) -> Vec<f64> {
    if matches!(precision, Precision::F32 | Precision::Bf16) {
        return x.iter().map(|x| f64::from(*x)).collect();
    }
    let blocks = VectorBlock::blocks(x, start);
    let numbers = blocks.iter().flat_map(|block| {
        let values = block.values.as_flattened().iter();
        values.map(|value| f64::from(*value) * f64::from(block.scale))
    });
    numbers.skip(start % BLOCK).take(x.len()).collect()
}

#[test]
fn every_part_of_odd_matrices_in_every_precision() {
    for (rows, cols) in [(1, 1), (3, 5), (8, 16), (37, 50), (100, 70), (20, 4100)] {
        for precision in ALL {
            let matrix = matrix(rows, cols).in_precision(precision);
            let data = matrix.values();
            for (r, c) in [(0..rows, 0..cols), (rows / 3..rows, cols / 2..cols), (0..rows / 2, 0..cols / 3)] {
                // Vectors whose numbers begin after some others, and results with a column more.
                let (n, width, stride) = (5, r.len() + 3, c.len() + 1);
                let x: Vec<f32> = (0..n * width).map(|i| value(i + 11)).collect();
                let before: Vec<f32> = (0..n * stride).map(value).collect();
                let mut y = before.clone();
                matrix.add_products(&Input::new(&matrix, n, &x[2..], width, r.clone()), c.clone(), &mut y, stride);
                let vectors = x[2..].chunks(width).zip(y.chunks(stride).zip(before.chunks(stride)));
                for (x, (y, before)) in vectors {
                    let x = &x[..r.len()];
                    let mut alone = before.to_vec();
                    matrix.add_products(&Input::new(&matrix, 1, x, r.len(), r.clone()), c.clone(), &mut alone, stride);
                    assert_eq!(y, alone, "{rows} x {cols}, {precision:?}");
                    let x = rounded(x, r.start, precision);
                    for ((j, found), before) in c.clone().zip(y).zip(before) {
                        let product = r.clone().zip(&x).map(|(i, x)| x * f64::from(data[i * cols + j]));
                        let expected = f64::from(*before) + product.sum::<f64>();
                        let error = (f64::from(*found) - expected).abs();
                        assert!(error < 1e-4, "{rows} x {cols}, {precision:?}: {found}, {expected}");
                    }
                }
            }
        }
    }
}

#[test]
fn rounding_errors_and_sizes_of_each_precision() {
    let (rows, cols) = (40, 33);
    for (precision, bytes, loss) in [
        (Precision::F32, 4 * rows * cols, 0.0),
        (Precision::Bf16, 2 * rows * 2 * PANEL, 0.002),
        (Precision::Int8, 2 * (2 * BLOCK + 4) * PANEL, 0.004),
        (Precision::Int4, 2 * 2 * (BLOCK / 2 + 4) * PANEL, 0.134),
    ] {
        let matrix = matrix(rows, cols).in_precision(precision);
        assert_eq!(matrix.bytes(), bytes);
        for (i, found) in matrix.values().iter().enumerate() {
            assert!((found - value(i)).abs() <= loss, "{precision:?}: {found} instead of {}", value(i));
        }
        assert_eq!(*matrix.row(7), matrix.values()[7 * cols..8 * cols]);
        let mut column = vec![0.0; rows];
        matrix.column(32, &mut column);
        assert!(column.iter().zip(matrix.values().chunks(cols)).all(|(value, row)| *value == row[32]));
    }
}

#[test]
fn a_table_of_any_size_is_transposed_in_every_precision() {
    for (rows, cols) in [(1, 1), (5, 7), (256, 32), (600, 33)] {
        let table = matrix(rows, cols);
        assert!(table.transposed_in(Precision::F32).is_none());
        let transposed: Vec<f32> = (0..rows * cols).map(|i| value(i % rows * cols + i / rows)).collect();
        for precision in [Precision::Bf16, Precision::Int8, Precision::Int4] {
            let data = TensorData::new(transposed.clone(), [cols, rows]);
            let expected = Matrix::shared(Tensor::from_data(data, &Device::flex())).unwrap().in_precision(precision);
            let found = table.transposed_in(precision).unwrap();
            assert_eq!((found.rows(), found.cols(), found.bytes()), (cols, rows, expected.bytes()));
            assert_eq!(found.values(), expected.values(), "{rows} x {cols} in {precision:?}");
        }
    }
}

/// The grids of Q4_1 and Q4_0.
#[test]
fn four_bits_that_were_four_bits_before_are_kept() {
    let (rows, cols) = (64, 3);
    let number = |row: usize, col: usize| ((row * 7 + col) % 16) as f32;
    for grid in [|q: f32| 0.0123 * q - 0.05, |q: f32| 0.031_25 * (q - 8.0), |q: f32| -0.002 * (q - 8.0)] {
        // Scales and minima of 16 bits, as in such files.
        let half = |x: f32| f32::from_bits(x.to_bits() & !0x1FFF);
        let (minimum, step) = (half(grid(0.0)), half(grid(1.0) - grid(0.0)));
        let data: Vec<f32> = (0..rows * cols).map(|i| step * number(i / cols, i % cols) + minimum).collect();
        let tensor = Tensor::from_data(TensorData::new(data.clone(), [rows, cols]), &Device::flex());
        let found = Matrix::shared(tensor).unwrap().in_precision(Precision::Int4);
        for (found, expected) in found.values().iter().zip(&data) {
            assert!((found - expected).abs() < 1e-7, "{found} instead of {expected}");
        }
    }
}

#[test]
fn a_matrix_shares_the_values_of_its_tensor() {
    let tensor = Tensor::<2>::zeros([3, 4], &Device::flex());
    let matrix = Matrix::shared(tensor.clone()).unwrap();
    let other = Matrix::shared(tensor).unwrap();
    assert!(std::ptr::eq(&*matrix.values(), &*other.values()));
}
