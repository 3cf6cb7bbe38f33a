//! Section A.9.3, the training of A.7 on several devices, each with its share of every batch. Without arguments they are
//! two handles of the CPU: `cargo run -p appendix-burn-intro --example a_9_parallel`
//!
//! With the feature `remote` they can be other processes. Start two workers, each in a terminal of its own, then name
//! them:
//!
//! ```sh
//! cargo run -p appendix-burn-intro --features remote --bin worker -- 3001
//! cargo run -p appendix-burn-intro --features remote --bin worker -- 3002
//! cargo run -p appendix-burn-intro --features remote --example a_9_parallel -- ws://127.0.0.1:3001 ws://127.0.0.1:3002
//! ```

use appendix_burn_intro::parallel::averaged_gradients;
use appendix_burn_intro::{NeuralNetwork, ToyDataset, ToyLoader, compute_accuracy};
use burn::optim::SgdConfig;
use burn::tensor::Device;
use shared::init::torch_init;
use shared::rng::TorchRng;

#[cfg(feature = "remote")]
fn worker(url: &str) -> anyhow::Result<Device> {
    let host = burn::remote::RemoteHost::websocket(url);
    Ok(Device::remote_options(&host).device_index(0).init()?)
}

#[cfg(not(feature = "remote"))]
fn worker(url: &str) -> anyhow::Result<Device> {
    anyhow::bail!("{url} is another process: build with --features remote")
}

fn main() -> anyhow::Result<()> {
    let urls: Vec<String> = std::env::args().skip(1).collect();
    let workers = match urls.as_slice() {
        [] => vec![Device::flex(), Device::flex()],
        urls => urls.iter().map(|url| worker(url)).collect::<anyhow::Result<_>>()?,
    };
    let workers: Vec<Device> = workers.into_iter().map(Device::autodiff).collect();

    let device = Device::flex().autodiff();
    let mut rng = TorchRng::new(123);
    let mut model = torch_init(NeuralNetwork::new(2, 2, &device), &mut rng);
    let mut optimizer = SgdConfig::new().init();
    let loader = ToyLoader::new(ToyDataset::train(), true, true);
    for epoch in 1..=3 {
        for (i, points) in loader.order.batches(&mut rng).into_iter().enumerate() {
            let size = points.len().div_ceil(workers.len());
            let shares = points.chunks(size).zip(&workers);
            let shares = shares.map(|(share, worker)| (worker.clone(), loader.dataset.batch(share, worker))).collect();
            let (loss, gradients) = averaged_gradients(&model, shares, &device);
            model = optimizer.step(0.5, model, gradients);
            println!("epoch {epoch}, batch {}: loss {:.2}", i + 1, loss.into_scalar::<f32>());
        }
    }
    println!("accuracy on the training points: {}", compute_accuracy(&model, &loader, &mut rng, &device));
    Ok(())
}
