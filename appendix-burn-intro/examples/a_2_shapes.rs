//! Section A.2.3, operations and what they do to shapes: `cargo run -p appendix-burn-intro --example a_2_shapes`

use burn::tensor::{Device, Tensor};
use workshop::print_tensor;

fn main() {
    let device = Device::flex();
    let t = Tensor::<2>::from_floats([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], &device); // [2, 3]

    // Number by number: both shapes are the same, and so is that of the result.
    print_tensor("t times t, number by number", t.clone() * t.clone());

    // A size of 1 is repeated as often as the other tensor needs it.
    let row = Tensor::<2>::from_floats([[10.0, 20.0, 30.0]], &device); // [1, 3]
    print_tensor("t plus a row", t.clone() + row);

    // A sum keeps its dimension, with size 1, so it fits to what it was summed from.
    let sums = t.clone().sum_dim(1); // [2, 1]
    print_tensor("sums along dimension 1", sums.clone());
    print_tensor("portions of each row", t.clone() / sums);

    // Reshaping keeps the order of the numbers, transposing changes it.
    print_tensor("reshaped", t.clone().reshape([3, 2]));
    let transposed = t.clone().transpose(); // [3, 2]
    print_tensor("transposed", transposed.clone());

    // The last size of the one and the first of the other must agree.
    print_tensor("t times its transpose", t.clone().matmul(transposed));
    print_tensor("the last two columns", t.slice([0..2, 1..3]));
}
