//! Section 2.7: an embedding layer is a table to look ids up in.
//! `cargo run -p ch02-text --example 2_7_token_embeddings`

use burn::tensor::{Device, Int, Tensor};
use shared::init;
use shared::rng::TorchRng;
use workshop::print_tensor;

fn main() {
    let device = Device::flex();
    let embedding = init::embedding(6, 3, &mut TorchRng::new(123), &device);
    print_tensor("table", embedding.weight.val());

    for ids in [vec![3], vec![2, 3, 5, 1]] {
        let vectors = embedding.forward(Tensor::<1, Int>::from_ints(&ids[..], &device).unsqueeze());
        print_tensor(&format!("ids {ids:?}"), vectors);
    }
}
