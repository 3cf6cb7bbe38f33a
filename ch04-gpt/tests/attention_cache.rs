//! Keys and values that are kept give the context vectors of the whole text.

use burn::tensor::{Device, Tensor, s};
use ch03_attention::{MultiHeadAttention, MultiHeadAttentionConfig};
use ch04_gpt::bonus::KvCache;
use ch04_gpt::bonus::attention_cache::attention_cached;
use shared::Mode;
use shared::init::{rand, torch_init};
use shared::rng::TorchRng;
use testkit::{assert_close, values};

/// Numbers below 1 from sums of at most 12 float32 products, in another order.
const ROUNDING: f32 = 1e-6;

/// Three heads of width 4, at most 8 tokens.
fn attention() -> MultiHeadAttention {
    let config = MultiHeadAttentionConfig::new(5, 12, 8, 3).with_qkv_bias(true);
    torch_init(MultiHeadAttention::new(&config, &Device::flex()), &mut TorchRng::new(7))
}

fn x(batch: usize, tokens: usize) -> Tensor<3> {
    rand([batch, tokens, 5], &mut TorchRng::new(11), &Device::flex())
}

#[test]
fn pieces_of_any_length_equal_the_whole() {
    let (attention, x) = (attention(), x(2, 8));
    let expected = values(attention.forward(x.clone(), &mut Mode::Eval));
    for ends in [vec![8], vec![1, 2, 3, 4, 5, 6, 7, 8], vec![3, 4, 8], vec![5, 6, 7, 8]] {
        let (mut cache, mut from, mut found) = (KvCache::default(), 0, Vec::new());
        for to in ends {
            found.push(attention_cached(&attention, x.clone().slice(s![.., from..to, ..]), &mut cache));
            assert_eq!((cache.tokens(), cache.kept()), (to, to));
            from = to;
        }
        assert_close(&values(Tensor::cat(found, 1)), &expected, ROUNDING);
    }
}

/// Only the last tokens are attended to then; positions stay the same.
#[test]
fn dropped_tokens_are_not_seen() {
    let (attention, x) = (attention(), x(1, 6));
    let mut cache = KvCache::default();
    attention_cached(&attention, x.clone().slice(s![.., ..5, ..]), &mut cache);
    cache.keep_last(2);
    assert_eq!((cache.tokens(), cache.kept()), (5, 2));
    let found = attention_cached(&attention, x.clone().slice(s![.., 5.., ..]), &mut cache);
    assert_eq!((cache.tokens(), cache.kept()), (6, 3));
    let alone = attention.forward(x.slice(s![.., 3.., ..]), &mut Mode::Eval).slice(s![.., 2.., ..]);
    assert_close(&values(found), &values(alone), ROUNDING);
}

#[test]
fn nothing_kept_is_a_new_beginning() {
    let attention = attention();
    let mut cache = KvCache::default();
    attention_cached(&attention, x(1, 5), &mut cache);
    cache.keep_last(0);
    let found = attention_cached(&attention, x(1, 2), &mut cache);
    assert_eq!((cache.tokens(), cache.kept()), (7, 2));
    assert_close(&values(found), &values(attention.forward(x(1, 2), &mut Mode::Eval)), ROUNDING);
}

#[test]
#[should_panic(expected = "9 tokens do not fit into context_length 8")]
fn more_tokens_than_the_context() {
    let (attention, mut cache) = (attention(), KvCache::default());
    attention_cached(&attention, x(1, 8), &mut cache);
    attention_cached(&attention, x(1, 1), &mut cache);
}

#[test]
#[should_panic(expected = "the cache is for a batch of 2, not 3: begin with a new one")]
fn another_batch() {
    let (attention, mut cache) = (attention(), KvCache::default());
    attention_cached(&attention, x(2, 3), &mut cache);
    attention_cached(&attention, x(3, 1), &mut cache);
}
