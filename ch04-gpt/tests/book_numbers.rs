//! The numbers of chapter 4, one test each.
//!
//! Tolerances, stated once:
//! - [`DIGITS_4`]: printed with four decimals, so half a unit of the last one, plus 1e-5 for the order of the sums;
//! - [`DIGITS_6`]: given with six decimals. Normal numbers agree with PyTorch's within 2e-6, and twelve blocks of
//!   float32 sums in another order add up to about 1e-5.
//!
//! `4.7-generate-10` of faster code (section 5.3) is in `engine/fast/tests/lessons.rs`. Two ids have no test:
//! `4.1-dummy-logits-intel` comes from another generator of dropout masks, and the cells behind `4.7-generate-6-cn` did
//! not run in order. Neither can be reproduced.

use std::sync::LazyLock;

use burn::module::Module;
use burn::tensor::activation::relu;
use burn::tensor::{Device, Int, Tensor, s};
use ch02_text::Gpt2Tokenizer;
use ch04_gpt::bonus::generate_text_cached;
use ch04_gpt::shortcut::ExampleDeepNeuralNetwork;
use ch04_gpt::{DummyGptModel, FeedForward, GptModel, LayerNorm, TransformerBlock, gelu, generate_text_simple};
use shared::init::{rand, randn, torch_init};
use shared::rng::TorchRng;
use shared::{GptConfig, Linear, Mode};
use testkit::{assert_close, values};

const DIGITS_4: f32 = 6e-5;
const DIGITS_6: f32 = 1e-5;

fn gpt_config_124m() -> GptConfig {
    GptConfig::preset("124M").unwrap()
}

/// A model and the generator as its initialisation left it.
struct Built<M> {
    model: M,
    rng: TorchRng,
}

/// Seed 123, the model of section 4.6. One for all tests: it takes 650 MB and a second or two.
static GPT: LazyLock<Built<GptModel>> = LazyLock::new(|| {
    let mut rng = TorchRng::new(123);
    let model = torch_init(GptModel::new(&gpt_config_124m(), &Device::flex()), &mut rng);
    Built { model, rng }
});

/// Seed 123, the placeholder model of section 4.1.
static DUMMY: LazyLock<Built<DummyGptModel>> = LazyLock::new(|| {
    let mut rng = TorchRng::new(123);
    let model = torch_init(DummyGptModel::new(&gpt_config_124m(), &Device::flex()), &mut rng);
    Built { model, rng }
});

/// "Every effort moves you" and "Every day holds a".
fn batch() -> Tensor<2, Int> {
    Tensor::from_ints([[6109, 3626, 6100, 345], [6109, 1110, 6622, 257]], &Device::flex())
}

/// "Hello, I am".
const HELLO: [u32; 4] = [15496, 11, 314, 716];

fn hello() -> Tensor<2, Int> {
    Tensor::<1, Int>::from_ints(HELLO.as_slice(), &Device::flex()).unsqueeze()
}

fn ids<const D: usize>(tensor: Tensor<D, Int>) -> Vec<u32> {
    tensor.into_data().try_into_vec_as().unwrap()
}

/// The first three and the last three columns of every row, as PyTorch prints them.
fn ends(x: Tensor<3>) -> Vec<f32> {
    let first = x.clone().slice(s![.., .., ..3]);
    let last = x.slice(s![.., .., -3..]);
    values(Tensor::cat(vec![first, last], 2))
}

/// `count` new tokens after "Hello, I am".
fn generated(count: usize) -> Vec<u32> {
    ids(generate_text_simple(&GPT.model, hello(), count, gpt_config_124m().context_length))
}

// ---- Section 2 of the chapter's numbers: the generator and the parameters

#[test]
fn generator_after_the_model() {
    assert_close(&GPT.rng.clone().rand(3), &[0.869972, 0.381476, 0.785093], 1e-6);
}

#[test]
fn generator_after_a_training_pass() {
    let mut rng = GPT.rng.clone();
    GPT.model.forward(batch(), &mut Mode::Train(&mut rng));
    assert_close(&rng.rand(3), &[0.006750, 0.720340, 0.354911], 1e-6);
}

#[test]
fn generator_after_the_dummy_model() {
    assert_close(&DUMMY.rng.clone().rand(3), &[0.952113, 0.529753, 0.789536], 1e-6);
}

/// PyTorch's `weight[0, :n]` is burn's first column.
fn first_weights(linear: &shared::Linear, n: usize) -> Vec<f32> {
    values(linear.weight.val().slice(s![..n, 0]))
}

fn first_biases(linear: &shared::Linear, n: usize) -> Vec<f32> {
    values(linear.bias.as_ref().unwrap().val().slice(s![..n]))
}

#[test]
fn parameters_of_the_model() {
    // Uniform values are exact, normal ones within 2e-6; both are given with six decimals.
    let tolerance = 2.5e-6;
    let model = &GPT.model;
    let tok = values(model.tok_emb.weight.val().slice(s![0, ..4]));
    assert_close(&tok, &[0.337370, -0.177777, -0.303528, -0.588012], tolerance);
    let pos = values(model.pos_emb.weight.val().slice(s![0, ..4]));
    assert_close(&pos, &[0.876873, 0.255025, 0.844124, -0.508880], tolerance);

    let (first, last) = (&model.trf_blocks[0], &model.trf_blocks[11]);
    let w_query = first_weights(&first.att.w_query, 4);
    assert_close(&w_query, &[0.026624, 0.004932, -0.018177, -0.022854], tolerance);
    assert_close(&first_biases(&first.att.out_proj, 3), &[-0.011860, -0.017033, 0.025719], tolerance);
    assert_close(&first_weights(&first.ff.expand, 3), &[0.033590, -0.003642, -0.012833], tolerance);
    assert_close(&first_biases(&first.ff.expand, 3), &[-0.029762, -0.020110, -0.001960], tolerance);
    assert_close(&first_biases(&last.ff.contract, 3), &[-0.007760, 0.004033, 0.012251], tolerance);

    let head = first_weights(&model.out_head, 4);
    assert_close(&head, &[0.027594, -0.032156, 0.033238, 0.004335], tolerance);
    let head = values(model.out_head.weight.val().slice(s![-4.., -1..]));
    assert_close(&head, &[0.018394, 0.006351, -0.005745, -0.012392], tolerance);
}

// ---- 4.1

/// Figure 4.4: the first two columns of the embeddings of "Every effort moves you".
#[test]
fn figure_4_4_embeddings() {
    let positions = Tensor::<1, Int>::arange(0..4, &Device::flex()).unsqueeze();
    let x = GPT.model.tok_emb.forward(batch()) + GPT.model.pos_emb.forward(positions);
    let found = values(x.slice(s![0, .., ..2]));
    assert_close(&found, &[2.4915, 2.4172, -2.6049, -1.3001, 2.0582, 1.8430, -1.6613, -2.1208], DIGITS_4);
}

#[test]
fn n4_1_batch() {
    let tokenizer = Gpt2Tokenizer::new();
    let rows = ["Every effort moves you", "Every day holds a"].map(|text| tokenizer.encode(text).unwrap());
    assert_eq!(rows, [[6109, 3626, 6100, 345], [6109, 1110, 6622, 257]]);
    assert_eq!(ids(batch()), rows.concat());
}

#[test]
fn n4_1_dummy_shape() {
    assert_eq!(DUMMY.model.forward(batch(), &mut Mode::Eval).dims(), [2, 4, 50257]);
}

#[test]
fn n4_1_dummy_logits() {
    let mut rng = DUMMY.rng.clone();
    let logits = DUMMY.model.forward(batch(), &mut Mode::Train(&mut rng));
    #[rustfmt::skip]
    let expected = [
        -1.2034, 0.3201, -0.7130, -1.5548, -0.2390, -0.4667,
        -0.1192, 0.4539, -0.4432, 0.2392, 1.3469, 1.2430,
        0.5307, 1.6720, -0.4695, 1.1966, 0.0111, 0.5835,
        0.0139, 1.6754, -0.3388, 1.1586, -0.0435, -1.0400,
        -1.0908, 0.1798, -0.9484, -1.6047, 0.2439, -0.4530,
        -0.7860, 0.5581, -0.0610, 0.4835, -0.0077, 1.6621,
        0.3567, 1.2698, -0.6398, -0.0162, -0.1296, 0.3717,
        -0.2407, -0.7349, -0.5102, 2.0057, -0.3694, 0.1814,
    ];
    assert_close(&ends(logits), &expected, DIGITS_4);
}

#[test]
fn n4_1_dummy_eval() {
    let logits = DUMMY.model.forward(batch(), &mut Mode::Eval);
    #[rustfmt::skip]
    let expected = [
        -1.1947, 0.1392, -0.8616, -1.4987, -0.0314, -0.4490,
        0.0497, 0.3861, -0.3281, -0.1826, 1.3084, 0.9867,
        0.7005, 1.4747, -0.4149, 1.7756, -0.2280, 0.5384,
        0.4885, 1.7545, -0.6707, 1.1501, -0.1143, -0.9368,
        -1.1947, 0.1392, -0.8616, -1.4987, -0.0314, -0.4490,
        -0.5591, 0.5797, -0.1296, 0.2691, 0.3151, 1.4046,
        0.8524, 1.2833, -0.1786, -0.1982, 0.1097, 0.2812,
        -0.0190, -0.8277, 0.2299, 1.7974, -0.1646, -0.1049,
    ];
    assert_close(&ends(logits), &expected, DIGITS_4);
}

// ---- 4.2

/// Seed 123: the inputs, and a linear layer over them before and after ReLU.
fn r42() -> [Tensor<2>; 3] {
    let (device, mut rng) = (Device::flex(), TorchRng::new(123));
    let inputs = randn([2, 5], &mut rng, &device);
    let linear = torch_init(Linear::new(5, 6, true, &device), &mut rng);
    let before = linear.forward(inputs.clone());
    [inputs, before.clone(), relu(before)]
}

#[test]
fn n4_2_batch_example() {
    let [inputs, ..] = r42();
    let expected = [-0.1115, 0.1204, -0.3696, -0.2404, -1.1969, 0.2093, -0.9724, -0.7550, 0.3239, -0.1085];
    assert_close(&values(inputs), &expected, DIGITS_4);
}

#[test]
fn n4_2_out() {
    let [_, before, out] = r42();
    #[rustfmt::skip]
    let expected = [
        0.2260, 0.3470, -0.4727, 0.2216, -0.1220, -0.8747,
        0.2133, 0.2394, -0.1502, 0.5198, 0.3297, -0.2985,
    ];
    assert_close(&values(before), &expected, DIGITS_4);
    let expected = [0.2260, 0.3470, 0.0, 0.2216, 0.0, 0.0, 0.2133, 0.2394, 0.0, 0.5198, 0.3297, 0.0];
    assert_close(&values(out), &expected, DIGITS_4);
}

#[test]
fn n4_2_mean_var() {
    let [_, _, out] = r42();
    assert_close(&values(out.clone().mean_dim(1)), &[0.1324, 0.2170], DIGITS_4);
    assert_close(&values(out.var(1)), &[0.0231, 0.0398], DIGITS_4);
}

#[test]
fn n4_2_norm() {
    let [_, _, out] = r42();
    let (variance, mean) = out.clone().var_mean(1);
    let norm = (out - mean) / variance.sqrt();
    #[rustfmt::skip]
    let expected = [
        0.6159, 1.4126, -0.8719, 0.5872, -0.8719, -0.8719,
        -0.0189, 0.1121, -1.0876, 1.5173, 0.5647, -1.0876,
    ];
    assert_close(&values(norm.clone()), &expected, DIGITS_4);
    assert_close(&values(norm.clone().mean_dim(1)), &[0.0, 0.0], 1e-6);
    assert_close(&values(norm.var(1)), &[1.0, 1.0], DIGITS_4);
}

#[test]
fn n4_2_layernorm_ref() {
    let [_, _, out] = r42();
    let norm = LayerNorm::new(6, &Device::flex()).forward(out);
    #[rustfmt::skip]
    let expected = [
        0.6745, 1.5470, -0.9549, 0.6431, -0.9549, -0.9549,
        -0.0207, 0.1228, -1.1913, 1.6619, 0.6186, -1.1913,
    ];
    assert_close(&values(norm.clone()), &expected, DIGITS_4);
    assert_close(&values(norm.clone().mean_dim(1)), &[0.0, 0.0], 1e-6);
    assert_close(&values(norm.var_bias(1)), &[0.9995, 0.9997], DIGITS_4);
}

#[test]
fn n4_2_layernorm_cn() {
    let [inputs, ..] = r42();
    let norm = LayerNorm::new(5, &Device::flex()).forward(inputs);
    let expected = [0.5528, 1.0693, -0.0223, 0.2656, -1.8654, 0.9087, -1.3767, -0.9564, 1.1304, 0.2940];
    assert_close(&values(norm.clone()), &expected, DIGITS_4);
    assert_close(&values(norm.clone().mean_dim(1)), &[0.0, 0.0], 1e-6);
    assert_close(&values(norm.var_bias(1)), &[1.0, 1.0], DIGITS_4);
}

// ---- 4.3

#[test]
fn n4_3_emb_dim() {
    assert_eq!(gpt_config_124m().emb_dim, 768);
}

#[test]
fn n4_3_ffn_shape() {
    let (device, mut rng) = (Device::flex(), TorchRng::new(123));
    let ffn = torch_init(FeedForward::new(&gpt_config_124m(), &device), &mut rng);
    assert_eq!(ffn.forward(rand([2, 3, 768], &mut rng, &device)).dims(), [2, 3, 768]);
}

#[test]
fn n4_3_gelu() {
    let device = Device::flex();
    let x = Tensor::<1>::from_floats([-3.0, -2.0, -1.0, -0.75, -0.5, 0.0, 0.5, 1.0, 2.0, 3.0], &device);
    let tanh = [-0.0036, -0.0454, -0.1588, -0.1700, -0.1543, 0.0000, 0.3457, 0.8412, 1.9546, 2.9964];
    assert_close(&values(gelu(x.clone())), &tanh, DIGITS_4);
    let erf = [-0.0041, -0.0455, -0.1587, -0.1700, -0.1543, 0.0000, 0.3457, 0.8413, 1.9545, 2.9959];
    assert_close(&values(burn::tensor::activation::gelu(x)), &erf, DIGITS_4);

    let points: Vec<f32> = (0..100).map(|i| -3.0 + 6.0 * i as f32 / 99.0).collect();
    let x = Tensor::<1>::from_floats(points.as_slice(), &device);
    let y = gelu(x.clone());
    assert_close(&values(y.clone().min()), &[-0.1700], DIGITS_4);
    let at: u32 = y.clone().argmin(0).into_scalar();
    assert_close(&[points[at as usize]], &[-0.7576], DIGITS_4);
    assert_close(&values(y.sum()), &[67.5489], DIGITS_4);
    assert_close(&values(relu(x).sum()), &[75.7576], DIGITS_4);
}

// ---- 4.4

/// Output, loss and gradients of the example network; the printed gradients hold within a relative 1e-5.
fn check_gradients(use_shortcut: bool, output: f32, loss: f32, gradients: [f32; 5]) {
    let device = Device::flex().autodiff();
    let network = ExampleDeepNeuralNetwork::new(&[3, 3, 3, 3, 3, 1], use_shortcut, &device);
    let network = torch_init(network, &mut TorchRng::new(123));
    let x = Tensor::<2>::from_floats([[1.0, 0.0, -1.0]], &device);

    let y = values(network.forward(x.clone()))[0];
    assert_close(&[y], &[output], 1e-6);
    assert_close(&[y * y], &[loss], 1e-6);
    for (found, expected) in network.mean_abs_gradients(x).into_iter().zip(gradients) {
        assert_close(&[found], &[expected], 1e-5 * expected);
    }
}

#[test]
fn n4_4_gradients_plain() {
    let gradients = [0.000_201_735_88, 0.000_120_111_595, 0.000_715_204, 0.001_398_873_6, 0.005_049_645_4];
    check_gradients(false, 0.0610073, 0.0037218954, gradients);
}

#[test]
fn n4_4_gradients_shortcut() {
    let gradients = [0.221_697_93, 0.206_941_07, 0.328_969_96, 0.266_573_22, 1.325_854_1];
    check_gradients(true, 0.7669317, 0.5881842, gradients);
}

// ---- 4.5

/// Seed 123: the input, the block, and the generator after both.
fn block_recipe() -> (Tensor<3>, TransformerBlock, TorchRng) {
    let (device, mut rng) = (Device::flex(), TorchRng::new(123));
    let x = rand([2, 4, 768], &mut rng, &device);
    let block = torch_init(TransformerBlock::new(&gpt_config_124m(), &device), &mut rng);
    (x, block, rng)
}

#[test]
fn n4_5_block_shape() {
    let (x, block, mut rng) = block_recipe();
    assert_eq!(x.dims(), [2, 4, 768]);
    assert_eq!(block.forward(x, &mut Mode::Train(&mut rng)).dims(), [2, 4, 768]);
}

#[test]
fn n4_5_block() {
    let (x, block, mut rng) = block_recipe();
    assert_close(&values(x.clone().slice(s![0, .., ..1])), &[0.2961, 0.2238, 0.6945, 0.0890], DIGITS_4);
    assert_close(&values(x.clone().slice(s![0, .., -1..])), &[0.4604, 0.7598, 0.5963, 0.5833], DIGITS_4);

    let training = block.forward(x.clone(), &mut Mode::Train(&mut rng));
    #[rustfmt::skip]
    let expected = [
        -0.0055, 0.0972, -0.1122, 1.2889, 0.2623, 0.6685,
        0.0023, -0.2369, 0.1720, 0.5952, 0.2497, 0.7447,
        0.4673, 0.4472, 0.1791, 1.2525, 0.3045, 0.7750,
        0.0662, 0.7224, 0.9206, 0.4790, 0.7428, 0.7015,
        0.3622, 1.2144, 0.5221, 0.1854, 0.0111, -0.5034,
        -0.0225, 0.7789, 0.2770, 0.1734, 0.5419, 0.1143,
        0.7425, 0.4013, 0.3211, 0.3268, 0.7523, -0.1642,
        0.5745, 0.6241, 0.4410, 1.1963, 1.2650, 0.2243,
    ];
    assert_close(&ends(training), &expected, DIGITS_4);

    let evaluation = block.forward(x, &mut Mode::Eval);
    #[rustfmt::skip]
    let expected = [
        0.1290, 0.2661, -0.0603, 1.2645, 0.4069, 0.5795,
        0.0445, -0.0215, 0.0909, 0.6491, 0.1775, 0.9059,
        0.5594, 0.4133, 0.0380, 1.1603, 0.4426, 0.6368,
        0.0502, 0.7395, 0.7635, 0.4880, 0.6023, 0.7888,
        0.2140, 1.0619, 0.4972, 0.1969, 0.1990, -0.4168,
        -0.1346, 0.5645, 0.2222, 0.3421, 0.2916, 0.0525,
        0.8469, 0.3341, 0.3897, 0.3094, 0.8419, -0.1588,
        0.4914, 0.5906, 0.3382, 1.2108, 1.2708, 0.2097,
    ];
    assert_close(&ends(evaluation), &expected, DIGITS_4);
}

// ---- 4.6

#[test]
fn n4_6_gpt_logits() {
    let mut rng = GPT.rng.clone();
    let logits = GPT.model.forward(batch(), &mut Mode::Train(&mut rng));
    assert_eq!(logits.dims(), [2, 4, 50257]);
    #[rustfmt::skip]
    let expected = [
        0.361261, 0.422249, -0.071129, 0.348300, 0.466112, -0.283779,
        -0.179169, -0.566035, -0.948509, 0.047725, 0.518086, -0.316802,
        0.711967, 0.033193, 0.108505, 0.101767, -0.432742, -0.255289,
        -1.007564, 0.341829, -0.119013, 0.719516, 0.402290, 0.053239,
        -0.256404, 0.090026, 0.033530, 0.265915, 0.445383, -0.680559,
        0.122964, 0.365285, -0.207368, 0.770488, 0.271047, 0.224577,
        1.055774, 1.031755, -0.279976, 0.693618, 0.320515, -0.317776,
        -0.156516, 0.392636, 0.328826, 1.263019, -0.185847, 0.038762,
    ];
    assert_close(&ends(logits), &expected, DIGITS_6);
}

#[test]
fn n4_6_gpt_logits_eval() {
    let logits = GPT.model.forward(batch(), &mut Mode::Eval);
    #[rustfmt::skip]
    let expected = [
        0.064165, 0.204426, -0.169455, 0.178874, 0.219210, -0.581531,
        0.377356, -0.425451, -0.658738, -0.250504, 0.465529, -0.257602,
        0.889959, -0.137698, 0.147481, 0.177703, -0.120151, -0.189024,
        -0.972761, 0.097338, -0.254193, 1.103519, 0.376390, -0.590057,
        0.064165, 0.204426, -0.169455, 0.178874, 0.219210, -0.581531,
        0.134334, -0.212893, -0.027021, 0.811531, -0.047410, 0.311861,
        0.899961, 0.953964, -0.178963, 0.830533, 0.276570, -0.024578,
        -0.000093, 0.193898, 0.512167, 1.191522, -0.164313, 0.037046,
    ];
    assert_close(&ends(logits.clone()), &expected, DIGITS_6);
    assert_eq!(ids(logits.clone().argmax(2)), [30369, 2463, 20610, 37532, 30369, 30882, 17284, 31387]);

    let logits: Vec<f64> = values(logits).into_iter().map(f64::from).collect();
    let mean = logits.iter().sum::<f64>() / logits.len() as f64;
    let variance = logits.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (logits.len() - 1) as f64;
    assert_close(&[mean as f32, variance.sqrt() as f32], &[0.001562, 0.576444], 1e-6);
}

#[test]
fn n4_6_params() {
    assert_eq!(GPT.model.num_params(), 163_009_536);
    assert_eq!(gpt_config_124m().num_params(), 163_009_536);
}

/// PyTorch prints both as `[50257, 768]`; burn keeps a linear layer's weight the other way round.
#[test]
fn n4_6_shapes() {
    assert_eq!(GPT.model.tok_emb.weight.lazy_shape().dims(), [50257, 768]);
    assert_eq!(GPT.model.out_head.weight.lazy_shape().dims(), [768, 50257]);
}

#[test]
fn n4_6_params_tied() {
    assert_eq!(GPT.model.num_params_tied(), 124_412_160);
}

#[test]
fn n4_6_size() {
    assert_eq!(format!("{:.2}", GPT.model.size_mb()), "621.83");
}

// ---- 4.7

#[test]
fn n4_7_encoded() {
    assert_eq!(Gpt2Tokenizer::new().encode("Hello, I am").unwrap(), HELLO);
    assert_eq!(hello().dims(), [1, 4]);
}

/// The ids that follow "Hello, I am".
const CONTINUATION: [u32; 30] = [
    27018, 24086, 47843, 30961, 42348, 7267, 49706, 43231, 47062, 34657, 18631, 49188, 43312, 45933, 23154, 15983,
    10345, 16369, 46214, 22954, 34674, 21100, 4743, 14056, 42526, 6459, 12799, 5734, 49274, 136,
];

#[test]
fn n4_7_generate_6() {
    let out = generated(6);
    assert_eq!(out, [15496, 11, 314, 716, 27018, 24086, 47843, 30961, 42348, 7267]);
    let text = Gpt2Tokenizer::new().decode(&out).unwrap();
    assert_eq!(text, "Hello, I am Featureiman Byeswickattribute argue");
}

#[test]
fn n4_7_generate_10() {
    let out = generated(10);
    assert_eq!(out, [&HELLO, &CONTINUATION[..10]].concat());
    assert_eq!(out.len(), 14);
    let text = Gpt2Tokenizer::new().decode(&out).unwrap();
    assert_eq!(text, "Hello, I am Featureiman Byeswickattribute argue logger Normandy Compton analogous");
}

/// All 30 ids strictly: the closest call, at the 27th, is 0.0008, and the logits agree within [`DIGITS_6`]. The
/// margins themselves are checked too, so that a shift that endangers an id shows before it flips one. Attention
/// looks back only, so one pass over the whole sequence gives the logits of every step.
#[test]
fn n4_7_generate_30() {
    let out = generated(30);
    assert_eq!(out, [HELLO.as_slice(), &CONTINUATION].concat());
    let text = Gpt2Tokenizer::new().decode(&out).unwrap();
    assert_eq!(
        text,
        "Hello, I am Featureiman Byeswickattribute argue logger Normandy Compton analogous bore ITVEGIN \
         ministriesysics Kle functional recountrictionchangingVirgin embarrassedgl Truthfoundation challenges essence \
         specifically Absent\u{fffd}",
        "the last id is a single byte, which is no character"
    );

    let sequence = Tensor::<1, Int>::from_ints(&out[..33], &Device::flex()).unsqueeze();
    let logits = GPT.model.forward(sequence, &mut Mode::Eval).slice(s![.., 3.., ..]); // [1, 30, vocab_size]
    assert_eq!(ids(logits.clone().argmax(2)), CONTINUATION);
    let margins: Vec<f32> =
        values(logits.topk(2, 2)).as_chunks().0.iter().map(|[best, second]| best - second).collect();
    let expected = [
        0.3139, 0.0529, 0.2357, 0.4298, 0.0197, 0.1531, 0.0176, 0.0086, 0.0432, 0.1614, 0.5689, 0.0022, 0.0268, 0.0237,
        0.0394, 0.2166, 0.2986, 0.0868, 0.0972, 0.1952, 0.3616, 0.0423, 0.1446, 0.0120, 0.0104, 0.0804, 0.0008, 0.1116,
        0.0689, 0.1062,
    ];
    assert_close(&margins, &expected, DIGITS_4);
}

/// Section 5.2: the cache gives the same 30 ids.
#[test]
fn n4_7_generate_30_cached() {
    let out = generate_text_cached(&GPT.model, hello(), 30, gpt_config_124m().context_length);
    assert_eq!(ids(out), [HELLO.as_slice(), &CONTINUATION].concat());
}

#[test]
fn n4_7_hello_logits() {
    let logits = GPT.model.forward(hello(), &mut Mode::Eval).slice(s![.., -1.., ..]);
    let expected = [-0.6430, -0.1466, -0.1405, 1.5849, -0.9539, -0.8765];
    assert_close(&ends(logits.clone()), &expected, DIGITS_4);
    assert_close(&values(logits.clone().max()), &[2.4972], DIGITS_4);
    let probabilities = burn::tensor::activation::softmax(logits, 2);
    assert_close(&values(probabilities.max()), &[0.0002], DIGITS_4);
}
