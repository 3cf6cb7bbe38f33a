//! What the tests of several devices have in common, whichever devices they are.

use appendix_burn_intro::parallel::averaged_gradients;
use appendix_burn_intro::{NeuralNetwork, ToyDataset};
use burn::module::{Module, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::tensor::{Device, Tensor};
use shared::cross_entropy;
use shared::init::torch_init;
use shared::rng::TorchRng;

/// All gradients, one after the other.
fn flat(model: &NeuralNetwork, gradients: &GradientsParams) -> Vec<f32> {
    struct All<'a>(&'a GradientsParams, Vec<f32>);
    impl ModuleVisitor for All<'_> {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            self.1.extend(self.0.get::<D>(param.id).unwrap().into_data().iter::<f32>());
        }
    }
    let mut all = All(gradients, Vec::new());
    model.visit(&mut all);
    all.1
}

/// Two workers with two and three points get what one device gets with all five. Sums of five terms in another order: a
/// few roundings of numbers below 1.
pub fn check_averaging(workers: [&Device; 2]) {
    let device = Device::flex().autodiff();
    let model = torch_init(NeuralNetwork::new(2, 2, &device), &mut TorchRng::new(123));
    let dataset = ToyDataset::train();
    let whole = dataset.batch(&[0, 1, 2, 3, 4], &device);
    let expected_loss = cross_entropy(model.forward(whole.features), whole.labels);
    let expected = flat(&model, &GradientsParams::from_grads(expected_loss.backward(), &model));

    let shares = workers.into_iter().zip([&[0, 1][..], &[2, 3, 4]]).map(|(worker, points)| {
        let worker = worker.clone().autodiff();
        let batch = dataset.batch(points, &worker);
        (worker, batch)
    });
    let (loss, gradients) = averaged_gradients(&model, shares.collect(), &device);
    let (loss, expected_loss): (f32, f32) = (loss.into_scalar(), expected_loss.into_scalar());
    assert!((loss - expected_loss).abs() < 1e-6, "{loss} is not {expected_loss}");
    let found = flat(&model, &gradients);
    assert_eq!(found.len(), 752);
    for (found, expected) in found.iter().zip(&expected) {
        assert!((found - expected).abs() < 1e-6, "{found} is not {expected}");
    }
}
