//! The fast decoder gives the logits and the ids of the model's own forward pass.

use std::ops::ControlFlow;
use std::sync::Arc;

use burn::tensor::{Device, Int, Tensor, TensorData, s};
use ch04_gpt::{GptModel, generate_text_simple};
use ch05_pretrain::tokens::tensor_to_ids;
use ch05_pretrain::{GenerateOptions, generate};
use fast::Generator;
use fast::cpu_decoder::decoder_weights;
use kernels::decode::{Decoder, Precision};
use shared::init::torch_init;
use shared::rng::TorchRng;
use shared::{GptConfig, Mode};

const CONTEXT: usize = 24;
const VOCAB: usize = 211;

fn model(emb_dim: usize, n_heads: usize, context_length: usize, qkv_bias: bool) -> GptModel {
    let config =
        GptConfig { vocab_size: VOCAB, context_length, emb_dim, n_heads, n_layers: 3, drop_rate: 0.1, qkv_bias };
    torch_init(GptModel::new(&config, &Device::flex()), &mut TorchRng::new(123))
}

fn random_ids(tokens: usize, rng: &mut TorchRng) -> Vec<u32> {
    rng.randint(0, VOCAB as i64, tokens).into_iter().map(|id| id as u32).collect()
}

fn tensor(ids: &[u32]) -> Tensor<2, Int> {
    let row: Vec<i64> = ids.iter().map(|&id| i64::from(id)).collect();
    Tensor::from_data(TensorData::new(row, [1, ids.len()]), &Device::flex())
}

/// What the model's generator generates.
fn generated(model: &GptModel, ids: Tensor<2, Int>, options: &GenerateOptions) -> Tensor<2, Int> {
    let on_tokens = |_: &[u32]| ControlFlow::Continue(());
    Generator::from(model).generate(ids, options, &mut TorchRng::new(1), on_tokens).unwrap()
}

/// The model's logits after the last of `ids`.
fn expected_logits(model: &GptModel, ids: &[u32]) -> Vec<f32> {
    let logits = model.forward(tensor(ids), &mut Mode::Eval);
    logits.slice(s![.., -1.., ..]).into_data().iter::<f32>().collect()
}

fn assert_same_logits(found: &[f32], expected: &[f32], what: &str) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() < 1e-4, "{what}: {found} instead of {expected}");
    }
}

#[test]
fn logits_token_by_token_and_in_pieces_of_every_length() {
    // Odd widths, more threads than heads, heads that cannot be shared evenly.
    for (emb_dim, n_heads, threads) in [(32, 4, 1), (32, 4, 2), (30, 3, 2), (10, 1, 3), (48, 4, 3)] {
        let model = model(emb_dim, n_heads, 150, n_heads == 3);
        let weights = Arc::new(decoder_weights(&model, Precision::F32).unwrap());
        let mut rng = TorchRng::new(7);
        for pieces in [vec![1, 1, 1], vec![2, 3, 1], vec![9], vec![20, 1, 6, 1], vec![70, 66, 1], vec![150]] {
            let ids = random_ids(pieces.iter().sum(), &mut rng);
            let mut decoder = Decoder::new(Arc::clone(&weights), threads);
            let text = decoder.open();
            let mut read = 0;
            for piece in pieces {
                let logits = decoder.read(text, &ids[read..read + piece]);
                read += piece;
                let what = format!("{emb_dim} wide, {n_heads} heads, {threads} threads, {read} tokens");
                assert_same_logits(&logits, &expected_logits(&model, &ids[..read]), &what);
            }
        }
    }
}

#[test]
fn random_prompts_of_every_length_up_to_the_context_and_beyond_it() {
    for qkv_bias in [false, true] {
        let model = model(32, 4, CONTEXT, qkv_bias);
        let mut rng = TorchRng::new(8);
        for tokens in 1..=CONTEXT + 4 {
            let prompt = tensor(&random_ids(tokens, &mut rng));
            let expected = tensor_to_ids(generate_text_simple(&model, prompt.clone(), 12, CONTEXT));
            let options = GenerateOptions::greedy(12, CONTEXT);
            let found = generated(&model, prompt, &options);
            assert_eq!(tensor_to_ids(found), expected, "a prompt of {tokens} tokens");
        }
    }
}

#[test]
fn a_smaller_window_than_the_model_s() {
    let model = model(32, 4, CONTEXT, true);
    let prompt = tensor(&random_ids(5, &mut TorchRng::new(1)));
    for window in [1, 2, 7, CONTEXT] {
        let expected = tensor_to_ids(generate_text_simple(&model, prompt.clone(), 15, window));
        let options = GenerateOptions::greedy(15, window);
        let found = generated(&model, prompt.clone(), &options);
        assert_eq!(tensor_to_ids(found), expected, "a window of {window}");
    }
}

/// Texts one after the other are those that each gets alone, with weights of 32 and of 8 bits.
#[test]
fn a_generator_writes_many_texts() {
    let model = model(32, 4, CONTEXT, true);
    let mut rng = TorchRng::new(12);
    // With a temperature below 1, small differences between the logits count for more.
    let options = GenerateOptions { temperature: 0.05, ..GenerateOptions::greedy(40, CONTEXT) };
    let write = |generator: &Generator, prompt: &[u32]| {
        let on_tokens = |_: &[u32]| ControlFlow::Continue(());
        let ids = generator.generate(tensor(prompt), &options, &mut TorchRng::new(1), on_tokens);
        tensor_to_ids(ids.unwrap())
    };
    let precisions = [Precision::F32, Precision::Int8];
    let generators = precisions.map(|precision| Generator::new(&model, Some(precision)));
    let mut differ = 0;
    for _ in 0..10 {
        let prompt = random_ids(5, &mut rng);
        let alone = precisions.map(|precision| write(&Generator::new(&model, Some(precision)), &prompt));
        for _ in 0..2 {
            assert_eq!(generators.each_ref().map(|generator| write(generator, &prompt)), alone);
        }
        differ += usize::from(alone[0] != alone[1]);
    }
    assert!(differ > 0, "a wrong precision would not be seen");
}

#[test]
fn weights_of_fewer_bits_give_nearly_the_same_logits() {
    let model = model(48, 4, 64, true);
    let ids = random_ids(40, &mut TorchRng::new(5));
    let expected = expected_logits(&model, &ids);
    let size = expected.iter().map(|x| x * x).sum::<f32>();
    // About 2^-9, 2^-8 and 2^-5 of a weight's size are rounded away; layers add to it.
    for (precision, loss) in [(Precision::Bf16, 0.01), (Precision::Int8, 0.02), (Precision::Int4, 0.2)] {
        let mut decoder = Decoder::new(Arc::new(decoder_weights(&model, precision).unwrap()), 2);
        let text = decoder.open();
        decoder.read_on(text, &ids[..30]);
        let found = decoder.read(text, &ids[30..]);
        let error = found.iter().zip(&expected).map(|(a, b)| (a - b) * (a - b)).sum::<f32>();
        let relative = (error / size).sqrt();
        assert!(relative > 0.0 && relative < loss, "{precision:?}: {relative}");
    }
}

/// The output layer makes the lesson's logits of them, for every token. It has more columns than rows, so no other vectors would
/// give these logits.
#[test]
fn hidden_states_are_those_before_the_output_layer() {
    let model = model(32, 4, 64, true);
    let ids = random_ids(40, &mut TorchRng::new(6));
    let mut decoder = Decoder::new(Arc::new(decoder_weights(&model, Precision::F32).unwrap()), 2);
    let text = decoder.open();
    let hidden = TensorData::new(decoder.read_hidden(text, &ids), [40, 32]);
    let hidden = Tensor::<2>::from_data(hidden, &Device::flex());
    let found: Vec<f32> = model.out_head.forward(hidden).into_data().iter::<f32>().collect();
    let expected: Vec<f32> = model.forward(tensor(&ids), &mut Mode::Eval).into_data().iter::<f32>().collect();
    assert_same_logits(&found, &expected, "hidden states");
}

#[test]
fn two_runs_give_the_same_bits() {
    let model = model(48, 4, 64, true);
    let ids = random_ids(40, &mut TorchRng::new(3));
    let weights = Arc::new(decoder_weights(&model, Precision::F32).unwrap());
    let run = || {
        let mut decoder = Decoder::new(Arc::clone(&weights), 2);
        let text = decoder.open();
        decoder.read(text, &ids)
    };
    assert_eq!(run(), run());
}

#[test]
#[should_panic(expected = "25 tokens do not fit into a context of 24")]
fn more_than_the_context_is_refused() {
    let model = model(32, 4, CONTEXT, false);
    let weights = Arc::new(decoder_weights(&model, Precision::F32).unwrap());
    let mut decoder = Decoder::new(weights, 2);
    let text = decoder.open();
    decoder.read(text, &random_ids(25, &mut TorchRng::new(4)));
}

/// A model without the causal mask: no keys and values can be kept, and the option for it changes no id.
#[test]
fn without_a_causal_mask_nothing_is_kept() {
    let mut causal = model(32, 4, CONTEXT, false);
    for block in &mut causal.trf_blocks {
        // An untrained model hardly looks at other tokens.
        block.att.w_value.weight = block.att.w_value.weight.clone().map(|weight| weight * 30.0);
    }
    let mut model = causal.clone();
    for block in &mut model.trf_blocks {
        block.att.causal = false;
    }
    assert!(decoder_weights(&model, Precision::F32).is_none());
    let ids = || tensor(&random_ids(9, &mut TorchRng::new(3)));
    let options = GenerateOptions::greedy(12, CONTEXT);
    let lesson = |model: &GptModel| generate(model, ids(), &options, &mut TorchRng::new(0)).unwrap();
    let whole = tensor_to_ids(lesson(&model));
    assert_eq!(tensor_to_ids(generated(&model, ids(), &options)), whole);
    assert_ne!(tensor_to_ids(lesson(&causal)), whole, "the mask makes a difference");
}
