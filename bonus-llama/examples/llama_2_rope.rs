//! Rotary positions: `cargo run -p bonus-llama --example llama_2_rope`

use std::f64::consts::TAU;

use bonus_llama::Rope;
use burn::tensor::{Device, Tensor};
use workshop::print_tensor;

fn main() {
    let device = Device::flex();
    let rope = Rope::new(8, 10_000.0, None);
    println!("A head of width 8, base 10,000");
    println!("pair   numbers    radians per position   positions per turn");
    for (pair, frequency) in rope.frequencies.iter().enumerate() {
        println!("{pair:4}   x{pair} and x{}{frequency:22.3}{:21.1}", pair + 4, TAU / frequency);
    }

    let head = Tensor::<1>::from_floats([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0], &device);
    let at = |position: usize| {
        let rotation = rope.rotation(position..position + 1, &device);
        rotation.apply(head.clone().reshape([1, 1, 1, 8])).reshape([8])
    };
    println!();
    for position in [0, 1, 3] {
        print_tensor::<1, _>(&format!("The same head at position {position}"), at(position));
    }

    println!("Query times key at several positions; both are the head above");
    println!("query    key   distance    product");
    for (query, key) in [(0, 0), (500, 500), (3, 1), (503, 501), (10, 1), (510, 501), (100, 1), (600, 501)] {
        let product: f32 = (at(query) * at(key)).sum().into_scalar();
        println!("{query:5}{key:7}{:11}{product:11.3}", query - key);
    }
}
