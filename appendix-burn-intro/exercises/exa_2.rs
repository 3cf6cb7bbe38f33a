//! # Exercise A.2: A check of the environment
//!
//! Chapter 2 of the book comes with a script that tells whether everything is installed. Write the check for this
//! edition: everything that the chapters need from a device.
//!
//! `check` multiplies the matrix [[1, 2, 3], [4, 5, 6]] by its transpose, and finds the gradient of the sum of that
//! product with respect to the matrix. The device that it is given does not record gradients.
//!
//! # 练习 A.2：检查环境
//!
//! 书的第 2 章附有一个脚本，说明所需的软件是否都已安装。请为这一版写出检查：各章需要设备做到的一切。
//!
//! `check` 把矩阵 [[1, 2, 3], [4, 5, 6]] 与它的转置相乘，并求出乘积之和对该矩阵的梯度。传入的设备不记录梯度。
//!
//! Check it: `cargo run -- exercise check A.2`

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
    todo!("exercise A.2")
}
