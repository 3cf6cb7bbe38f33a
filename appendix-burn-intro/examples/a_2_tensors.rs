//! Section A.2, tensors: `cargo run -p appendix-burn-intro --example a_2_tensors`

use burn::tensor::{Device, Int, Tensor, TensorData};

fn main() {
    let device = Device::flex();

    // The rank is part of the type. A single number is a vector of one: burn has no tensor of rank 0.
    let one = Tensor::<1, Int>::from_ints([1], &device);
    let vector = Tensor::<1, Int>::from_ints([1, 2, 3], &device);
    let matrix = Tensor::<2, Int>::from_ints([[1, 2], [3, 4]], &device);
    let cube = Tensor::<3, Int>::from_ints([[[1, 2], [3, 4]], [[5, 6], [7, 8]]], &device);
    println!("shapes: {:?} {:?} {:?} {:?}", one.dims(), vector.dims(), matrix.dims(), cube.dims());

    // TensorData is numbers on the host, owned; a tensor is a handle to numbers on a device. Changing one element makes
    // a new tensor, and a clone still shows the old numbers.
    let copy = cube.clone();
    let cube = cube.slice_assign([0..1, 0..1, 0..1], Tensor::from_ints([[[999]]], &device));
    println!("changed: {}\nits clone: {}", cube.into_data(), copy.into_data());

    println!("types: {:?}, {:?}", TensorData::from([1i64, 2, 3]).dtype(), TensorData::from([1.0f32, 2.0, 3.0]).dtype());
    println!("whole numbers as {:?}", vector.float().dtype());

    // The numbers of a matrix stand in one row, and TensorData prints them so.
    let t = Tensor::<2>::from_floats([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], &device);
    println!("t: {} of shape {:?}", t.to_data(), t.dims());
    println!("reshaped: {}", t.clone().reshape([3, 2]).into_data());
    println!("transposed: {}", t.transpose().into_data());
}
