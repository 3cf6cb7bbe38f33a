//! The numbers of chapter 3, one test each.
//!
//! Tolerances, stated once:
//! - [`DIGITS_4`]: printed with four decimals, so half a unit of the last one, plus 1e-6 for values that lie on the
//!   edge and for the order of the sums;
//! - [`DIGITS_6`]: given with six decimals, the same way.

use burn::module::Module;
use burn::tensor::activation::softmax;
use burn::tensor::{Device, Int, Tensor, TensorData, s};
use ch03_attention::bonus::WrapperWithProjection;
use ch03_attention::causal_mask::{mask_scores, mask_weights, renormalise, simple_mask};
use ch03_attention::running_example::{batch, inputs};
use ch03_attention::self_attention::scaled_dot_product_attention;
use ch03_attention::simplified::{
    attention_scores, attention_scores_by_loops, attention_weights, context_vector, dot_product, normalise_by_sum,
    scores_of_query, simplified_attention, softmax_naive,
};
use ch03_attention::{
    CausalAttention, CausalAttentionConfig, MultiHeadAttention, MultiHeadAttentionConfig, MultiHeadAttentionWrapper,
    MultiHeadAttentionWrapperConfig, SelfAttentionV1, SelfAttentionV2, SelfAttentionV2Config,
};
use shared::init::{embedding, rand, torch_init};
use shared::rng::TorchRng;
use shared::{BatchLoader, Dropout, Linear, Mode};
use testkit::{assert_close, values};

const DIGITS_4: f32 = 5.1e-5;
const DIGITS_6: f32 = 1.5e-6;
const HIDDEN: f32 = f32::NEG_INFINITY;

fn device() -> Device {
    Device::flex()
}

/// Row `i` of a matrix.
fn row(matrix: Tensor<2>, i: usize) -> Tensor<1> {
    matrix.slice(s![i..i + 1, ..]).squeeze_dim(0)
}

/// The embedding of "journey", the query of sections 3.3 and 3.4.
fn journey() -> Tensor<1> {
    row(inputs(&device()), 1)
}

fn scores_2() -> Tensor<1> {
    scores_of_query(journey(), inputs(&device()))
}

/// A matrix of which only the part up to the diagonal is given, row by row; `above` stands in the rest.
fn lower_triangle(rows: [&[f32]; 6], above: f32) -> Vec<f32> {
    rows.iter().flat_map(|row| (0..6).map(|i| row.get(i).copied().unwrap_or(above))).collect()
}

/// Both items of a batch hold the same sentence, so both results must be `item`.
#[track_caller]
fn assert_both_items(found: Tensor<3>, item: &[f32], tolerance: f32) {
    let [items, tokens, width] = found.dims();
    assert_eq!([items, tokens * width], [2, item.len()]);
    assert_close(&values(found), &[item, item].concat(), tolerance);
}

/// A layer's weight as PyTorch prints it: one row per output.
fn pytorch_weight(layer: &Linear) -> Vec<f32> {
    values(layer.weight.val().transpose())
}

// 3.3.1

const SCORES_2: [f32; 6] = [0.9544, 1.4950, 1.4754, 0.8434, 0.7070, 1.0865];
const WEIGHTS_2: [f32; 6] = [0.1385, 0.2379, 0.2333, 0.1240, 0.1082, 0.1581];
const CONTEXT_2: [f32; 3] = [0.4419, 0.6515, 0.5683];

/// `3.3-scores-2`
#[test]
fn n3_3_scores_2() {
    assert_close(&values(scores_2()), &SCORES_2, DIGITS_4);
}

/// `3.3-dot`
#[test]
fn n3_3_dot() {
    let (x1, x2) = (row(inputs(&device()), 0), journey());
    let by_loop = dot_product(&values(x1.clone()), &values(x2.clone()));
    let by_library: f32 = x1.dot(x2).into_scalar();
    assert_close(&[by_loop, by_library], &[0.9544, 0.9544], DIGITS_4);
}

/// `3.3-weights-2-sum`
#[test]
fn n3_3_weights_2_sum() {
    let weights = values(normalise_by_sum(scores_2()));
    assert_close(&weights, &[0.1455, 0.2278, 0.2249, 0.1285, 0.1077, 0.1656], DIGITS_4);
    assert_close(&[weights.iter().sum()], &[1.0], DIGITS_4);
}

/// `3.3-weights-2-naive`
#[test]
fn n3_3_weights_2_naive() {
    let weights = values(softmax_naive(scores_2()));
    assert_close(&weights, &WEIGHTS_2, DIGITS_4);
    assert_close(&[weights.iter().sum()], &[1.0], DIGITS_6);
}

/// `3.3-weights-2`
#[test]
fn n3_3_weights_2() {
    let weights = values(softmax(scores_2(), 0));
    assert_close(&weights, &WEIGHTS_2, DIGITS_4);
    assert_close(&[weights.iter().sum()], &[1.0], DIGITS_6);
}

/// `3.3-context-2`
#[test]
fn n3_3_context_2() {
    let context = context_vector(softmax(scores_2(), 0), inputs(&device()));
    assert_close(&values(context), &CONTEXT_2, DIGITS_4);
}

// 3.3.2

/// `3.3-scores`
#[test]
fn n3_3_scores() {
    #[rustfmt::skip]
    let expected = [
        0.9995, 0.9544, 0.9422, 0.4753, 0.4576, 0.6310,
        0.9544, 1.4950, 1.4754, 0.8434, 0.7070, 1.0865,
        0.9422, 1.4754, 1.4570, 0.8296, 0.7154, 1.0605,
        0.4753, 0.8434, 0.8296, 0.4937, 0.3474, 0.6565,
        0.4576, 0.7070, 0.7154, 0.3474, 0.6654, 0.2935,
        0.6310, 1.0865, 1.0605, 0.6565, 0.2935, 0.9450,
    ];
    assert_close(&values(attention_scores(inputs(&device()))), &expected, DIGITS_4);
    let rows: Vec<[f32; 3]> = values(inputs(&device())).chunks(3).map(|row| row.try_into().unwrap()).collect();
    assert_close(&attention_scores_by_loops(&rows).concat(), &expected, DIGITS_4);
}

/// `3.3-attn-weights`
#[test]
fn n3_3_attn_weights() {
    #[rustfmt::skip]
    let expected = [
        0.209835, 0.200581, 0.198149, 0.124228, 0.122049, 0.145158,
        0.138548, 0.237891, 0.233274, 0.123992, 0.108182, 0.158114,
        0.139008, 0.236921, 0.232602, 0.124204, 0.110800, 0.156464,
        0.143527, 0.207394, 0.204552, 0.146192, 0.126295, 0.172039,
        0.152611, 0.195839, 0.197491, 0.136687, 0.187859, 0.129514,
        0.138471, 0.218364, 0.212759, 0.142048, 0.098806, 0.189552,
    ];
    assert_close(&values(attention_weights(inputs(&device()))), &expected, DIGITS_6);
}

/// `3.3-row-sums`
#[test]
fn n3_3_row_sums() {
    let sums = attention_weights(inputs(&device())).sum_dim(1);
    assert_close(&values(sums), &[1.0; 6], DIGITS_6);
}

/// `3.3-context`
#[test]
fn n3_3_context() {
    #[rustfmt::skip]
    let expected = [
        0.442059, 0.593099, 0.578989,
        0.441866, 0.651482, 0.568309,
        0.443128, 0.649595, 0.567073,
        0.430390, 0.629828, 0.551027,
        0.467102, 0.590993, 0.526597,
        0.417725, 0.650323, 0.564535,
    ];
    assert_close(&values(simplified_attention(inputs(&device()))), &expected, DIGITS_6);
}

/// `3.3-context-2-again`
#[test]
fn n3_3_context_2_again() {
    assert_close(&values(row(simplified_attention(inputs(&device())), 1)), &CONTEXT_2, DIGITS_4);
}

// 3.4.1

/// The three matrices of section 3.4.1.
struct Matrices {
    w_query: Tensor<2>,
    w_key: Tensor<2>,
    w_value: Tensor<2>,
}

/// Seed 123, then three times `torch.rand(3, 2)`.
fn matrices() -> Matrices {
    let mut rng = TorchRng::new(123);
    let mut draw = || rand([3, 2], &mut rng, &device());
    Matrices { w_query: draw(), w_key: draw(), w_value: draw() }
}

fn query_2() -> Tensor<2> {
    journey().unsqueeze_dim::<2>(0).matmul(matrices().w_query)
}

fn keys() -> Tensor<2> {
    inputs(&device()).matmul(matrices().w_key)
}

fn value_vectors() -> Tensor<2> {
    inputs(&device()).matmul(matrices().w_value)
}

/// `3.4-W`
#[test]
fn n3_4_w() {
    let Matrices { w_query, w_key, w_value } = matrices();
    assert_close(&values(w_query), &[0.2961, 0.5166, 0.2517, 0.6886, 0.0740, 0.8665], DIGITS_4);
    assert_close(&values(w_key), &[0.1366, 0.1025, 0.1841, 0.7264, 0.3153, 0.6871], DIGITS_4);
    assert_close(&values(w_value), &[0.0756, 0.1966, 0.3164, 0.4017, 0.1186, 0.8274], DIGITS_4);
}

/// `3.4-query-2`
#[test]
fn n3_4_query_2() {
    assert_close(&values(query_2()), &[0.4306, 1.4551], DIGITS_4);
    assert_close(&values(row(keys(), 1)), &[0.4433, 1.1419], DIGITS_4);
    assert_close(&values(row(value_vectors(), 1)), &[0.3951, 1.0037], DIGITS_4);
}

/// `3.4-shapes`
#[test]
fn n3_4_shapes() {
    assert_eq!(keys().dims(), [6, 2]);
    assert_eq!(value_vectors().dims(), [6, 2]);
    let keys_expected =
        [0.3669, 0.7646, 0.4433, 1.1419, 0.4361, 1.1156, 0.2408, 0.6706, 0.1827, 0.3292, 0.3275, 0.9642];
    assert_close(&values(keys()), &keys_expected, DIGITS_4);
    let values_expected =
        [0.1855, 0.8812, 0.3951, 1.0037, 0.3879, 0.9831, 0.2393, 0.5493, 0.1492, 0.3346, 0.3221, 0.7863];
    assert_close(&values(value_vectors()), &values_expected, DIGITS_4);
}

/// `3.4-score-22`
#[test]
fn n3_4_score_22() {
    let score: f32 = row(query_2(), 0).dot(row(keys(), 1)).into_scalar();
    assert_close(&[score], &[1.8524], DIGITS_4);
}

/// `3.4-scores-2`
#[test]
fn n3_4_scores_2() {
    let scores = query_2().matmul(keys().transpose());
    assert_close(&values(scores), &[1.2705, 1.8524, 1.8111, 1.0795, 0.5577, 1.5440], DIGITS_4);
}

/// `3.4-weights-2`
#[test]
fn n3_4_weights_2() {
    let weights = softmax(query_2().matmul(keys().transpose()) / 2f64.sqrt(), 1);
    assert_close(&values(weights), &[0.1500, 0.2264, 0.2199, 0.1311, 0.0906, 0.1820], DIGITS_4);
}

/// `3.4-context-2`
#[test]
fn n3_4_context_2() {
    let context = scaled_dot_product_attention(query_2(), keys(), value_vectors());
    assert_close(&values(context), &[0.3061, 0.8210], DIGITS_4);
}

// 3.4.2

/// `3.4-sa-v1`
#[test]
fn n3_4_sa_v1() {
    let attention = SelfAttentionV1::new(3, 2, &mut TorchRng::new(123), &device());
    #[rustfmt::skip]
    let expected = [
        0.299582, 0.805314,
        0.306100, 0.821030,
        0.305781, 0.820296,
        0.294766, 0.793866,
        0.292706, 0.789084,
        0.299010, 0.804037,
    ];
    assert_close(&values(attention.forward(inputs(&device()))), &expected, DIGITS_6);
}

/// The module that sections 3.4.2 and 3.5.1 use, seed 789.
fn sa_v2() -> SelfAttentionV2 {
    torch_init(SelfAttentionV2::new(&SelfAttentionV2Config::new(3, 2), &device()), &mut TorchRng::new(789))
}

/// `3.4-sa-v2`
#[test]
fn n3_4_sa_v2() {
    let attention = sa_v2();
    let query = [0.3161, 0.4568, 0.5118, -0.1683, -0.3379, -0.0918];
    let key = [0.4058, -0.4704, 0.2368, 0.2134, -0.2601, -0.5105];
    let value = [0.2526, -0.1415, -0.1962, 0.5191, -0.0852, -0.2043];
    assert_close(&pytorch_weight(&attention.w_query), &query, DIGITS_4);
    assert_close(&pytorch_weight(&attention.w_key), &key, DIGITS_4);
    assert_close(&pytorch_weight(&attention.w_value), &value, DIGITS_4);
    #[rustfmt::skip]
    let expected = [
        -0.073890, 0.071290,
        -0.074811, 0.070309,
        -0.074856, 0.070242,
        -0.076002, 0.068450,
        -0.076328, 0.067943,
        -0.075444, 0.069305,
    ];
    assert_close(&values(attention.forward(inputs(&device()))), &expected, DIGITS_6);
}

// 3.5.1

fn scores_v2() -> Tensor<2> {
    let (attention, inputs) = (sa_v2(), inputs(&device()));
    let queries = attention.w_query.forward(inputs.clone());
    let keys = attention.w_key.forward(inputs);
    queries.matmul(keys.transpose())
}

fn weights_v2() -> Tensor<2> {
    softmax(scores_v2() / 2f64.sqrt(), 1)
}

fn weights_causal() -> Tensor<2> {
    softmax(mask_scores(scores_v2()) / 2f64.sqrt(), 1)
}

const WEIGHTS_CAUSAL: [&[f32]; 6] = [
    &[1.0000],
    &[0.5517, 0.4483],
    &[0.3800, 0.3097, 0.3103],
    &[0.2758, 0.2460, 0.2462, 0.2319],
    &[0.2175, 0.1983, 0.1984, 0.1888, 0.1971],
    &[0.1935, 0.1663, 0.1666, 0.1542, 0.1666, 0.1529],
];

/// `3.5-weights`
#[test]
fn n3_5_weights() {
    #[rustfmt::skip]
    let expected = [
        0.1921, 0.1646, 0.1652, 0.1550, 0.1721, 0.1510,
        0.2041, 0.1659, 0.1662, 0.1496, 0.1665, 0.1477,
        0.2036, 0.1659, 0.1662, 0.1498, 0.1664, 0.1480,
        0.1869, 0.1667, 0.1668, 0.1571, 0.1661, 0.1564,
        0.1830, 0.1669, 0.1670, 0.1588, 0.1658, 0.1585,
        0.1935, 0.1663, 0.1666, 0.1542, 0.1666, 0.1529,
    ];
    assert_close(&values(weights_v2()), &expected, DIGITS_4);
}

/// `3.5-scores`
#[test]
fn n3_5_scores() {
    #[rustfmt::skip]
    let expected = [
        0.2899, 0.0716, 0.0760, -0.0138, 0.1344, -0.0511,
        0.4656, 0.1723, 0.1751, 0.0259, 0.1771, 0.0085,
        0.4594, 0.1703, 0.1731, 0.0259, 0.1745, 0.0090,
        0.2642, 0.1024, 0.1036, 0.0186, 0.0973, 0.0122,
        0.2183, 0.0874, 0.0882, 0.0177, 0.0786, 0.0144,
        0.3408, 0.1270, 0.1290, 0.0198, 0.1290, 0.0078,
    ];
    assert_close(&values(scores_v2()), &expected, DIGITS_4);
}

/// `3.5-mask-simple`
#[test]
fn n3_5_mask_simple() {
    let ones = [1.0; 6];
    let expected = lower_triangle([&ones[..1], &ones[..2], &ones[..3], &ones[..4], &ones[..5], &ones], 0.0);
    assert_eq!(values(simple_mask(6, &device())), expected);
}

/// `3.5-masked-simple`
#[test]
fn n3_5_masked_simple() {
    let masked = weights_v2() * simple_mask(6, &device());
    let expected = [
        &[0.1921][..],
        &[0.2041, 0.1659],
        &[0.2036, 0.1659, 0.1662],
        &[0.1869, 0.1667, 0.1668, 0.1571],
        &[0.1830, 0.1669, 0.1670, 0.1588, 0.1658],
        &[0.1935, 0.1663, 0.1666, 0.1542, 0.1666, 0.1529],
    ];
    assert_close(&values(masked.clone()), &lower_triangle(expected, 0.0), DIGITS_4);
    assert_close(&values(masked.sum_dim(1)), &[0.1921, 0.3700, 0.5357, 0.6775, 0.8415, 1.0000], DIGITS_4);
}

/// `3.5-masked-norm`
#[test]
fn n3_5_masked_norm() {
    let expected = lower_triangle(WEIGHTS_CAUSAL, 0.0);
    assert_close(&values(renormalise(weights_v2() * simple_mask(6, &device()))), &expected, DIGITS_4);
    assert_close(&values(mask_weights(weights_v2())), &expected, DIGITS_4);
}

/// `3.5-weights-causal`
#[test]
fn n3_5_weights_causal() {
    assert_close(&values(weights_causal()), &lower_triangle(WEIGHTS_CAUSAL, 0.0), DIGITS_4);
}

/// `3.5-masked-scores`
#[test]
fn n3_5_masked_scores() {
    let expected = [
        &[0.2899][..],
        &[0.4656, 0.1723],
        &[0.4594, 0.1703, 0.1731],
        &[0.2642, 0.1024, 0.1036, 0.0186],
        &[0.2183, 0.0874, 0.0882, 0.0177, 0.0786],
        &[0.3408, 0.1270, 0.1290, 0.0198, 0.1290, 0.0078],
    ];
    assert_close(&values(mask_scores(scores_v2())), &lower_triangle(expected, HIDDEN), DIGITS_4);
}

// 3.5.2

/// `3.5-dropout-ones`
#[test]
fn n3_5_dropout_ones() {
    let mut rng = TorchRng::new(123);
    let dropped = Dropout::new(0.5).forward(Tensor::<2>::ones([6, 6], &device()), &mut Mode::Train(&mut rng));
    #[rustfmt::skip]
    let expected = [
        2.0, 2.0, 0.0, 2.0, 2.0, 0.0,
        0.0, 0.0, 0.0, 2.0, 0.0, 2.0,
        2.0, 2.0, 2.0, 2.0, 0.0, 2.0,
        0.0, 2.0, 2.0, 0.0, 0.0, 2.0,
        0.0, 2.0, 0.0, 2.0, 0.0, 2.0,
        0.0, 2.0, 2.0, 2.0, 2.0, 0.0,
    ];
    assert_eq!(values(dropped), expected);
}

/// `3.5-dropout-weights`
#[test]
fn n3_5_dropout_weights() {
    let mut rng = TorchRng::new(123);
    let dropped = Dropout::new(0.5).forward(weights_causal(), &mut Mode::Train(&mut rng));
    #[rustfmt::skip]
    let expected = [
        2.0000, 0.0, 0.0, 0.0, 0.0, 0.0,
        0.0, 0.0, 0.0, 0.0, 0.0, 0.0,
        0.7599, 0.6194, 0.6206, 0.0, 0.0, 0.0,
        0.0, 0.4921, 0.4925, 0.0, 0.0, 0.0,
        0.0, 0.3966, 0.0, 0.3775, 0.0, 0.0,
        0.0, 0.3327, 0.3331, 0.3084, 0.3331, 0.0,
    ];
    assert_close(&values(dropped), &expected, DIGITS_4);
}

// 3.5.3

/// `3.5-batch-shape`
#[test]
fn n3_5_batch_shape() {
    assert_eq!(batch(&device()).dims(), [2, 6, 3]);
}

fn causal(rng: &mut TorchRng) -> CausalAttention {
    torch_init(CausalAttention::new(&CausalAttentionConfig::new(3, 2, 6), &device()), rng)
}

#[rustfmt::skip]
const CAUSAL: [f32; 12] = [
    -0.4519, 0.2216,
    -0.5874, 0.0058,
    -0.6300, -0.0632,
    -0.5675, -0.0843,
    -0.5526, -0.0981,
    -0.5299, -0.1081,
];

/// `3.5-causal`
#[test]
fn n3_5_causal() {
    let context = causal(&mut TorchRng::new(123)).forward(batch(&device()), &mut Mode::Eval);
    assert_eq!(context.dims(), [2, 6, 2]);
    assert_both_items(context, &CAUSAL, DIGITS_4);
}

const CAUSAL_QUERY: [f32; 6] = [-0.2354, 0.0191, -0.2867, 0.2177, -0.4919, 0.4232];
const CAUSAL_KEY: [f32; 6] = [-0.4196, -0.4590, -0.3648, 0.2615, -0.2133, 0.2161];
const CAUSAL_VALUE: [f32; 6] = [-0.4900, -0.3503, -0.2120, -0.1135, -0.4404, 0.3780];

/// `3.5-causal-weights`
#[test]
fn n3_5_causal_weights() {
    let attention = causal(&mut TorchRng::new(123));
    assert_close(&pytorch_weight(&attention.w_query), &CAUSAL_QUERY, DIGITS_4);
    assert_close(&pytorch_weight(&attention.w_key), &CAUSAL_KEY, DIGITS_4);
    assert_close(&pytorch_weight(&attention.w_value), &CAUSAL_VALUE, DIGITS_4);
}

// 3.6

/// `3.6-wrapper`
#[test]
fn n3_6_wrapper() {
    let wrapper: MultiHeadAttentionWrapper = torch_init(
        MultiHeadAttentionWrapper::new(&MultiHeadAttentionWrapperConfig::new(3, 2, 6, 2), &device()),
        &mut TorchRng::new(123),
    );
    let context = wrapper.forward(batch(&device()), &mut Mode::Eval);
    assert_eq!(context.dims(), [2, 6, 4]);
    #[rustfmt::skip]
    let expected = [
        -0.451920, 0.221605, 0.477196, 0.106348,
        -0.587435, 0.005776, 0.589073, 0.325660,
        -0.630023, -0.063183, 0.620196, 0.385963,
        -0.567457, -0.084253, 0.547769, 0.358925,
        -0.552562, -0.098068, 0.532089, 0.342797,
        -0.529901, -0.108068, 0.507653, 0.349348,
    ];
    assert_both_items(context, &expected, DIGITS_6);
}

/// Seed 123, two heads that share `d_out` columns.
fn multi_head(d_out: usize) -> MultiHeadAttention {
    torch_init(
        MultiHeadAttention::new(&MultiHeadAttentionConfig::new(3, d_out, 6, 2), &device()),
        &mut TorchRng::new(123),
    )
}

/// `3.6-mha`
#[test]
fn n3_6_mha() {
    let attention = multi_head(2);
    assert_close(&pytorch_weight(&attention.w_query), &CAUSAL_QUERY, DIGITS_4);
    assert_close(&pytorch_weight(&attention.w_key), &CAUSAL_KEY, DIGITS_4);
    assert_close(&pytorch_weight(&attention.w_value), &CAUSAL_VALUE, DIGITS_4);
    assert_close(&pytorch_weight(&attention.out_proj), &[-0.1668, 0.2270, 0.5000, 0.1317], DIGITS_4);
    assert_close(&values(attention.out_proj.bias.as_ref().unwrap().val()), &[0.1934, 0.6825], DIGITS_4);

    let context = attention.forward(batch(&device()), &mut Mode::Eval);
    assert_eq!(context.dims(), [2, 6, 2]);
    #[rustfmt::skip]
    let expected = [
        0.319018, 0.485763,
        0.294346, 0.389676,
        0.285575, 0.359278,
        0.269264, 0.387327,
        0.263871, 0.392796,
        0.257474, 0.402783,
    ];
    assert_both_items(context, &expected, DIGITS_6);
}

/// `3.6-mha-d4`
#[test]
fn n3_6_mha_d4() {
    let context = multi_head(4).forward(batch(&device()), &mut Mode::Eval);
    #[rustfmt::skip]
    let expected = [
        0.1184, 0.3120, -0.0847, -0.5774,
        0.0178, 0.3221, -0.0763, -0.4225,
        -0.0147, 0.3259, -0.0734, -0.3721,
        -0.0116, 0.3138, -0.0708, -0.3624,
        -0.0117, 0.2973, -0.0698, -0.3543,
        -0.0132, 0.2990, -0.0689, -0.3490,
    ];
    assert_both_items(context, &expected, DIGITS_4);
}

/// `3.6-batched-matmul`
#[test]
fn n3_6_batched_matmul() {
    let a = Tensor::<4>::from_floats(
        [[
            [[0.2745, 0.6584, 0.2775, 0.8573], [0.8993, 0.0390, 0.9268, 0.7388], [0.7179, 0.7058, 0.9156, 0.4340]],
            [[0.0772, 0.3565, 0.1479, 0.5331], [0.4066, 0.2318, 0.4545, 0.9737], [0.4606, 0.5159, 0.4220, 0.5786]],
        ]],
        &device(),
    );
    let head_1 = [1.3208, 1.1631, 1.2879, 1.1631, 2.2150, 1.8424, 1.2879, 1.8424, 2.0402];
    let head_2 = [0.4391, 0.7003, 0.5903, 0.7003, 1.3737, 1.0620, 0.5903, 1.0620, 0.9912];

    let both = a.clone().matmul(a.clone().transpose());
    assert_eq!(both.dims(), [1, 2, 3, 3]);
    assert_close(&values(both), &[head_1, head_2].concat(), DIGITS_4);

    for (head, expected) in [head_1, head_2].iter().enumerate() {
        let one: Tensor<2> = a.clone().slice(s![0, head..head + 1, .., ..]).reshape([3, 4]);
        assert_close(&values(one.clone().matmul(one.transpose())), expected, DIGITS_4);
    }
}

// The companion notebook

/// `3.x-shapes`: ids to batches to embeddings to context vectors. Only shapes are printed there, so any 412 ids do.
#[test]
fn n3_x_shapes() {
    const CONTEXT_LENGTH: usize = 4;
    let mut rng = TorchRng::new(123);
    let ids = rng.randint(0, 50257, 412);
    // A window needs one id more than it shows: the last target.
    let windows: Vec<&[i64]> = ids[..ids.len() - 1].chunks_exact(CONTEXT_LENGTH).collect();

    let loader = BatchLoader { len: windows.len(), batch_size: 8, shuffle: true, drop_last: true };
    let first = &loader.batches(&mut rng)[0];
    let picked: Vec<i64> = first.iter().flat_map(|&i| windows[i]).copied().collect();
    let batch = Tensor::<2, Int>::from_data(TensorData::new(picked, [8, CONTEXT_LENGTH]), &device());

    let token_embedding = embedding(50257, 256, &mut rng, &device());
    let position_embedding = embedding(1024, 256, &mut rng, &device());
    let positions = Tensor::<1, Int>::arange(0..CONTEXT_LENGTH as i64, &device()).unsqueeze::<2>();
    let embedded = token_embedding.forward(batch) + position_embedding.forward(positions);
    assert_eq!(embedded.dims(), [8, 4, 256]);

    let config = MultiHeadAttentionWrapperConfig::new(256, 128, CONTEXT_LENGTH, 2);
    let wrapper = torch_init(WrapperWithProjection::new(&config, &device()), &mut TorchRng::new(123));
    assert_eq!(wrapper.forward(embedded.clone(), &mut Mode::Eval).dims(), [8, 4, 256]);

    let config = MultiHeadAttentionConfig::new(256, 256, CONTEXT_LENGTH, 2);
    let attention = torch_init(MultiHeadAttention::new(&config, &device()), &mut TorchRng::new(123));
    assert_eq!(attention.forward(embedded, &mut Mode::Eval).dims(), [8, 4, 256]);
}

// The notebook about buffers

/// `3.b3-without-buffer`: moving the module changes nothing. A CPU that records gradients counts as another device, and
/// the mask must arrive there too.
#[test]
fn n3_b3_without_buffer() {
    let attention = causal(&mut TorchRng::new(123));
    let moved = attention.clone().train();
    assert!(!attention.mask.device().is_autodiff() && moved.mask.device().is_autodiff());
    assert_both_items(attention.forward(batch(&device()), &mut Mode::Eval), &CAUSAL, DIGITS_4);
    assert_both_items(moved.forward(batch(&device().autodiff()), &mut Mode::Eval), &CAUSAL, DIGITS_4);
}

/// `3.b3-with-buffer`: the second module from the same generator.
#[test]
fn n3_b3_with_buffer() {
    let mut rng = TorchRng::new(123);
    causal(&mut rng);
    let attention = causal(&mut rng);
    let query = [-0.1362, 0.1853, 0.4083, 0.1076, 0.1579, 0.5573];
    let key = [-0.2604, 0.1829, -0.2569, 0.4126, 0.4611, -0.5323];
    let value = [0.4929, 0.2757, 0.2516, 0.2377, 0.4800, -0.0762];
    assert_close(&pytorch_weight(&attention.w_query), &query, DIGITS_4);
    assert_close(&pytorch_weight(&attention.w_key), &key, DIGITS_4);
    assert_close(&pytorch_weight(&attention.w_value), &value, DIGITS_4);

    let hidden: Vec<f32> = (0..36).map(|i| if i % 6 > i / 6 { 1.0 } else { 0.0 }).collect();
    assert_eq!(values(attention.mask.clone().float()), hidden);

    #[rustfmt::skip]
    let expected = [
        0.4772, 0.1063,
        0.5891, 0.3257,
        0.6202, 0.3860,
        0.5478, 0.3589,
        0.5321, 0.3428,
        0.5077, 0.3493,
    ];
    assert_both_items(attention.forward(batch(&device()), &mut Mode::Eval), &expected, DIGITS_4);
}
