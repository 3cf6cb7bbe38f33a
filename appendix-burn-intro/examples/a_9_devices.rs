//! Section A.9, a device of your choice, and how long a matrix product takes there (exercise A.4):
//! `cargo run -p appendix-burn-intro --example a_9_devices -- cpu`

use std::time::Instant;

use appendix_burn_intro::{NeuralNetwork, ToyDataset, ToyLoader, train};
use burn::tensor::Tensor;
use shared::init::{rand, torch_init};
use shared::rng::TorchRng;
use workshop::device::DeviceChoice;

fn main() -> anyhow::Result<()> {
    // auto takes a GPU if one is built in and there, else the CPU.
    let choice: DeviceChoice = std::env::args().nth(1).unwrap_or_else(|| "auto".to_string()).parse()?;
    let device = choice.open()?;
    println!("device: {device:?}");

    let sum = Tensor::<1>::from_floats([1.0, 2.0, 3.0], &device) + Tensor::from_floats([4.0, 5.0, 6.0], &device);
    println!("[1, 2, 3] + [4, 5, 6] = {}", sum.into_data());

    // The model and the batches are made on the device; nothing else changes.
    let recording = device.clone().autodiff();
    let mut rng = TorchRng::new(123);
    let model = torch_init(NeuralNetwork::new(2, 2, &recording), &mut rng);
    let loader = ToyLoader::new(ToyDataset::train(), true, true);
    let (_, steps) = train(model, &loader, 0.5, 3, &mut rng, &recording);
    println!("losses: {:.2?}", steps.iter().map(|step| step.loss).collect::<Vec<_>>());

    for n in [100, 300, 1000] {
        let (a, b) = (rand([n, 2 * n], &mut rng, &device), rand([2 * n, n], &mut rng, &device));
        // A GPU answers before it has computed; reading a number waits for it. The first product warms up.
        let wait = |product: Tensor<2>| product.slice([0..1, 0..1]).into_scalar::<f32>();
        wait(a.clone().matmul(b.clone()));
        let start = Instant::now();
        for _ in 0..10 {
            wait(a.clone().matmul(b.clone()));
        }
        let milliseconds = start.elapsed().as_secs_f64() * 1e3 / 10.0;
        println!("[{n}, {}] times [{}, {n}]: {milliseconds:.3} ms", 2 * n, 2 * n);
    }
    Ok(())
}
