//! The generator against numbers that PyTorch and numpy printed.

use burn::tensor::{Device, Tensor};
use serde_json::Value;
use shared::rng::{NumpyRng, TorchRng};
use shared::{BatchLoader, Dropout, Mode, init};

/// PyTorch's numbers for four seeds (`torch` 2.15, CPU). Every key starts from a fresh seed.
fn golden() -> Vec<(u64, Value)> {
    let all: Value = serde_json::from_str(include_str!("golden/rng.json")).unwrap();
    let seeds = all.as_object().unwrap();
    assert_eq!(seeds.len(), 4);
    seeds.iter().map(|(seed, values)| (seed.parse().unwrap(), values.clone())).collect()
}

/// All numbers of a nested list, in order.
fn flat(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(items) => items.iter().flat_map(flat).collect(),
        number => vec![number.as_f64().unwrap()],
    }
}

fn exact(value: &Value) -> Vec<f32> {
    flat(value).into_iter().map(|x| x as f32).collect()
}

fn ints<T: TryFrom<i64>>(value: &Value) -> Vec<T>
where
    T::Error: std::fmt::Debug,
{
    value.as_array().unwrap().iter().map(|x| T::try_from(x.as_i64().unwrap()).unwrap()).collect()
}

/// Normal numbers: PyTorch's vectorised logarithm and cosine round differently from ours.
fn assert_normal(found: &[f32], expected: &Value) {
    let expected = exact(expected);
    assert_eq!(found.len(), expected.len());
    for (f, e) in found.iter().zip(&expected) {
        assert!((f - e).abs() <= 2e-6, "{f} is not {e}");
    }
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_into_vec_as().unwrap()
}

#[test]
fn every_key_is_checked() {
    let tested = [
        "rand_10",
        "randn_5",
        "randn_7_then_rand_3",
        "randn_20",
        "randn_35",
        "randperm_10",
        "randperm_1000_first_10",
        "int64_random_3",
        "randint_0_100_10",
        "linear_3_2_weight",
        "linear_8_4",
        "embedding_6_3",
        "dropout_p0.5_ones_6x6",
        "dropout_p0.1_ones_4x8",
        "multinomial_softmax_arange8_div3_20",
        "loader_11_batch3_shuffle_drop_last_2_epochs",
        "rand_after_those_2_epochs",
    ];
    for (_, values) in golden() {
        let mut keys: Vec<_> = values.as_object().unwrap().keys().collect();
        keys.sort();
        let mut tested = tested.to_vec();
        tested.sort();
        assert_eq!(keys, tested);
    }
}

#[test]
fn uniform_and_integers_are_bit_exact() {
    for (seed, g) in golden() {
        assert_eq!(TorchRng::new(seed).rand(10), exact(&g["rand_10"]));
        assert_eq!(TorchRng::new(seed).randperm(10), ints::<usize>(&g["randperm_10"]));
        assert_eq!(TorchRng::new(seed).randperm(1000)[..10], ints::<usize>(&g["randperm_1000_first_10"]));
        let mut rng = TorchRng::new(seed);
        let three: Vec<i64> = (0..3).map(|_| rng.random_i64()).collect();
        assert_eq!(three, ints::<i64>(&g["int64_random_3"]));
        assert_eq!(TorchRng::new(seed).randint(0, 100, 10), ints::<i64>(&g["randint_0_100_10"]));
    }
}

#[test]
fn normals_on_both_paths() {
    for (seed, g) in golden() {
        assert_normal(&TorchRng::new(seed).randn(5), &g["randn_5"]);
        let mut rng = TorchRng::new(seed);
        assert_normal(&rng.randn(7), &g["randn_7_then_rand_3"][0]);
        assert_eq!(rng.rand(3), exact(&g["randn_7_then_rand_3"][1]));
        assert_normal(&TorchRng::new(seed).randn(20), &g["randn_20"]);
        assert_normal(&TorchRng::new(seed).randn(35), &g["randn_35"]);
    }
}

/// The eighth value of the short path is the one cached with the seventh, also across calls.
#[test]
fn the_second_value_of_a_pair_waits_for_the_next_call() {
    let at_once = TorchRng::new(123).randn(8);
    let mut rng = TorchRng::new(123);
    let mut in_two = rng.randn(7);
    in_two.extend(rng.randn(1));
    assert_eq!(at_once, in_two);
}

#[test]
fn layers_draw_as_pytorch_does() {
    let device = Device::flex();
    for (seed, g) in golden() {
        let linear = init::linear(3, 2, false, &mut TorchRng::new(seed), &device);
        assert_eq!(values(linear.weight.val().transpose()), exact(&g["linear_3_2_weight"]));
        let linear = init::linear(8, 4, true, &mut TorchRng::new(seed), &device);
        assert_eq!(values(linear.weight.val().transpose()), exact(&g["linear_8_4"]["weight"]));
        assert_eq!(values(linear.bias.unwrap().val()), exact(&g["linear_8_4"]["bias"]));
        let embedding = init::embedding(6, 3, &mut TorchRng::new(seed), &device);
        assert_normal(&values(embedding.weight.val()), &g["embedding_6_3"]);
    }
}

#[test]
fn dropout_draws_as_pytorch_does() {
    let device = Device::flex();
    for (seed, g) in golden() {
        let mut rng = TorchRng::new(seed);
        let half = Dropout::new(0.5).forward(Tensor::<2>::ones([6, 6], &device), &mut Mode::Train(&mut rng));
        assert_eq!(values(half), exact(&g["dropout_p0.5_ones_6x6"]));
        let mut rng = TorchRng::new(seed);
        let tenth = Dropout::new(0.1).forward(Tensor::<2>::ones([4, 8], &device), &mut Mode::Train(&mut rng));
        assert_eq!(values(tenth), exact(&g["dropout_p0.1_ones_4x8"]));
    }
}

#[test]
fn dropout_is_the_identity_in_evaluation_and_at_rate_0() {
    let device = Device::flex();
    let x = Tensor::<2>::ones([3, 3], &device);
    let kept = Dropout::new(0.9).forward(x.clone(), &mut Mode::Eval);
    assert_eq!(values(kept), vec![1.0; 9]);
    let mut rng = TorchRng::new(1);
    let kept = Dropout::new(0.0).forward(x, &mut Mode::Train(&mut rng));
    assert_eq!(values(kept), vec![1.0; 9]);
    assert_eq!(rng, TorchRng::new(1), "a rate of 0 draws nothing");
}

#[test]
fn multinomial_draws_as_pytorch_does() {
    let logits: Vec<f32> = (0..8).map(|i| i as f32 / 3.0).collect();
    let sum: f32 = logits.iter().map(|x| x.exp()).sum();
    let probabilities: Vec<f32> = logits.iter().map(|x| x.exp() / sum).collect();
    for (seed, g) in golden() {
        let mut rng = TorchRng::new(seed);
        let drawn: Vec<usize> = (0..20).map(|_| rng.multinomial(&probabilities)).collect();
        assert_eq!(drawn, ints::<usize>(&g["multinomial_softmax_arange8_div3_20"]));
    }
}

#[test]
fn loader_draws_as_pytorch_does() {
    for (seed, g) in golden() {
        let mut rng = TorchRng::new(seed);
        let loader = BatchLoader { len: 11, batch_size: 3, shuffle: true, drop_last: true };
        for epoch in g["loader_11_batch3_shuffle_drop_last_2_epochs"].as_array().unwrap() {
            let expected: Vec<Vec<usize>> = epoch.as_array().unwrap().iter().map(ints).collect();
            assert_eq!(loader.batches(&mut rng), expected);
        }
        assert_eq!(rng.rand(2), exact(&g["rand_after_those_2_epochs"]));
    }
}

/// Id `5.0-loader-order` of the specification of chapter 5, and the draws of passes that do not shuffle.
#[test]
fn loader_order_of_chapter_5() {
    let mut rng = TorchRng::new(123);
    let loader = BatchLoader { len: 18, batch_size: 2, shuffle: true, drop_last: true };
    let flat = |rng: &mut TorchRng| loader.batches(rng).concat();
    assert_eq!(flat(&mut rng), [0, 7, 14, 5, 6, 1, 17, 2, 11, 12, 9, 16, 13, 10, 3, 8, 15, 4]);
    assert_eq!(flat(&mut rng), [9, 15, 2, 17, 14, 16, 8, 6, 1, 11, 4, 10, 0, 13, 7, 12, 3, 5]);
    assert_eq!(flat(&mut rng), [16, 4, 5, 1, 7, 15, 9, 10, 0, 14, 17, 11, 3, 2, 12, 8, 13, 6]);

    let plain = BatchLoader { len: 5, batch_size: 2, shuffle: false, drop_last: false };
    let mut rng = TorchRng::new(123);
    assert_eq!(plain.batches(&mut rng), [vec![0, 1], vec![2, 3], vec![4]]);
    assert_eq!(rng.random_i64(), 5278339153051796802, "one 64-bit draw is gone");
    assert_eq!(BatchLoader { drop_last: true, ..plain }.num_batches(), 2);
}

/// Numbers of numpy 2.4's `RandomState`.
#[test]
fn numpy_random_state() {
    assert_eq!(NumpyRng::new(123).random_sample(), 0.6964691855978616);
    assert_eq!(NumpyRng::new(123).permutation(10), [4, 0, 7, 5, 8, 3, 1, 6, 9, 2]);
    let mut rng = NumpyRng::new(123);
    assert_eq!(rng.choice(1000, 5), [131, 203, 50, 585, 138]);
    assert_eq!(rng.permutation(5), [1, 2, 3, 0, 4]);
    assert_eq!(NumpyRng::new(0).permutation(10), [2, 8, 4, 9, 1, 6, 7, 3, 0, 5]);
}
