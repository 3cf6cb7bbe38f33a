//! Section 5.4: training goes on from a file, with the optimizer's moments and without them.
//! `cargo run -p ch05-pretrain --example 5_4_resume`

use std::path::Path;

use burn::module::Module;
use burn::tensor::Device;
use ch04_gpt::GptModel;
use ch05_pretrain::{AdamW, Loaders, load_model_and_optimizer, save_model_and_optimizer, train_model_simple};
use shared::init::torch_init;
use shared::rng::TorchRng;
use shared::{GptConfig, TrainingConfig, data};

fn main() -> anyhow::Result<()> {
    let device = Device::flex().autodiff();
    let text: String = data::find("lamp")?.text()?.chars().take(6000).collect();
    let config = GptConfig { context_length: 32, emb_dim: 32, n_layers: 2, ..GptConfig::preset("tiny")? };
    let training = TrainingConfig { learning_rate: 2e-3, eval_freq: 5, eval_iter: 5, ..TrainingConfig::book() };
    let loaders = Loaders::new(&text, config.context_length, training.batch_size)?;
    let train = |model: GptModel, mut optimizer: AdamW, epochs: usize, rng: &mut TorchRng| {
        let training = TrainingConfig { epochs, ..training.clone() };
        let (model, _) = train_model_simple(model, &mut optimizer, &loaders, &training, rng, &device, |_| ());
        (model, optimizer)
    };

    let mut rng = TorchRng::new(123);
    let model = torch_init(GptModel::new(&config, &device), &mut rng);
    println!("The first three epochs:");
    let (model, optimizer) = train(model, AdamW::new(training.weight_decay), 3, &mut rng);
    std::fs::create_dir_all("runs")?;
    let path = Path::new("runs/5_4_model_and_optimizer.bpk");
    save_model_and_optimizer(path, &model, &optimizer)?;
    let bytes = path.metadata()?.len();
    println!(
        "\n{} parameters in memory: {} bytes, in the file: {bytes} bytes",
        model.num_params(),
        4 * model.num_params()
    );

    println!("\nOne more without a pause:");
    train(model, optimizer, 1, &mut rng.clone());

    let load = || {
        let (model, optimizer) = (GptModel::new(&config, &device), AdamW::new(training.weight_decay));
        load_model_and_optimizer(path, model, optimizer)
    };
    println!("\nOne more from {}:", path.display());
    let (model, optimizer) = load()?;
    train(model, optimizer, 1, &mut rng.clone());

    println!("\nOne more from the weights alone:");
    let (model, _) = load()?;
    train(model, AdamW::new(training.weight_decay), 1, &mut rng.clone());
    Ok(())
}
