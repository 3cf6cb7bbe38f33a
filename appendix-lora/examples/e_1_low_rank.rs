//! Section E.1: a matrix of rank 1 and one of rank 2 as products of thin matrices, and two ways to compute `x (W + A B)`.
//! `cargo run -p appendix-lora --example e_1_low_rank`

use burn::tensor::{Device, Tensor};

fn main() {
    let device = Device::flex();

    // One column times one row: every row of the product is a multiple of the same row.
    let a = Tensor::<2>::from_floats([[1.0], [2.0], [-1.0], [0.5]], &device); // [4, 1]
    let b = Tensor::<2>::from_floats([[2.0, 3.0, 1.0, -2.0, 4.0]], &device); // [1, 5]
    show("A B, rank 1: 4 + 5 numbers make 20", a.clone().matmul(b.clone()));

    // A second column and a second row.
    let a = Tensor::cat(vec![a, Tensor::from_floats([[0.0], [1.0], [3.0], [0.0]], &device)], 1); // [4, 2]
    let b = Tensor::cat(vec![b, Tensor::from_floats([[1.0, 1.0, 0.0, 0.0, -1.0]], &device)], 0); // [2, 5]
    let change = a.clone().matmul(b.clone()); // [4, 5]
    show("A B, rank 2: 8 + 10 numbers make 20", change.clone());

    // x (W + A B) = x W + (x A) B
    let w = Tensor::<2>::from_floats(
        [[1.0, 0.0, 2.0, 1.0, 0.0], [0.0, 1.0, 1.0, 0.0, 3.0], [2.0, 1.0, 0.0, 1.0, 1.0], [1.0, 2.0, 0.0, 0.0, 1.0]],
        &device,
    );
    let x = Tensor::<2>::from_floats([[1.0, 0.0, 2.0, -2.0]], &device); // [1, 4]
    show("x (W + A B)", x.clone().matmul(w.clone() + change));
    show("x A", x.clone().matmul(a.clone()));
    show("(x A) B", x.clone().matmul(a.clone()).matmul(b.clone()));
    show("x W + (x A) B", x.clone().matmul(w) + x.matmul(a).matmul(b));

    println!("\nnumbers to train for a layer of 768 x 768");
    println!("rank    A and B    share of W");
    for rank in [1, 4, 16, 64, 256, 384, 768] {
        let both = rank * (768 + 768);
        println!("{rank:4} {both:10} {:12.2}%", 100.0 * both as f64 / (768.0 * 768.0));
    }
}

fn show(name: &str, matrix: Tensor<2>) {
    println!("{name}");
    let [_, columns] = matrix.dims();
    let values: Vec<f32> = matrix.into_data().iter().collect();
    for row in values.chunks(columns) {
        let row: String = row.iter().map(|value| format!("{value:6.1}")).collect();
        println!("{row}");
    }
}
