use bonus_llama::attention::{attention_weights, share};
use burn::module::{Param, ParamId};
use burn::tensor::Device;
use ch03_attention::MultiHeadAttention;
use ch03_attention::bonus::heads::{attend, merge_heads, split_heads};
use ch03_attention::causal_mask::causal_mask;
use ch03_attention::multi_head::MultiHeadAttentionConfig;
use ch04_gpt::bonus::sliding_window::window_mask;
use shared::rng::TorchRng;
use shared::{Dropout, Linear, Mode};

use super::*;
use crate::linear;
use crate::testing::assert_same;

/// The attention of chapter 3, on `[batch, tokens, heads * head_dim]`.
fn lesson(inputs: [Tensor<3>; 3], heads: usize, rate: f64) -> Tensor<3> {
    let [_, tokens, _] = inputs[0].dims();
    let hidden = causal_mask(tokens, &inputs[0].device());
    let [queries, keys, values] = inputs.map(|x| split_heads(x, heads));
    attend(queries, keys, values, hidden, &Dropout::new(rate), &mut Mode::Train(&mut TorchRng::new(7)))
}

/// The mask that [`lesson`] draws; `None` without dropout.
fn mask(n: usize, rate: f64) -> Option<Mask> {
    (rate > 0.0).then(|| Mask::new(TorchRng::new(7).kept_bits(n, rate), n, rate))
}

#[test]
fn values_and_gradients_are_those_of_chapter_3() {
    for (batch, tokens, heads, head_dim) in [(1, 1, 1, 1), (1, 1, 3, 8), (2, 7, 2, 5), (1, 64, 1, 16), (2, 130, 3, 16)]
    {
        let width = heads * head_dim;
        let n = batch * tokens * width;
        let inputs = |t: &[Tensor<1>]| [0, 1, 2].map(|i: usize| t[i].clone().reshape([batch, tokens, width]));
        for rate in [0.0, 0.3] {
            let fast = |t: &[Tensor<1>]| {
                let [q, k, v] = inputs(t);
                causal_attention(q, k, v, heads, mask(batch * heads * tokens * tokens, rate))
            };
            assert_same(&[n; 3], fast, |t| lesson(inputs(t), heads, rate));
        }
    }
}

/// The whole layer: the projections as well.
#[test]
fn multi_head_attention_of_chapter_3() {
    let (batch, tokens, heads, width, rate) = (2, 9, 3, 12, 0.3);
    let mut sizes = vec![batch * tokens * width];
    sizes.extend([width * width; 4]);
    sizes.push(width);
    let x = |t: &[Tensor<1>]| t[0].clone().reshape([batch, tokens, width]);
    let weight = |t: &[Tensor<1>], i: usize| t[i].clone().reshape([width, width]);
    let fast = |t: &[Tensor<1>]| {
        let [q, k, v] = [1, 2, 3].map(|i| linear(x(t), weight(t, i), None));
        let context = causal_attention(q, k, v, heads, mask(batch * heads * tokens * tokens, rate));
        linear(context, weight(t, 4), Some(t[5].clone()))
    };
    let lesson = |t: &[Tensor<1>]| {
        let layer = |i: usize, bias: Option<Tensor<1>>| {
            let bias = bias.map(|bias| Param::initialized(ParamId::new(), bias));
            Linear::from_params(Param::initialized(ParamId::new(), weight(t, i)), bias)
        };
        let sizes = MultiHeadAttentionConfig::new(width, width, tokens, heads).with_dropout(rate);
        let layers = MultiHeadAttention {
            w_query: layer(1, None),
            w_key: layer(2, None),
            w_value: layer(3, None),
            out_proj: layer(4, Some(t[5].clone())),
            ..MultiHeadAttention::new(&sizes, &Device::flex())
        };
        layers.forward(x(t), &mut Mode::Train(&mut TorchRng::new(7)))
    };
    assert_same(&sizes, fast, lesson);
}

#[test]
fn views_that_are_not_contiguous() {
    let (tokens, width) = (9, 12);
    let inputs = |t: &[Tensor<1>]| {
        let joint = t[0].clone().reshape([1, tokens, 3 * width]);
        [0, 1, 2].map(|i: usize| joint.clone().slice([0..1, 0..tokens, i * width..(i + 1) * width]))
    };
    let fast = |[q, k, v]: [Tensor<3>; 3]| causal_attention(q, k, v, 4, None);
    assert_same(&[3 * tokens * width], |t| fast(inputs(t)), |t| lesson(inputs(t), 4, 0.0));
}

/// The attention of the bonus chapter between its projections, without the rotation.
fn shared_lesson([q, k, v]: [Tensor<3>; 3], heads: Heads) -> Tensor<3> {
    let [_, tokens, _] = q.dims();
    let hidden = window_mask(tokens, tokens, heads.window, &q.device());
    let [k, v] = [k, v].map(|x| share(split_heads(x, heads.keys), heads.queries));
    let weights = attention_weights(split_heads(q, heads.queries), k, hidden, heads.factor.into());
    merge_heads(weights.matmul(v))
}

#[test]
fn heads_that_share_keys_and_windows() {
    for (batch, tokens, head_dim, queries, keys) in
        [(1, 1, 2, 1, 1), (2, 7, 5, 6, 2), (2, 130, 4, 3, 1), (1, 200, 8, 4, 4)]
    {
        for window in [None, Some(1), Some(5), Some(64), Some(65), Some(199), Some(500)] {
            let heads = Heads { queries, keys, factor: 0.4, window };
            let tensor =
                |t: &[Tensor<1>], i: usize, heads: usize| t[i].clone().reshape([batch, tokens, heads * head_dim]);
            let inputs = |t: &[Tensor<1>]| [tensor(t, 0, queries), tensor(t, 1, keys), tensor(t, 2, keys)];
            let [n, of_keys] = [queries, keys].map(|heads| batch * tokens * heads * head_dim);
            let fast = |[q, k, v]: [Tensor<3>; 3]| shared_attention(q, k, v, heads);
            assert_same(&[n, of_keys, of_keys], |t| fast(inputs(t)), |t| shared_lesson(inputs(t), heads));
        }
    }
}

#[test]
#[should_panic(expected = "4 heads of queries share 3 heads of keys")]
fn groups_of_different_sizes_are_refused() {
    let ones = |width: usize| Tensor::<3>::ones([1, 2, width], &Device::flex());
    let heads = Heads { queries: 4, keys: 3, factor: 1.0, window: None };
    shared_attention(ones(8), ones(6), ones(6), heads);
}
