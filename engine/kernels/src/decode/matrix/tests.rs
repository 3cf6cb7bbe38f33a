use burn::tensor::{Device, TensorData};

use super::super::compressed::PANEL;
use super::*;

fn value(i: usize) -> f32 {
    ((i * 7919) % 251) as f32 / 125.0 - 1.0
}

fn matrix(rows: usize, cols: usize) -> Matrix {
    let data: Vec<f32> = (0..rows * cols).map(value).collect();
    Matrix::shared(Tensor::from_data(TensorData::new(data, [rows, cols]), &Device::flex())).unwrap()
}

#[test]
fn every_part_of_odd_matrices_in_every_precision() {
    for (rows, cols) in [(1, 1), (3, 5), (8, 16), (37, 50), (20, 4100)] {
        for precision in [Precision::F32, Precision::Bf16, Precision::Int8] {
            let matrix = matrix(rows, cols).in_precision(precision);
            let data = matrix.values();
            for (r, c) in [(0..rows, 0..cols), (rows / 3..rows, cols / 2..cols), (0..rows / 2, 0..cols / 3)] {
                let x: Vec<f32> = r.clone().map(|i| value(i + 11)).collect();
                let mut y: Vec<f32> = c.clone().map(value).collect();
                matrix.add_product(&x, r.clone(), c.clone(), &mut y);
                for (j, found) in c.clone().zip(y) {
                    let product = r.clone().zip(&x).map(|(i, x)| f64::from(*x) * f64::from(data[i * cols + j]));
                    let expected = f64::from(value(j)) + product.sum::<f64>();
                    let error = (f64::from(found) - expected).abs();
                    assert!(error < 1e-4, "{rows} x {cols}, {precision:?}: {found}, {expected}");
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
        (Precision::Int8, rows * 2 * PANEL + 4 * cols, 0.004),
    ] {
        let matrix = matrix(rows, cols).in_precision(precision);
        assert_eq!(matrix.bytes(), bytes);
        for (i, found) in matrix.values().iter().enumerate() {
            assert!((found - value(i)).abs() <= loss, "{precision:?}: {found} instead of {}", value(i));
        }
        assert_eq!(*matrix.row(7), matrix.values()[7 * cols..8 * cols]);
    }
}

#[test]
fn a_matrix_shares_the_values_of_its_tensor() {
    let tensor = Tensor::<2>::zeros([3, 4], &Device::flex());
    let matrix = Matrix::shared(tensor.clone()).unwrap();
    let other = Matrix::shared(tensor).unwrap();
    assert!(std::ptr::eq(&*matrix.values(), &*other.values()));
}
