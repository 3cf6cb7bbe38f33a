//! Every variant against the chapter's module, with the same weights.

use burn::tensor::{Device, Tensor};
use ch03_attention::bonus::{
    BurnAttention, CombinedQkvAttention, EinsteinAttention, FusedAttention, WrapperWithProjection,
};
use ch03_attention::{MultiHeadAttention, MultiHeadAttentionConfig};
use shared::Mode;
use shared::init::{randn, torch_init};
use shared::rng::TorchRng;
use testkit::{assert_close, values};

/// Sums of 768 or 1024 float32 products in another order.
const TOLERANCE: f32 = 1e-5;

fn device() -> Device {
    Device::flex()
}

/// One setting of the comparison.
struct Case {
    config: MultiHeadAttentionConfig,
    seed: u64,
}

fn cases() -> [Case; 3] {
    [(768, 768, 12, 123), (768, 1536, 12, 456), (1024, 512, 8, 789)]
        .map(|(d_in, d_out, heads, seed)| Case { config: MultiHeadAttentionConfig::new(d_in, d_out, 4, heads), seed })
}

/// Two texts of four tokens, and what the chapter's module makes of them.
struct Run {
    chapter: MultiHeadAttention,
    x: Tensor<3>,
    expected: Vec<f32>,
}

fn run(config: &MultiHeadAttentionConfig, seed: u64) -> Run {
    let mut rng = TorchRng::new(seed);
    let chapter = torch_init(MultiHeadAttention::new(config, &device()), &mut rng);
    let x = randn([2, 4, config.d_in], &mut rng, &device());
    let expected = values(chapter.forward(x.clone(), &mut Mode::Eval));
    Run { chapter, x, expected }
}

/// `forward` builds a variant from the chapter's module and applies it.
#[track_caller]
fn assert_same(
    config: &MultiHeadAttentionConfig,
    seed: u64,
    forward: impl Fn(&MultiHeadAttention, Tensor<3>) -> Tensor<3>,
) {
    let Run { chapter, x, expected } = run(config, seed);
    let found = forward(&chapter, x);
    assert_eq!(found.dims(), [2, 4, config.d_out]);
    assert_close(&values(found), &expected, TOLERANCE);
}

#[test]
fn wrapper_with_projection() {
    for Case { config, seed } in cases() {
        for config in [config.clone(), config.with_qkv_bias(true)] {
            assert_same(&config, seed, |chapter, x| {
                WrapperWithProjection::with_weights_of(chapter).forward(x, &mut Mode::Eval)
            });
        }
    }
}

#[test]
fn combined_qkv() {
    for Case { config, seed } in cases() {
        for config in [config.clone(), config.with_qkv_bias(true)] {
            assert_same(&config, seed, |chapter, x| {
                CombinedQkvAttention::with_weights_of(chapter).forward(x, &mut Mode::Eval)
            });
        }
    }
}

#[test]
fn einstein() {
    for Case { config, seed } in cases() {
        assert_same(&config, seed, |chapter, x| {
            EinsteinAttention::with_weights_of(chapter).forward(x, &mut Mode::Eval)
        });
    }
}

#[test]
fn fused_with_causal_flag() {
    for Case { config, seed } in cases() {
        assert_same(&config, seed, |chapter, x| FusedAttention::with_causal_flag(chapter).forward(x));
    }
}

#[test]
fn fused_with_explicit_mask() {
    for Case { config, seed } in cases() {
        assert_same(&config, seed, |chapter, x| FusedAttention::with_explicit_mask(chapter).forward(x));
    }
}

/// burn's module has square matrices, so only the first case fits it.
#[test]
fn burn_module() {
    let [Case { config, seed }, ..] = cases();
    for config in [config.clone(), config.with_qkv_bias(true)] {
        assert_same(&config, seed, |chapter, x| BurnAttention::with_weights_of(chapter).forward(x));
    }
}

#[test]
#[should_panic(expected = "needs d_in = d_out")]
fn burn_module_with_different_widths() {
    let _ =
        BurnAttention::with_weights_of(&MultiHeadAttention::new(&MultiHeadAttentionConfig::new(4, 8, 6, 2), &device()));
}

#[test]
#[should_panic(expected = "no bias in its projections")]
fn einstein_with_bias() {
    let _ = EinsteinAttention::with_weights_of(&MultiHeadAttention::new(
        &MultiHeadAttentionConfig::new(4, 8, 6, 2).with_qkv_bias(true),
        &device(),
    ));
}

/// The rows of a combined layer are drawn in the order queries, keys, values, so the seed alone makes the weights
/// equal.
#[test]
fn the_same_seed_gives_the_combined_layer_the_same_weights() {
    let config = MultiHeadAttentionConfig::new(256, 16, 100, 2);
    let separate = torch_init(MultiHeadAttention::new(&config, &device()), &mut TorchRng::new(123));
    let combined = torch_init(CombinedQkvAttention::new(&config, &device()), &mut TorchRng::new(123));

    let all = combined.qkv.qkv.weight.val(); // [d_in, 3 * d_out]
    for (i, layer) in [&separate.w_query, &separate.w_key, &separate.w_value].into_iter().enumerate() {
        assert_eq!(values(all.clone().narrow(1, 16 * i, 16)), values(layer.weight.val()));
    }
    assert_eq!(values(combined.proj.weight.val()), values(separate.out_proj.weight.val()));

    let x: Tensor<3> = randn([8, 6, 256], &mut TorchRng::new(123), &device());
    let expected = separate.forward(x.clone(), &mut Mode::Eval);
    let found = combined.forward(x, &mut Mode::Eval);
    assert_eq!([found.dims(), expected.dims()], [[8, 6, 16]; 2]);
    assert_close(&values(found), &values(expected), TOLERANCE);
}

/// Where weights are drawn and dropped alike, training agrees as well.
#[test]
fn the_same_masks_fall_on_the_combined_layer() {
    let config = MultiHeadAttentionConfig::new(8, 8, 6, 2).with_dropout(0.5);
    let Run { chapter, x, expected } = run(&config, 123);
    let train = |forward: &dyn Fn(Tensor<3>, &mut Mode) -> Tensor<3>| {
        values(forward(x.clone(), &mut Mode::Train(&mut TorchRng::new(5))))
    };
    let with_dropout = train(&|x, mode| chapter.forward(x, mode));
    assert_ne!(with_dropout, expected);
    let combined = CombinedQkvAttention::with_weights_of(&chapter);
    assert_close(&train(&|x, mode| combined.forward(x, mode)), &with_dropout, TOLERANCE);
    let einstein = EinsteinAttention::with_weights_of(&chapter);
    assert_close(&train(&|x, mode| einstein.forward(x, mode)), &with_dropout, TOLERANCE);
}

/// A mask upside down lets a token see only the future: the mistake that this file must be able to find.
#[test]
fn an_inverted_mask_is_noticed() {
    let Run { chapter, x, expected } = run(&MultiHeadAttentionConfig::new(8, 8, 4, 2), 123);
    let mut fused = FusedAttention::with_explicit_mask(&chapter);
    fused.mask = fused.mask.map(|mask| mask.bool_not());
    let found = values(fused.forward(x));
    let differ = found.iter().zip(&expected).any(|(f, e)| f.is_nan() || (f - e).abs() > 1e-2);
    assert!(differ, "the variant does not look at its mask");
}

/// A small, odd head width, whose root rounds.
#[test]
fn an_odd_head_width_agrees() {
    let config = MultiHeadAttentionConfig::new(15, 15, 4, 3);
    assert_same(&config, 123, |chapter, x| WrapperWithProjection::with_weights_of(chapter).forward(x, &mut Mode::Eval));
    assert_same(&config, 123, |chapter, x| CombinedQkvAttention::with_weights_of(chapter).forward(x, &mut Mode::Eval));
    assert_same(&config, 123, |chapter, x| EinsteinAttention::with_weights_of(chapter).forward(x, &mut Mode::Eval));
    assert_same(&config, 123, |chapter, x| FusedAttention::with_causal_flag(chapter).forward(x));
    assert_same(&config, 123, |chapter, x| FusedAttention::with_explicit_mask(chapter).forward(x));
    assert_same(&config, 123, |chapter, x| BurnAttention::with_weights_of(chapter).forward(x));
}

/// More tokens than the kernel for short texts takes, so that burn's tiled one is compared as well.
#[test]
fn the_tiled_kernel_agrees() {
    let config = MultiHeadAttentionConfig::new(8, 8, 700, 2);
    let mut rng = TorchRng::new(123);
    let chapter = torch_init(MultiHeadAttention::new(&config, &device()), &mut rng);
    let x: Tensor<3> = randn([1, 700, 8], &mut rng, &device());
    let expected = values(chapter.forward(x.clone(), &mut Mode::Eval));
    assert_close(&values(FusedAttention::with_causal_flag(&chapter).forward(x.clone())), &expected, TOLERANCE);
    assert_close(&values(FusedAttention::with_explicit_mask(&chapter).forward(x)), &expected, TOLERANCE);
}

#[test]
#[should_panic(expected = "5 tokens do not fit into context_length 4")]
fn too_many_tokens_for_an_explicit_mask() {
    let chapter = MultiHeadAttention::new(&MultiHeadAttentionConfig::new(8, 8, 4, 2), &device());
    FusedAttention::with_explicit_mask(&chapter).forward(Tensor::zeros([1, 5, 8], &device()));
}
