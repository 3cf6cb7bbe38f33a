//! How the tests compare a fast operation with the function of the lesson.

use burn::backend::Flex;
use burn::tensor::{Device, Int, Tensor, TensorData};

use crate::adamw::AdamWStep;
use crate::{GateKind, Heads, Mask};

/// Maximum difference of two results, relative to the numbers that are compared.
const TOLERANCE: f32 = 1e-4;

/// Pseudorandom numbers around 0.
pub fn numbers(n: usize, seed: u32) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9e37_79b9) ^ 0x1234_5678;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state as f32 / u32::MAX as f32 - 0.5
    };
    (0..n).map(|_| 2.0 * (next() + next() + next())).collect()
}

/// Calls both functions with flat tensors of these sizes, which they reshape, and compares their results without autodiff,
/// their results with it, and the gradients of a weighted sum of the result with respect to every tensor.
pub fn assert_same<const D: usize>(
    sizes: &[usize],
    fast: impl Fn(&[Tensor<1>]) -> Tensor<D>,
    lesson: impl Fn(&[Tensor<1>]) -> Tensor<D>,
) {
    let run = |f: &dyn Fn(&[Tensor<1>]) -> Tensor<D>| -> Vec<Vec<f32>> {
        let make = |device: &Device| -> Vec<Tensor<1>> {
            let tensor =
                |(i, &n): (usize, &usize)| Tensor::from_data(TensorData::new(numbers(n, i as u32 + 1), [n]), device);
            sizes.iter().enumerate().map(tensor).collect()
        };
        let values = |x: Tensor<1>| x.into_data().try_into_vec_as::<f32>().unwrap();
        let without = f(&make(&Device::flex()));
        let leaves: Vec<Tensor<1>> = make(&Device::flex().autodiff()).into_iter().map(Tensor::require_grad).collect();
        let with = f(&leaves);
        assert_eq!(without.dims(), with.dims());
        let with: Tensor<1> = with.reshape([-1]);
        let [n] = with.dims();
        let weights = Tensor::<1>::from_data(TensorData::new(numbers(n, 99), [n]), &Device::flex().autodiff());
        let gradients = (with.clone() * weights).sum().backward();
        let mut all = vec![values(without.reshape([-1])), values(with.inner())];
        all.extend(leaves.iter().map(|leaf| values(leaf.grad(&gradients).unwrap())));
        all
    };
    let (fast, lesson) = (run(&fast), run(&lesson));
    assert_eq!(fast.len(), lesson.len());
    for (i, (fast, lesson)) in fast.iter().zip(&lesson).enumerate() {
        let what = match i {
            0 => "result",
            1 => "result with autodiff",
            _ => "gradient",
        };
        assert_equal_up_to_rounding(fast, lesson, &format!("{what} {i} for sizes {sizes:?}"));
    }
}

/// Asserts that the error of every number is at most [`TOLERANCE`] times the sum of its own magnitude and the root mean square
/// of all, plus 1e-6: the rounding error of numbers around 1 that should cancel to 0.
pub fn assert_equal_up_to_rounding(found: &[f32], expected: &[f32], what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let mean_square = expected.iter().map(|x| x * x).sum::<f32>() / expected.len() as f32;
    for (i, (f, e)) in found.iter().zip(expected).enumerate() {
        let allowed = TOLERANCE * (e.abs() + mean_square.sqrt()) + 1e-6;
        assert!((f - e).abs() <= allowed, "{what}: number {i} is {f}, expected {e}");
    }
}

/// A pseudorandom dropout mask.
fn mask(n: usize, rate: f32) -> Mask {
    let keep: Vec<bool> = numbers(n, 7).iter().map(|x| (x * 1000.0).rem_euclid(1.0) >= rate).collect();
    let word = |bits: &[bool]| bits.iter().enumerate().fold(0, |word, (i, &bit)| word | u64::from(bit) << i);
    Mask::new(keep.chunks(64).map(word).collect(), n, f64::from(rate))
}

/// The loops without matrix products give the same bits with every instruction set: the checksum was computed with AVX-512,
/// and `.ci/instruction-sets` runs this test on processors without it.
#[test]
fn the_same_bits_with_every_instruction_set() {
    let device = Device::flex().autodiff();
    let leaf = |seed| Tensor::<1>::from_data(TensorData::new(numbers(3 * 37, seed), [3 * 37]), &device).require_grad();
    let bits = |x: Tensor<1>| x.into_data().iter::<f32>().map(f32::to_bits).collect::<Vec<_>>();
    let mut all = Vec::new();
    let mut take = |y: Tensor<2>, leaves: &[&Tensor<1>]| {
        let gradients = (y.clone() * y.clone()).sum().backward();
        all.extend(bits(y.inner().reshape([-1])));
        all.extend(leaves.iter().flat_map(|leaf| bits(leaf.grad(&gradients).unwrap())));
    };
    let (x, y) = (leaf(1), leaf(2));
    let vector = |seed| leaf(seed).narrow(0, 0, 37);
    let rows = |x: &Tensor<1>| x.clone().reshape([3, 37]);
    take(crate::gelu(rows(&x)), &[&x]);
    take(crate::layer_norm(rows(&x), vector(3), vector(4), 1e-5), &[&x]);
    take(crate::rms_norm(rows(&x), vector(3), 1e-5, true), &[&x]);
    take(crate::gated(GateKind::Silu, rows(&x), rows(&y)), &[&x, &y]);
    take(crate::gated(GateKind::Gelu, rows(&x), rows(&y)), &[&x, &y]);
    let angles = |values: &Tensor<1>| values.clone().inner().narrow(0, 0, 36).reshape([2, 18]);
    let turned = crate::rotate(x.clone().narrow(0, 0, 72).reshape([1, 2, 36]), angles(&y), angles(&x));
    take(turned.reshape([2, 36]), &[&x]);
    take(crate::dropout_add(rows(&x), mask(3 * 37, 0.2), rows(&y)), &[&x, &y]);
    let step = AdamWStep { learning_rate: 0.01, beta_1: 0.9, beta_2: 0.999, eps: 1e-8, weight_decay: 0.1, step: 2 };
    let (weight, moments) = step.update(x.inner(), y.inner(), None);
    all.extend([weight].into_iter().chain(moments).flat_map(bits));
    // FNV-1a, word by word.
    let sum =
        all.iter().fold(0xcbf2_9ce4_8422_2325u64, |sum, &word| (sum ^ u64::from(word)).wrapping_mul(0x100_0000_01b3));
    assert_eq!(sum, 6_692_429_419_763_939_018, "the checksum of {} numbers", all.len());
}

/// Below the first trained parameter of a model, nothing is kept for a backward pass that never comes there.
#[test]
fn operations_without_a_trained_input_keep_nothing() {
    let device = Device::flex().autodiff();
    let ids = Tensor::<1, Int>::zeros([4], &device);
    let x = Tensor::<2>::ones([4, 4], &device);
    let rows = || x.clone().unsqueeze::<3>();
    let heads = Heads { queries: 2, keys: 2, factor: 1.0, window: None };
    let vector = || Tensor::<1>::ones([4], &device);
    let results = [
        crate::linear(x.clone(), x.clone(), Some(vector())),
        crate::linear(x.clone(), x.clone(), None),
        crate::linear_transposed(x.clone(), x.clone()),
        crate::linear_with_lora(x.clone(), x.clone(), None, [x.clone(), x.clone()], 1.0),
        crate::rms_norm(x.clone(), vector(), 1e-5, false),
        crate::layer_norm(x.clone(), vector(), vector(), 1e-5),
        crate::gated(GateKind::Silu, x.clone(), x.clone()),
        crate::gelu(x.clone()),
        crate::embedding(x.clone(), ids.clone().unsqueeze()).squeeze_dim(0),
        crate::shared_attention(rows(), rows(), rows(), heads).squeeze_dim(0),
        crate::cross_entropy(x.clone(), ids, -100).unsqueeze(),
    ];
    let x = x.inner().try_into_primitive::<Flex>().unwrap();
    assert!(x.is_unique(), "one of {} operations holds its input", results.len());
}
