//! The printed numbers of appendix A, by their ids in the specification.

use appendix_burn_intro::logistic::{forward, gradients_by_hand};
use appendix_burn_intro::{NeuralNetwork, ToyDataset, ToyLoader, compute_accuracy, train};
use burn::module::Module;
use burn::tensor::activation::softmax;
use burn::tensor::{DType, Device, Int, Tensor, TensorData};
use shared::init::{rand, torch_init, transpose};
use shared::rng::TorchRng;
use testkit::{assert_close, values};

// ---- A.2

#[test]
fn a_2_data_types() {
    assert_eq!(TensorData::from([1i64, 2, 3]).dtype(), DType::I64);
    let device = Device::flex();
    assert_eq!(Tensor::<1>::from_floats([1.0, 2.0, 3.0], &device).dtype(), DType::F32);
    assert_eq!(Tensor::<1, Int>::from_ints([1, 2, 3], &device).float().dtype(), DType::F32);
}

#[test]
fn a_2_operations() {
    let device = Device::flex();
    let t = Tensor::<2>::from_floats([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], &device);
    assert_eq!(t.dims(), [2, 3]);
    let reshaped = t.clone().reshape([3, 2]);
    assert_eq!(reshaped.into_data(), TensorData::from([[1f32, 2.0], [3.0, 4.0], [5.0, 6.0]]));
    let transposed = t.clone().transpose();
    assert_eq!(transposed.clone().into_data(), TensorData::from([[1f32, 4.0], [2.0, 5.0], [3.0, 6.0]]));
    assert_eq!(t.matmul(transposed).into_data(), TensorData::from([[14f32, 32.0], [32.0, 77.0]]));
}

// ---- A.3 and A.4

#[test]
fn a_3_forward_and_a_4_gradients() {
    let device = Device::flex().autodiff();
    let scalar = |x: f32| Tensor::<1>::from_floats([x], &device);
    let (w1, b) = (scalar(2.2).require_grad(), scalar(0.0).require_grad());
    let pass = forward(scalar(1.1), w1.clone(), b.clone(), scalar(1.0));
    assert_close(&values(pass.z), &[2.42], 1e-6);
    assert_close(&values(pass.a), &[0.918340], 1e-6);
    assert_close(&values(pass.loss.clone()), &[0.08518788], 1e-6);
    let gradients = pass.loss.backward();
    let expected = [-0.08982629, -0.08166026];
    let found = [w1, b].map(|leaf| values(leaf.grad(&gradients).unwrap())[0]);
    assert_close(&found, &expected, 1e-6);
    assert_close(&gradients_by_hand(1.1, 2.2, 0.0, 1.0).map(|g| g as f32), &expected, 1e-7);
}

// ---- A.5

#[test]
fn a_5_parameters() {
    let device = Device::flex();
    let model = NeuralNetwork::new(50, 3, &device);
    assert_eq!(model.num_params(), 2213);
    assert_eq!(model.hidden_1.weight.dims(), [50, 30]);
}

#[test]
fn a_5_first_weights() {
    let model = torch_init(NeuralNetwork::new(50, 3, &Device::flex()), &mut TorchRng::new(123));
    let weight = transpose(&values(model.hidden_1.weight.val()), 50, 30); // [30, 50], as PyTorch keeps it
    let expected = [
        [-0.0577, 0.0047, -0.0702, 0.0222, 0.1260, 0.0865],
        [0.0502, 0.0307, 0.0333, 0.0951, 0.1134, -0.0297],
        [0.1077, -0.1108, 0.0122, 0.0108, -0.1049, -0.1063],
        [-0.0787, 0.1259, 0.0803, 0.1218, 0.1303, -0.1351],
        [0.1359, 0.0175, -0.0673, 0.0674, 0.0676, 0.1058],
        [0.0790, 0.1343, -0.0293, 0.0344, -0.0971, -0.0509],
    ];
    for (row, expected) in [0, 1, 2, 27, 28, 29].into_iter().zip(expected) {
        let found = [0, 1, 2, 47, 48, 49].map(|column| weight[row * 50 + column]);
        assert_close(&found, &expected, 5.1e-5); // four printed decimals
    }
}

#[test]
fn a_5_outputs() {
    let device = Device::flex();
    let model = torch_init(NeuralNetwork::new(50, 3, &device), &mut TorchRng::new(123));
    let x = rand([1, 50], &mut TorchRng::new(123), &device);
    assert_close(&values(x.clone())[..5], &[0.296112, 0.516562, 0.251671, 0.688557, 0.073972], 1e-6);
    let logits = model.forward(x);
    assert_close(&values(logits.clone()), &[-0.126174, 0.107965, -0.179204], 1e-5);
    assert_close(&values(softmax(logits, 1)), &[0.3113, 0.3934, 0.2952], 5.1e-5);
}

// ---- A.6

fn passes(drop_last: bool, rng: &mut TorchRng, n: usize) -> Vec<Vec<Vec<usize>>> {
    let loader = ToyLoader::new(ToyDataset::train(), true, drop_last);
    (0..n).map(|_| loader.order.batches(rng)).collect()
}

#[test]
fn a_6_batches() {
    assert_eq!(ToyDataset::train().len(), 5);
    let mut rng = TorchRng::new(123);
    let found = passes(false, &mut rng, 4);
    assert_eq!(found[0], [vec![3, 1], vec![0, 2], vec![4]]);
    assert_eq!(found[1], [vec![0, 2], vec![3, 1], vec![4]]);
    assert_eq!(found[2], [vec![1, 3], vec![4, 2], vec![0]]);
    assert_eq!(found[3], [vec![3, 4], vec![0, 1], vec![2]]);

    let device = Device::flex();
    let loader = ToyLoader::new(ToyDataset::train(), true, false);
    let labels: Vec<Vec<i64>> = loader
        .iter(&mut TorchRng::new(123), &device)
        .map(|batch| batch.labels.into_data().iter::<i64>().collect())
        .collect();
    assert_eq!(labels, [vec![1, 0], vec![0, 0], vec![1]]);
}

#[test]
fn a_6_batches_with_drop_last() {
    let mut rng = TorchRng::new(123);
    passes(false, &mut rng, 1);
    assert_eq!(passes(true, &mut rng, 1), [[[0, 2], [3, 1]]]);
    // The print book had iterated once more before.
    assert_eq!(passes(true, &mut rng, 1), [[[1, 3], [4, 2]]]);
}

// ---- A.7

#[test]
#[allow(clippy::excessive_precision, reason = "the nine digits of the specification")]
fn a_7_initial_weights() {
    let device = Device::flex();
    let model = torch_init(NeuralNetwork::new(2, 2, &device), &mut TorchRng::new(123));
    assert_eq!(model.num_params(), 752);
    let sums = [
        (values(model.hidden_1.weight.val()), 0.078202),
        (values(model.hidden_1.bias.as_ref().unwrap().val()), -0.392422),
        (values(model.hidden_2.weight.val()), 1.360258),
        (values(model.hidden_2.bias.as_ref().unwrap().val()), 0.007942),
        (values(model.output.weight.val()), -1.412678),
        (values(model.output.bias.as_ref().unwrap().val()), 0.010149),
    ];
    for (found, expected) in sums {
        let sum: f64 = found.into_iter().map(f64::from).sum();
        assert!((sum - expected).abs() < 1e-6, "{sum} is not {expected}");
    }
    let w1 = transpose(&values(model.hidden_1.weight.val()), 2, 30);
    assert_eq!(w1[..4], [-0.288341254, 0.0234226044, -0.351190627, 0.266659558]);
    assert_eq!(values(model.output.bias.as_ref().unwrap().val()), [-0.0882182717, 0.0983677581]);
}

#[test]
fn a_7_training() {
    let device = Device::flex().autodiff();
    let mut rng = TorchRng::new(123);
    let model = torch_init(NeuralNetwork::new(2, 2, &device), &mut rng);
    let train_x = || ToyDataset::train().batch(&[0, 1, 2, 3, 4], &device.clone().inner()).features;
    let before =
        [-0.206513, -0.105743, -0.203585, -0.102076, -0.212413, -0.097446, -0.152636, 0.062823, -0.165309, 0.070061];
    assert_close(&values(model.valid().forward(train_x())), &before, 1e-5);

    let loader = ToyLoader::new(ToyDataset::train(), true, true);
    let (model, steps) = train(model, &loader, 0.5, 3, &mut rng, &device);
    let places: Vec<_> = steps.iter().map(|step| (step.epoch, step.batch)).collect();
    assert_eq!(places, [(1, 1), (1, 2), (2, 1), (2, 2), (3, 1), (3, 2)]);
    let losses: Vec<f32> = steps.iter().map(|step| step.loss).collect();
    assert_close(&losses, &[0.748736, 0.645031, 0.442256, 0.125623, 0.026906, 0.004327], 1e-4);

    let model_valid = model.valid();
    let logits = model_valid.forward(train_x());
    let expected = [2.8569, -4.1618, 2.5382, -3.7548, 2.0944, -3.1820, -1.4814, 1.4816, -1.7176, 1.7342];
    assert_close(&values(logits.clone()), &expected, 1.5e-4);
    let expected = [0.9991, 0.0009, 0.9982, 0.0018, 0.9949, 0.0051, 0.0491, 0.9509, 0.0307, 0.9693];
    assert_close(&values(softmax(logits.clone(), 1)), &expected, 1e-4);
    assert_eq!(logits.argmax(1).into_data().iter::<i64>().collect::<Vec<_>>(), [0, 0, 0, 1, 1]);
    let test_x = ToyDataset::test().batch(&[0, 1], &device.clone().inner()).features;
    assert_close(&values(model_valid.forward(test_x)), &[2.408835, -3.584802, -1.717876, 1.733445], 1e-4);

    assert_eq!(compute_accuracy(&model, &loader, &mut rng, &device), 1.0);
    let test = ToyLoader::new(ToyDataset::test(), false, false);
    assert_eq!(compute_accuracy(&model, &test, &mut rng, &device), 1.0);
}

// ---- A.9

#[test]
fn a_9_addition() {
    let device = Device::flex();
    let add = Tensor::<1>::from_floats([1.0, 2.0, 3.0], &device) + Tensor::from_floats([4.0, 5.0, 6.0], &device);
    assert_eq!(values(add), [5.0, 7.0, 9.0]);
}
