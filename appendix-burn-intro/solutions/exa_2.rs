//! # Solution A.2: A check of the environment
//!
//! `device.autodiff()` is the same device with a record of every operation. The matrix is marked with `require_grad`, so
//! that its gradient is kept. With s for the sums of the columns, 5, 7 and 9, the sum of the product is s · s, and the
//! gradient is 2 s in each row.
//!
//! # 解答 A.2：检查环境
//!
//! `device.autodiff()` 是同一个设备，但会记录每个运算。矩阵用 `require_grad` 标记，它的梯度才会保留。设 s 为各列之和，即 5、7、9，
//! 则乘积之和为 s · s，每一行的梯度都是 2 s。

use burn::tensor::{Device, Tensor};

/// What the device computed.
#[derive(Debug, PartialEq)]
pub struct Check {
    /// The product, row by row.
    pub product: Vec<f32>,
    /// The gradient, row by row.
    pub gradient: Vec<f32>,
}

/// Multiplies and differentiates on the device. `None` if there is no gradient.
pub fn check(device: &Device) -> Option<Check> {
    let device = device.clone().autodiff();
    let matrix = Tensor::<2>::from_floats([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], &device).require_grad();
    let product = matrix.clone().matmul(matrix.clone().transpose()); // [2, 2]
    let gradients = product.clone().sum().backward();
    let values = |tensor: Tensor<2>| tensor.into_data().iter().collect();
    Some(Check { product: values(product.inner()), gradient: values(matrix.grad(&gradients)?) })
}
