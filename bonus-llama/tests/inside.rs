//! The look inside shows what the forward pass computes, in every family.

use bonus_llama::attention::share;
use bonus_llama::{Family, Gemma3Config, LlamaConfig, LlamaModel};
use burn::tensor::{Device, Int, Tensor};
use ch03_attention::bonus::heads::{merge_heads, split_heads};
use ch04_gpt::bonus::Inside;
use shared::Mode;
use shared::init::torch_init;
use shared::rng::TorchRng;
use testkit::{assert_close, values};

/// Sums of up to 96 float32 products below 1, in another order.
const ROUNDING: f32 = 1e-6;

const TOKENS: usize = 6;
const WINDOW: usize = 3;

fn models() -> [LlamaModel; 3] {
    let config =
        LlamaConfig { vocab_size: 50, context_length: 16, n_layers: 2, ..LlamaConfig::preset("tiny").unwrap() };
    let gemma =
        Gemma3Config { query_scale: 9.0, window: WINDOW, local_rope_base: 100.0, full_layers: vec![false, true] };
    [Family::Llama, Family::Qwen3, Family::Gemma3(gemma)].map(|family| {
        let config = LlamaConfig { family, ..config.clone() };
        torch_init(LlamaModel::new(&config, &Device::flex()), &mut TorchRng::new(123))
    })
}

fn ids() -> Tensor<2, Int> {
    Tensor::from_ints([[3, 14, 15, 9, 26, 5], [35, 8, 9, 7, 9, 3]], &Device::flex())
}

/// The same operations in the same order: not one bit differs.
#[test]
fn the_lens_of_the_last_block_is_the_prediction() {
    for model in models() {
        let Inside { hidden_states, attention_weights } = model.look_inside(ids());
        assert_eq!((hidden_states.len(), attention_weights.len()), (3, 2));
        assert_eq!(values(hidden_states[0].clone()), values(model.embed(ids())));
        assert_eq!(values(model.logits(hidden_states[2].clone())), values(model.forward(ids(), &mut Mode::Eval)));
    }
}

/// The shown weights are those that mix the values: with them, the rest of the attention gives its result.
#[test]
fn the_weights_are_those_of_the_attention() {
    for model in models() {
        let Inside { hidden_states, attention_weights } = model.look_inside(ids());
        let rotations = model.rotations(0..TOKENS, &Device::flex());
        for ((block, x), weights) in model.blocks.iter().zip(hidden_states).zip(attention_weights) {
            let (heads, kv_heads) = (block.att.num_heads, block.att.num_kv_heads);
            assert!(heads > kv_heads, "heads share keys here");
            assert_close(&values(weights.clone().sum_dim(3)), &vec![1.0; 2 * heads * TOKENS], ROUNDING);
            let out_of_sight: Tensor<4> = match block.att.window {
                Some(window) => weights.clone().triu(1) + weights.clone().tril(-(window as i64)),
                None => weights.clone().triu(1),
            };
            assert_eq!(out_of_sight.abs().max().into_scalar::<f32>(), 0.0);

            let x = block.norm1.forward(x);
            let of_values = share(split_heads(block.att.w_value.forward(x.clone()), kv_heads), heads);
            let mixed = merge_heads(weights.matmul(of_values));
            let attended = block.att.forward(x, rotations.of(block));
            assert_close(&values(block.att.out_proj.forward(mixed)), &values(attended), ROUNDING);
        }
    }
}
