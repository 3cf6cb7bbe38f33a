//! The checks of exercise 4.1: of `solutions/ex4_1.rs`, or with the feature `my-solutions` of your file in
//! `exercises/`.

#[cfg_attr(not(feature = "my-solutions"), path = "../solutions/ex4_1.rs")]
#[cfg_attr(feature = "my-solutions", path = "../exercises/ex4_1.rs", allow(unused))]
mod ex4_1;

use burn::module::Module;
use burn::tensor::Device;
use ch04_gpt::TransformerBlock;
use ex4_1::BlockParams;
use shared::GptConfig;

fn small() -> GptConfig {
    GptConfig::preset("gpt2-small").unwrap()
}

fn tiny() -> GptConfig {
    GptConfig { vocab_size: 100, context_length: 8, ..GptConfig::preset("tiny").unwrap() }
}

// 中文：数出 Transformer 块各部分的参数
#[test]
fn ex4_1_counts_the_parts_of_a_block() {
    let block = TransformerBlock::new(&small(), &Device::flex());
    let counted = ex4_1::counted(&block);
    assert_eq!(counted.feed_forward, 4_722_432, "feed-forward: two linear layers, 768 to 3072 and back, with biases");
    assert_eq!(counted.attention, 2_360_064, "attention: three projections without bias, one with");
    assert_eq!(block.norm1.num_params() + block.norm2.num_params(), 3_072, "the two norms");
    assert_eq!(block.num_params(), 7_085_568, "the whole block: feed-forward, attention and the norms");
}

// 中文：预测 Transformer 块各部分的参数
#[test]
fn ex4_1_predicts_the_parts_of_a_block() {
    let predicted = ex4_1::predicted(&small());
    assert_eq!(predicted.feed_forward, 4_722_432, "feed-forward: 8 d² + 5 d with d = 768");
    assert_eq!(predicted.attention, 2_360_064, "attention: 4 d² + d with d = 768");
    assert_eq!(12 * predicted.feed_forward, 56_669_184, "feed-forward in all twelve blocks");
    assert_eq!(12 * predicted.attention, 28_320_768, "attention in all twelve blocks");
}

// 中文：换成其他大小，两种数法结果一致
#[test]
fn ex4_1_both_ways_agree_for_other_sizes() {
    for (emb_dim, n_heads, qkv_bias) in [(96, 4, false), (96, 4, true), (64, 8, true), (1024, 16, false)] {
        let config = GptConfig { emb_dim, n_heads, qkv_bias, ..tiny() };
        let counted: BlockParams = ex4_1::counted(&TransformerBlock::new(&config, &Device::flex()));
        let predicted = ex4_1::predicted(&config);
        assert_eq!(counted, predicted, "counted and predicted differ for emb_dim {emb_dim}, qkv_bias {qkv_bias}");
    }
}
