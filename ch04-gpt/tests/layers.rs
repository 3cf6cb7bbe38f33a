//! What is easy to get wrong in the parts of the model.

use burn::tensor::{Device, Tensor, s};
use ch04_gpt::shortcut::ExampleDeepNeuralNetwork;
use ch04_gpt::{FeedForward, LayerNorm, TransformerBlock, gelu};
use shared::init::{rand, randn, torch_init};
use shared::rng::TorchRng;
use shared::{GptConfig, Mode};
use testkit::{assert_close, values};

/// A few units in the last place of the numbers here, which are below 10.
const ROUNDING: f32 = 2e-6;

/// What a layer norm makes of 1 in [-1, 1]: eps keeps the root a little above 1.
const ONE: f32 = 0.999_995;

fn tiny() -> GptConfig {
    GptConfig { vocab_size: 100, ..GptConfig::preset("tiny").unwrap() }
}

/// With n - 1 the result of `[1, 3]` would be ±0.7071.
#[test]
fn the_variance_of_a_layer_norm_divides_by_n() {
    let device = Device::flex();
    let y = LayerNorm::new(2, &device).forward(Tensor::<2>::from_floats([[1.0, 3.0]], &device));
    assert_close(&values(y), &[-ONE, ONE], ROUNDING);
}

#[test]
fn eps_keeps_a_constant_vector_finite() {
    let device = Device::flex();
    let y = LayerNorm::new(3, &device).forward(Tensor::<2>::full([1, 3], 7.0, &device));
    assert_eq!(values(y), [0.0; 3]);
}

/// eps stands inside the root: sqrt(1e-6 + 1e-5), not 1e-3 + 1e-5.
#[test]
fn eps_stands_inside_the_root() {
    let device = Device::flex();
    let y = LayerNorm::new(2, &device).forward(Tensor::<2>::from_floats([[-1e-3, 1e-3]], &device));
    let expected = 1e-3 / (1e-6_f32 + 1e-5).sqrt();
    assert_close(&values(y), &[-expected, expected], ROUNDING);
}

#[test]
fn a_layer_norm_looks_at_one_vector_at_a_time() {
    let (device, mut rng) = (Device::flex(), TorchRng::new(1));
    let norm = LayerNorm::new(8, &device);
    let x = randn([2, 3, 8], &mut rng, &device);
    let whole = norm.forward(x.clone());
    let alone = norm.forward(x.slice(s![1, 2, ..]));
    assert_eq!(values(whole.slice(s![1, 2, ..])), values(alone));
}

#[test]
fn scale_and_shift_come_after_the_normalization() {
    let device = Device::flex();
    let mut norm = LayerNorm::new(2, &device);
    norm.scale = norm.scale.map(|_| Tensor::from_floats([2.0, 10.0], &device));
    norm.shift = norm.shift.map(|_| Tensor::from_floats([0.5, -1.0], &device));
    let y = norm.forward(Tensor::<2>::from_floats([[1.0, 3.0]], &device));
    assert_close(&values(y), &[0.5 - 2.0 * ONE, 10.0 * ONE - 1.0], ROUNDING);
}

#[test]
fn scale_and_shift_are_trained() {
    let device = Device::flex().autodiff();
    let norm = LayerNorm::new(2, &device);
    let x = Tensor::<2>::from_floats([[1.0, 3.0], [2.0, 0.0]], &device);
    let gradients = norm.forward(x).square().sum().backward();
    assert!(norm.scale.val().grad(&gradients).is_some());
    assert!(norm.shift.val().grad(&gradients).is_some());
}

#[test]
fn gelu_is_odd_around_half_of_its_argument() {
    // gelu(x) - gelu(-x) = x, whatever the approximation of the distribution function.
    let x = Tensor::<1>::from_floats([0.1, 0.7, 1.3, 2.9, 6.0], &Device::flex());
    assert_close(&values(gelu(x.clone()) - gelu(-x.clone())), &values(x), ROUNDING);
}

#[test]
fn gelu_stays_finite_far_out() {
    let x = Tensor::<1>::from_floats([-1e6, -100.0, 100.0, 1e6], &Device::flex());
    assert_eq!(values(gelu(x)), [0.0, 0.0, 100.0, 1e6]);
}

/// Central differences in f64 of the same formula: a gradient that the graph gets wrong, say NaN for negative inputs,
/// shows here.
#[test]
fn the_gradient_of_gelu_agrees_with_central_differences() {
    fn gelu_f64(x: f64) -> f64 {
        0.5 * x * (1.0 + ((2.0 / std::f64::consts::PI).sqrt() * (x + 0.044715 * x.powi(3))).tanh())
    }
    let device = Device::flex().autodiff();
    let points: Vec<f32> = (-40..=40).map(|i| i as f32 / 10.0).collect();
    let x = Tensor::<1>::from_floats(points.as_slice(), &device).require_grad();
    let gradients = gelu(x.clone()).sum().backward();
    let found = values(x.grad(&gradients).unwrap());
    let h = 1e-5;
    let difference = |&x: &f32| ((gelu_f64(f64::from(x) + h) - gelu_f64(f64::from(x) - h)) / (2.0 * h)) as f32;
    let expected: Vec<f32> = points.iter().map(difference).collect();
    assert_close(&found, &expected, ROUNDING);
}

#[test]
fn feed_forward_widens_four_times_and_works_per_position() {
    let (device, mut rng) = (Device::flex(), TorchRng::new(1));
    let ff = torch_init(FeedForward::new(&tiny(), &device), &mut rng);
    assert_eq!(ff.expand.weight.val().dims(), [96, 384]);
    assert_eq!(ff.contract.weight.val().dims(), [384, 96]);

    let x = rand([2, 5, 96], &mut rng, &device);
    let whole = ff.forward(x.clone()).slice(s![1, 3, ..]);
    let alone = ff.forward(x.slice(s![1, 3, ..]));
    assert_close(&values(whole), &values(alone), ROUNDING);
}

/// A shortcut around the last stage, 3 to 1, would broadcast instead of fail.
#[test]
fn a_shortcut_needs_equal_shapes() {
    let device = Device::flex().autodiff();
    let x = Tensor::<2>::from_floats([[1.0, 0.0, -1.0]], &device);
    let build = |use_shortcut| {
        let network = ExampleDeepNeuralNetwork::new(&[3, 1], use_shortcut, &device);
        torch_init(network, &mut TorchRng::new(123))
    };
    assert_eq!(build(true).forward(x.clone()).dims(), [1, 1]);
    assert_eq!(values(build(true).forward(x.clone())), values(build(false).forward(x)));
}

/// Without dropout the block is `x + attention(norm1(x))` and the same again with the feed-forward network: the norm
/// in front, and the shortcut around it.
#[test]
fn the_norms_of_a_block_stand_in_front() {
    let (device, mut rng) = (Device::flex(), TorchRng::new(1));
    let block = torch_init(TransformerBlock::new(&tiny(), &device), &mut rng);
    let x = rand([2, 5, 96], &mut rng, &device);
    let h = x.clone() + block.att.forward(block.norm1.forward(x.clone()), &mut Mode::Eval);
    let expected = h.clone() + block.ff.forward(block.norm2.forward(h));
    assert_eq!(values(block.forward(x, &mut Mode::Eval)), values(expected));
}

/// Attention weights first, then twice the shortcut: one 64-bit draw for every element of each.
#[test]
fn masks_of_a_block_are_drawn_in_the_order_of_the_data() {
    let (device, mut rng) = (Device::flex(), TorchRng::new(1));
    let block = torch_init(TransformerBlock::new(&tiny(), &device), &mut rng);
    let mut expected = rng.clone();
    block.forward(rand([2, 5, 96], &mut TorchRng::new(2), &device), &mut Mode::Train(&mut rng));
    (0..2 * 4 * 5 * 5 + 2 * (2 * 5 * 96)).for_each(|_| _ = expected.next_u64());
    assert_eq!(rng, expected);
}
