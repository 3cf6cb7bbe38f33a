//! What a reader could get wrong, and the messages for wrong arguments.

use burn::module::Module;
use burn::tensor::activation::softmax;
use burn::tensor::{Device, Tensor, s};
use ch03_attention::bonus::heads::{merge_heads, split_heads};
use ch03_attention::causal_mask::{causal_mask, mask_scores, mask_weights};
use ch03_attention::running_example::{TOKENS, batch, inputs};
use ch03_attention::simplified::{attention_weights, dot_product, normalise_by_sum, softmax_naive};
use ch03_attention::{
    CausalAttention, CausalAttentionConfig, MultiHeadAttention, MultiHeadAttentionConfig, MultiHeadAttentionWrapper,
    MultiHeadAttentionWrapperConfig, SelfAttentionV2, SelfAttentionV2Config,
};
use shared::Mode;
use shared::init::{rand, randn, torch_init};
use shared::rng::TorchRng;
use testkit::{assert_close, values};

/// Numbers below 1 from sums of at most 20 float32 products, in another order.
const ROUNDING: f32 = 1e-6;

fn device() -> Device {
    Device::flex()
}

/// Three heads of width 4, input width 5, at most 8 tokens.
fn config() -> MultiHeadAttentionConfig {
    MultiHeadAttentionConfig::new(5, 12, 8, 3)
}

fn attention(config: &MultiHeadAttentionConfig) -> MultiHeadAttention {
    torch_init(MultiHeadAttention::new(config, &device()), &mut TorchRng::new(7))
}

/// Random input of width 5.
fn x(batch: usize, tokens: usize) -> Tensor<3> {
    rand([batch, tokens, 5], &mut TorchRng::new(11), &device())
}

/// `forward` must give the same rows for the first four tokens, whatever the later ones are.
#[track_caller]
fn assert_causal(forward: impl Fn(Tensor<3>) -> Tensor<3>) {
    let whole = x(2, 7);
    let other_end = whole.clone().slice_assign(s![.., 4.., ..], Tensor::full([2, 3, 5], 9.0, &device()));
    let first = |context: Tensor<3>| values(context.slice(s![.., ..4, ..]));
    let expected = first(forward(whole.clone()));
    assert_close(&first(forward(other_end)), &expected, ROUNDING);
    assert_close(&values(forward(whole.slice(s![.., ..4, ..]))), &expected, ROUNDING);
}

#[test]
fn the_future_changes_nothing_in_one_head() {
    let head = torch_init(CausalAttention::new(&CausalAttentionConfig::new(5, 4, 8), &device()), &mut TorchRng::new(7));
    assert_causal(|x| head.forward(x, &mut Mode::Eval));
}

#[test]
fn the_future_changes_nothing_in_the_list_of_heads() {
    let heads = torch_init(
        MultiHeadAttentionWrapper::new(&MultiHeadAttentionWrapperConfig::new(5, 4, 8, 3), &device()),
        &mut TorchRng::new(7),
    );
    assert_causal(|x| heads.forward(x, &mut Mode::Eval));
}

#[test]
fn the_future_changes_nothing_in_multi_head_attention() {
    let attention = attention(&config());
    assert_causal(|x| attention.forward(x, &mut Mode::Eval));
}

#[test]
fn without_a_mask_the_future_changes_everything() {
    let attention =
        torch_init(SelfAttentionV2::new(&SelfAttentionV2Config::new(3, 2), &device()), &mut TorchRng::new(7));
    let first = |x: Tensor<2>| values(attention.forward(x).slice(s![..1, ..]));
    let other_end = inputs(&device()).slice_assign(s![5.., ..], Tensor::full([1, 3], 9.0, &device()));
    assert_ne!(first(inputs(&device())), first(other_end));
}

#[test]
fn items_of_a_batch_do_not_see_each_other() {
    let (attention, x) = (attention(&config()), x(3, 6));
    let together = values(attention.forward(x.clone(), &mut Mode::Eval));
    let alone = (0..3).flat_map(|i| values(attention.forward(x.clone().slice(s![i..i + 1, .., ..]), &mut Mode::Eval)));
    assert_close(&alone.collect::<Vec<f32>>(), &together, ROUNDING);
}

#[test]
fn weights_are_a_distribution_over_the_past() {
    let attention = attention(&config());
    let weights = attention.attention_weights(x(2, 6), &mut Mode::Eval);
    assert_eq!(weights.dims(), [2, 3, 6, 6]);
    let context = weights.clone().matmul(split_heads(attention.w_value.forward(x(2, 6)), 3));
    let context = attention.out_proj.forward(merge_heads(context));
    assert_eq!(values(context), values(attention.forward(x(2, 6), &mut Mode::Eval)));
    assert_close(&values(weights.clone().sum_dim(3)), &[1.0; 36], ROUNDING);
    for (i, weight) in values(weights).into_iter().enumerate() {
        let (query, key) = (i / 6 % 6, i % 6);
        assert_eq!(weight == 0.0, key > query, "weight of query {query} and key {key} is {weight}");
    }
}

#[test]
fn the_first_token_only_has_itself() {
    let head = torch_init(CausalAttention::new(&CausalAttentionConfig::new(3, 2, 6), &device()), &mut TorchRng::new(7));
    let context = head.forward(batch(&device()), &mut Mode::Eval).slice(s![.., ..1, ..]);
    let value = head.w_value.forward(batch(&device())).slice(s![.., ..1, ..]);
    assert_close(&values(context), &values(value), ROUNDING);
}

#[test]
fn dropout_is_for_training_only() {
    let attention = attention(&config().with_dropout(0.5));
    let without = self::attention(&config());
    let expected = values(without.forward(x(2, 6), &mut Mode::Eval));
    assert_eq!(values(attention.forward(x(2, 6), &mut Mode::Eval)), expected);

    let train = |seed| values(attention.forward(x(2, 6), &mut Mode::Train(&mut TorchRng::new(seed))));
    assert_ne!(train(1), expected);
    assert_ne!(train(1), train(2));
    assert_eq!(train(1), train(1));
}

#[test]
fn dropout_falls_on_the_weights_and_doubles_what_it_leaves() {
    let attention = attention(&config().with_dropout(0.5));
    let whole = attention.attention_weights(x(1, 6), &mut Mode::Eval);
    let mut rng = TorchRng::new(3);
    let dropped = attention.attention_weights(x(1, 6), &mut Mode::Train(&mut rng));

    let (whole, dropped) = (values(whole), values(dropped));
    assert!(whole.iter().zip(&dropped).all(|(w, d)| *d == 0.0 || *d == 2.0 * w));
    let gone = whole.iter().zip(&dropped).filter(|(w, d)| **w > 0.0 && **d == 0.0).count();
    assert!((10..54).contains(&gone), "{gone} of 63 weights were dropped");

    // Hidden weights cost a draw too, as in PyTorch.
    let mut expected = TorchRng::new(3);
    expected.dropout_mask(3 * 6 * 6, 0.5);
    assert_eq!(rng, expected);
}

#[test]
fn a_rate_of_zero_draws_nothing() {
    let mut rng = TorchRng::new(3);
    attention(&config()).forward(x(1, 6), &mut Mode::Train(&mut rng));
    assert_eq!(rng, TorchRng::new(3));
}

#[test]
fn only_the_output_projection_has_a_bias_by_default() {
    let plain = MultiHeadAttention::new(&config(), &device());
    assert!(plain.w_query.bias.is_none() && plain.w_key.bias.is_none() && plain.w_value.bias.is_none());
    assert!(plain.out_proj.bias.is_some());
    assert_eq!(plain.num_params(), 3 * 5 * 12 + 12 * 12 + 12);
    assert_eq!(
        MultiHeadAttention::new(&config().with_qkv_bias(true), &device()).num_params(),
        3 * (5 + 1) * 12 + 12 * 12 + 12
    );
}

#[test]
fn every_parameter_gets_a_gradient() {
    let attention = attention(&config().with_qkv_bias(true).with_dropout(0.1)).train();
    let x = Tensor::from_data(x(2, 8).into_data(), &device().autodiff());
    let context = attention.forward(x, &mut Mode::Train(&mut TorchRng::new(3)));
    let grads = context.powf_scalar(2.0).sum().backward();
    for layer in [&attention.w_query, &attention.w_key, &attention.w_value, &attention.out_proj] {
        let weight = layer.weight.grad(&grads).expect("the weight has a gradient");
        assert!(values(weight).iter().any(|g| *g != 0.0));
        let bias = layer.bias.as_ref().unwrap().grad(&grads).expect("the bias has a gradient");
        assert!(values(bias).iter().all(|g| g.is_finite()));
    }
}

#[test]
fn both_ways_to_mask_agree() {
    let scores = randn([20, 20], &mut TorchRng::new(5), &device()) * 3.0;
    let way_a = mask_weights(softmax(scores.clone(), 1));
    let way_b = softmax(mask_scores(scores), 1);
    assert_close(&values(way_a), &values(way_b), ROUNDING);
}

#[test]
fn the_mask_is_true_above_the_diagonal() {
    let mask = causal_mask(3, &device());
    assert_eq!(values(mask.float()), [0.0, 1.0, 1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0]);
}

#[test]
fn naive_softmax_overflows_and_the_library_does_not() {
    let large = || Tensor::<1>::from_floats([100.0, 99.0], &device());
    assert!(values(softmax_naive(large())).iter().all(|x| x.is_nan()));
    assert_close(&values(softmax(large(), 0)), &[0.731_058_6, 0.268_941_4], ROUNDING);
}

#[test]
fn dividing_by_the_sum_fails_for_mixed_signs() {
    let weights = values(normalise_by_sum(Tensor::from_floats([-1.0, 0.5, 1.5], &device())));
    assert_eq!(weights, [-1.0, 0.5, 1.5]);
}

#[test]
fn tokens_look_most_at_what_is_alike() {
    let weights = attention_weights(inputs(&device()));
    let best: Vec<i64> = weights.argmax(1).into_data().try_into_vec_as().unwrap();
    let of = |word: &str| best[TOKENS.iter().position(|token| *token == word).unwrap()];
    assert_eq!(of("starts"), 1, "`starts` looks at `journey`, whose vector points the same way and is longer");
    assert_eq!(of("Your"), 0);
}

#[test]
#[should_panic(expected = "a dot product needs two vectors of the same length")]
fn dot_product_of_different_lengths() {
    dot_product(&[1.0, 2.0], &[1.0]);
}

#[test]
#[should_panic(expected = "9 tokens do not fit into context_length 8")]
fn too_many_tokens_for_multi_head_attention() {
    attention(&config()).forward(x(1, 9), &mut Mode::Eval);
}

#[test]
#[should_panic(expected = "7 tokens do not fit into context_length 6")]
fn too_many_tokens_for_one_head() {
    CausalAttention::new(&CausalAttentionConfig::new(5, 2, 6), &device()).forward(x(1, 7), &mut Mode::Eval);
}

#[test]
#[should_panic(expected = "d_out (12) must be divisible by num_heads (5)")]
fn heads_that_do_not_divide_the_width() {
    MultiHeadAttention::new(&MultiHeadAttentionConfig::new(5, 12, 8, 5), &device());
}

#[test]
#[should_panic(expected = "at least one head, num_heads is 0")]
fn no_heads() {
    MultiHeadAttention::new(&MultiHeadAttentionConfig::new(5, 12, 8, 0), &device());
}

#[test]
#[should_panic(expected = "at least one head, num_heads is 0")]
fn an_empty_list_of_heads() {
    MultiHeadAttentionWrapper::new(&MultiHeadAttentionWrapperConfig::new(5, 12, 8, 0), &device());
}

#[test]
#[should_panic(expected = "a dropout rate lies in [0, 1), not 1")]
fn dropping_everything() {
    MultiHeadAttention::new(&config().with_dropout(1.0), &device());
}
