//! What a stack of layers does to the size of the numbers: `cargo run -p ch04-gpt --example 4_2_deep_stack`

use burn::tensor::{Device, Tensor};
use ch04_gpt::{LayerNorm, gelu};
use shared::init::{linear, randn};
use shared::rng::TorchRng;

const WIDTH: usize = 768;
const LAYERS: usize = 12;

fn main() {
    let columns =
        [(1.0, false), (6.0, false), (1.0, true), (6.0, true)].map(|(factor, normalize)| spreads(factor, normalize));
    println!("Standard deviation of the values behind each layer, 768 wide");
    println!("         without normalization          with layer norm");
    println!("layer    weights   6 x weights     weights   6 x weights");
    for layer in 0..=LAYERS {
        let [small, large, small_norm, large_norm] = columns.each_ref().map(|column| column[layer]);
        println!("{layer:5}{small:11.7}{large:14.1}{small_norm:12.4}{large_norm:14.4}");
    }
}

/// The standard deviation of a random vector, and of what each layer makes of it: linear, times `factor`, then GELU.
fn spreads(factor: f64, normalize: bool) -> Vec<f32> {
    let (device, mut rng) = (Device::flex(), TorchRng::new(123));
    let norm = LayerNorm::new(WIDTH, &device);
    let mut x: Tensor<2> = randn([1, WIDTH], &mut rng, &device);
    let mut spreads = vec![spread(&x)];
    for _ in 0..LAYERS {
        let layer = linear(WIDTH, WIDTH, false, &mut rng, &device);
        let input = if normalize { norm.forward(x) } else { x };
        x = gelu(layer.forward(input) * factor);
        spreads.push(spread(&x));
    }
    spreads
}

fn spread(x: &Tensor<2>) -> f32 {
    x.clone().var_bias(1).sqrt().into_scalar()
}
