//! The look inside shows what the forward pass computes.

use burn::tensor::{Device, Int, Tensor, s};
use ch03_attention::bonus::heads::{merge_heads, split_heads};
use ch04_gpt::GptModel;
use ch04_gpt::bonus::Inside;
use shared::init::torch_init;
use shared::rng::TorchRng;
use shared::{GptConfig, Mode};
use testkit::{assert_close, values};

/// Sums of up to 32 float32 products below 1, in another order.
const ROUNDING: f32 = 1e-6;

const TOKENS: usize = 6;

fn model() -> GptModel {
    let config = GptConfig {
        vocab_size: 50,
        context_length: 8,
        emb_dim: 32,
        n_heads: 4,
        n_layers: 3,
        drop_rate: 0.1,
        qkv_bias: true,
    };
    torch_init(GptModel::new(&config, &Device::flex()), &mut TorchRng::new(123))
}

fn ids() -> Tensor<2, Int> {
    Tensor::from_ints([[3, 14, 15, 9, 26, 5], [35, 8, 9, 7, 9, 3]], &Device::flex())
}

/// The same operations in the same order: not one bit differs.
#[test]
fn the_lens_of_the_last_block_is_the_prediction() {
    let model = model();
    let Inside { hidden_states, attention_weights } = model.look_inside(ids());
    assert_eq!((hidden_states.len(), attention_weights.len()), (4, 3));
    let lens: Vec<Vec<f32>> = hidden_states.into_iter().map(|x| values(model.logits(x))).collect();
    assert_eq!(lens[3], values(model.forward(ids(), &mut Mode::Eval)));
    assert!(lens[..3].iter().all(|earlier| *earlier != lens[3]));
}

#[test]
fn before_the_first_block_a_state_is_a_token_and_a_position() {
    let model = model();
    let Inside { hidden_states, .. } = model.look_inside(ids());
    let row = |table: &Tensor<2>, row: usize| values(table.clone().slice(s![row..row + 1, ..]));
    let (tokens, positions) = (model.tok_emb.weight.val(), model.pos_emb.weight.val());
    let sum: Vec<f32> =
        row(&tokens, 7).iter().zip(row(&positions, 3)).map(|(token, position)| token + position).collect();
    assert_eq!(values(hidden_states[0].clone().slice(s![1..2, 3..4, ..])), sum);
}

/// The shown weights are those that mix the values: with them, the rest of the attention gives its result.
#[test]
fn the_weights_are_those_of_the_attention() {
    let model = model();
    let Inside { hidden_states, attention_weights } = model.look_inside(ids());
    for ((block, x), weights) in model.trf_blocks.iter().zip(hidden_states).zip(attention_weights) {
        assert_eq!(weights.dims(), [2, 4, TOKENS, TOKENS]);
        assert_close(&values(weights.clone().sum_dim(3)), &[1.0; 2 * 4 * TOKENS], ROUNDING);
        let future: Tensor<4> = weights.clone().triu(1);
        assert_eq!(future.abs().max().into_scalar::<f32>(), 0.0);

        let x = block.norm1.forward(x);
        let mixed = merge_heads(weights.matmul(split_heads(block.att.w_value.forward(x.clone()), 4)));
        let attended = block.att.forward(x, &mut Mode::Eval);
        assert_close(&values(block.att.out_proj.forward(mixed)), &values(attended), ROUNDING);
    }
}

#[test]
#[should_panic(expected = "9 tokens do not fit into a context of 8")]
fn a_text_that_is_too_long() {
    model().look_inside(Tensor::zeros([1, 9], &Device::flex()));
}
