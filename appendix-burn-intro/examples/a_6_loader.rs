//! Section A.6, a data set in batches: `cargo run -p appendix-burn-intro --example a_6_loader`

use appendix_burn_intro::{ToyDataset, ToyLoader};
use burn::tensor::Device;
use shared::rng::TorchRng;

fn main() {
    let device = Device::flex();
    let mut rng = TorchRng::new(123);
    println!("{} points to learn from", ToyDataset::train().len());
    for (title, drop_last) in [("all batches", false), ("full batches only", true)] {
        println!("{title}:");
        let loader = ToyLoader::new(ToyDataset::train(), true, drop_last);
        for (i, batch) in loader.iter(&mut rng, &device).enumerate() {
            println!("  batch {}: {} labels {}", i + 1, batch.features.into_data(), batch.labels.into_data());
        }
    }
}
