//! Bonus: the loader on the numbers 0 to 1000, which show where each id goes.
//! `cargo run -p ch02-text --example bonus_number_loader`

use burn::tensor::Device;
use ch02_text::{DataLoaderOptions, GptDataLoader, GptDataset};
use shared::Batches;
use shared::rng::TorchRng;
use workshop::print_tensor;

fn main() -> anyhow::Result<()> {
    let device = Device::flex();
    for (batch_size, stride, shuffle) in [(1, 1, false), (2, 4, false), (2, 4, true)] {
        let options = DataLoaderOptions { batch_size, max_length: 4, stride, shuffle, drop_last: true };
        let dataset = GptDataset::from_ids((0..=1000).collect(), options.max_length, options.stride)?;
        let loader = GptDataLoader::new(dataset, &options)?;
        println!("\nbatch size {batch_size}, stride {stride}, shuffle {shuffle}: {} batches", loader.num_batches());
        for (i, batch) in loader.iter(&mut TorchRng::new(123), &device).enumerate() {
            if i == 0 || i + 1 == loader.num_batches() {
                print_tensor(&format!("batch {i}, inputs"), batch.inputs);
                print_tensor(&format!("batch {i}, targets"), batch.targets);
            }
        }
    }
    Ok(())
}
