//! # Solution A.1: Is burn there?
//!
//! The name is compared as a whole line, so that `burn-core` is not taken for `burn`; the version stands in the line
//! after it. A tensor lives on the device that its constructor is given, and the sum is only right if the device
//! computes.
//!
//! # 解答 A.1：burn 装好了吗？
//!
//! 名字按整行比较，所以不会把 `burn-core` 当成 `burn`；版本在它的下一行。张量位于创建时给出的设备上，只有设备真的能计算，
//! 和才会正确。

use burn::tensor::{Device, Tensor};

/// The version of burn in the text of a `Cargo.lock`.
pub fn burn_version(lock: &str) -> Option<&str> {
    let mut lines = lock.lines().skip_while(|line| *line != "name = \"burn\"").skip(1);
    lines.next()?.strip_prefix("version = \"")?.strip_suffix('"')
}

/// [1, 2, 3] + [4, 5, 6], computed on the device.
pub fn works(device: &Device) -> Vec<f32> {
    let a = Tensor::<1>::from_floats([1.0, 2.0, 3.0], device);
    let b = Tensor::<1>::from_floats([4.0, 5.0, 6.0], device);
    (a + b).into_data().iter().collect()
}
