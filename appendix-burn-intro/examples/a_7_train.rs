//! Sections A.7 and A.8, training, accuracy, saving and loading: `cargo run -p appendix-burn-intro --example a_7_train`

use appendix_burn_intro::{NeuralNetwork, ToyDataset, ToyLoader, compute_accuracy, train};
use burn::module::Module;
use burn::tensor::Device;
use burn::tensor::activation::softmax;
use shared::init::torch_init;
use shared::rng::TorchRng;
use workshop::print_tensor;

fn main() -> anyhow::Result<()> {
    let device = Device::flex().autodiff();
    let mut rng = TorchRng::new(123);
    let model = torch_init(NeuralNetwork::new(2, 2, &device), &mut rng);
    println!("{} parameters", model.num_params());
    let loader = ToyLoader::new(ToyDataset::train(), true, true);
    let (model, steps) = train(model, &loader, 0.5, 3, &mut rng, &device);
    for step in steps {
        println!("epoch {}, batch {}: loss {:.2}", step.epoch, step.batch, step.loss);
    }

    let test = ToyLoader::new(ToyDataset::test(), false, false);
    println!("accuracy on the training points: {}", compute_accuracy(&model, &loader, &mut rng, &device));
    println!("accuracy on the test points: {}", compute_accuracy(&model, &test, &mut rng, &device));

    // `valid` leaves the record of gradients behind.
    let (model, device) = (model.valid(), device.inner());
    let x = ToyDataset::train().batch(&[0, 1, 2, 3, 4], &device).features;
    let logits = model.forward(x.clone()); // [5, 2]
    print_tensor("logits", logits.clone());
    print_tensor("probabilities", softmax(logits.clone(), 1));
    println!("classes: {}", logits.clone().argmax(1).into_data());

    // The file holds the parameters and their names. Who loads them makes a network of the same sizes first.
    std::fs::create_dir_all("runs")?;
    model.save_file("runs/a_8_network.bpk")?;
    let loaded = NeuralNetwork::new(2, 2, &device).try_load_file("runs/a_8_network.bpk")?;
    println!("loaded, it gives the same: {}", loaded.forward(x).into_data() == logits.into_data());
    Ok(())
}
