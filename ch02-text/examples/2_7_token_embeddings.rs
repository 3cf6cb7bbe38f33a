//! Section 2.7: an embedding layer is a table to look ids up in.
//! `cargo run -p ch02-text --example 2_7_token_embeddings`

use burn::tensor::{Device, Int, Tensor};
use shared::init;
use shared::rng::TorchRng;

#[path = "common/print.rs"]
mod print;

fn main() {
    let device = Device::flex();
    let embedding = init::embedding(6, 3, &mut TorchRng::new(123), &device);
    print::print_rows("table, [6 ids, 3 columns]", embedding.weight.val().into_data(), 4);

    for ids in [vec![3], vec![2, 3, 5, 1]] {
        let vectors = embedding.forward(Tensor::<1, Int>::from_ints(&ids[..], &device).unsqueeze());
        print::print_rows(&format!("ids {ids:?}"), vectors.into_data(), 4);
    }
}
