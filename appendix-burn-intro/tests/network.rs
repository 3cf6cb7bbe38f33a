//! Saving, devices and several devices.

mod common;

use appendix_burn_intro::{NeuralNetwork, ToyDataset, ToyLoader, compute_accuracy, train};
use burn::module::Module;
use burn::tensor::Device;
use common::check_averaging;
use shared::init::torch_init;
use shared::rng::TorchRng;

fn network(inputs: usize, device: &Device) -> NeuralNetwork {
    torch_init(NeuralNetwork::new(inputs, 2, device), &mut TorchRng::new(123))
}

#[test]
fn a_8_a_loaded_model_computes_the_same_bit_for_bit() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.bpk");
    let device = Device::flex();
    let model = network(2, &device);
    model.clone().save_file(&path).unwrap();
    let loaded = NeuralNetwork::new(2, 2, &device).try_load_file(&path).unwrap();
    let x = || ToyDataset::train().batch(&[0, 1, 2, 3, 4], &device).features;
    assert_eq!(loaded.forward(x()).into_data(), model.forward(x()).into_data());
}

#[test]
fn a_8_other_sizes_damaged_and_missing_files_are_errors() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.bpk");
    let device = Device::flex();
    network(2, &device).save_file(&path).unwrap();
    assert!(network(3, &device).try_load_file(&path).is_err(), "a network with other inputs");
    assert!(network(2, &device).try_load_file(folder.path().join("absent.bpk")).is_err());
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    assert!(network(2, &device).try_load_file(&path).is_err(), "half of the file");
}

/// The points that a loader leaves out do not count.
#[test]
fn accuracy_counts_what_the_loader_delivers() {
    let device = Device::flex().autodiff();
    let mut rng = TorchRng::new(123);
    let model = torch_init(NeuralNetwork::new(2, 2, &device), &mut rng);
    let (model, _) = train(model, &ToyLoader::new(ToyDataset::train(), true, true), 0.5, 3, &mut rng, &device);
    let mut dataset = ToyDataset::train();
    dataset.labels = vec![0, 0, 0, 1, 0]; // the last is wrong
    let mut accuracy =
        |drop_last| compute_accuracy(&model, &ToyLoader::new(dataset.clone(), false, drop_last), &mut rng, &device);
    assert_eq!(accuracy(true), 1.0);
    assert_eq!(accuracy(false), 0.8);
}

#[test]
fn averaged_gradients_are_those_of_the_whole_batch() {
    check_averaging([&Device::flex(), &Device::flex()]);
}

/// burn's own all-reduce does not exist on the CPU: what section A.9.3 does with it needs GPUs.
#[test]
fn burn_cannot_all_reduce_on_the_cpu() {
    use burn::tensor::distributed::{DistributedConfig, DistributedContext, ReduceOperation};
    let started = std::panic::catch_unwind(|| {
        let config = DistributedConfig { all_reduce_op: ReduceOperation::Mean };
        DistributedContext::init(vec![Device::flex(), Device::flex()], config);
    });
    let panic = started.unwrap_err();
    let message = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied()).unwrap();
    assert!(message.contains("not supported"), "{message}");
}
