//! Bonus: an embedding layer gives what a linear layer gives for one-hot vectors.
//! `cargo run -p ch02-text --example bonus_one_hot`

use burn::tensor::{Device, Int, Tensor};
use ch02_text::bonus::one_hot::{as_linear, one_hot};
use shared::init;
use shared::rng::TorchRng;
use workshop::print_tensor;

fn main() {
    let device = Device::flex();
    let ids = Tensor::<1, Int>::from_ints([2, 3, 1], &device);

    let embedding = init::embedding(4, 5, &mut TorchRng::new(123), &device);
    print_tensor("embedding table", embedding.weight.val());
    print_tensor("looked up", embedding.forward(ids.clone().unsqueeze()));

    let linear = init::linear(4, 5, false, &mut TorchRng::new(123), &device);
    print_tensor("weight of a new linear layer, transposed", linear.weight.val().transpose());

    let vectors = one_hot(ids, 4);
    print_tensor("one-hot vectors", vectors.clone());
    print_tensor("linear layer with the embedding's table", as_linear(&embedding).forward(vectors));
}
