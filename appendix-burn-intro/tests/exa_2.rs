//! The checks of exercise A.2: of `solutions/exa_2.rs`, or with the feature `my-solutions` of your file in `exercises/`.

#[cfg_attr(not(feature = "my-solutions"), path = "../solutions/exa_2.rs")]
#[cfg_attr(feature = "my-solutions", path = "../exercises/exa_2.rs", allow(unused))]
mod exa_2;

use burn::tensor::Device;

// 中文：设备能做乘法
#[test]
fn exa_2_the_device_multiplies() {
    let check = exa_2::check(&Device::flex()).expect("there is a gradient");
    assert_eq!(check.product, [14.0, 32.0, 32.0, 77.0]);
}

// 中文：设备能求梯度
#[test]
fn exa_2_the_device_differentiates() {
    let check = exa_2::check(&Device::flex()).expect("there is a gradient");
    assert_eq!(check.gradient, [10.0, 14.0, 18.0, 10.0, 14.0, 18.0], "twice the sums of the columns, in each row");
}
