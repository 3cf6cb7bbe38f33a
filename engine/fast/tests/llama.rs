//! Llama, Qwen3 and Gemma 3: the fast decoder gives the logits and the ids of the model's own forward pass.

mod common;
#[path = "llama/training.rs"]
mod training;

use std::ops::{ControlFlow, Range};
use std::sync::Arc;

use appendix_lora::{LoraLayer, LoraSettings, Scale, attach_layers};
use bonus_llama::{Family, Gemma3Config, LlamaConfig, LlamaModel, RopeScaling, generate_greedy};
use burn::module::Param;
use burn::tensor::{Device, Int, Tensor, TensorData, s};
use ch05_pretrain::GenerateError;
use fast::llama_decoder::{LlamaFile, llama_weights, llama_weights_from_file};
use fast::{Finish, LlamaCpuDecoder, LlamaError, LlamaGenerator, LlamaOptions, PromptError, TokenFilter};
use kernels::decode::llama::LlamaDecoder;
use kernels::decode::{Blocks, Columns, Precision};
use shared::Mode;
use shared::init::{randn, torch_init};
use shared::rng::TorchRng;
use testkit::values;

const VOCAB: usize = 211;

/// One model of each family, with sizes that divide into nothing evenly: three query heads for each head of keys, widths that
/// are no multiple of 32, heads whose widths together are not the model's.
fn configs() -> [LlamaConfig; 4] {
    let tiny = LlamaConfig {
        vocab_size: VOCAB,
        context_length: 200,
        emb_dim: 36,
        n_heads: 9,
        n_kv_heads: 3,
        head_dim: 4,
        hidden_dim: 84,
        n_layers: 3,
        ..LlamaConfig::preset("tiny").unwrap()
    };
    let scaling = RopeScaling { factor: 8.0, low_freq_factor: 1.0, high_freq_factor: 4.0, original_context_length: 64 };
    let untied = LlamaConfig { tied: false, rope_scaling: Some(scaling), head_dim: 16, ..tiny.clone() };
    let qwen3 = LlamaConfig { n_heads: 4, n_kv_heads: 2, head_dim: 24, family: Family::Qwen3, ..tiny.clone() };
    let gemma =
        Gemma3Config { query_scale: 20.0, window: 5, local_rope_base: 10_000.0, full_layers: vec![false, true, false] };
    let gemma3 = LlamaConfig { n_heads: 2, n_kv_heads: 1, head_dim: 24, family: Family::Gemma3(gemma), ..tiny.clone() };
    [tiny, untied, qwen3, gemma3]
}

/// Random weights, of which those of the norms are not 1 or 0, and those of the attention large enough to matter.
fn model(config: &LlamaConfig) -> LlamaModel {
    let mut model = torch_init(LlamaModel::new(config, &Device::flex()), &mut TorchRng::new(123));
    let mut rng = TorchRng::new(5);
    for block in &mut model.blocks {
        let att = &mut block.att;
        for layer in [&mut att.w_query, &mut att.w_key] {
            layer.weight = layer.weight.clone().map(|weight| weight * 3.0);
        }
        let branches = [&mut block.post_attention_norm, &mut block.post_ff_norm, &mut att.q_norm, &mut att.k_norm];
        for norm in branches.into_iter().flatten().chain([&mut block.norm1, &mut block.norm2]) {
            norm.weight = norm.weight.clone().map(|weight| {
                let [width] = weight.dims();
                let noise = TensorData::new(rng.uniform(width, -0.5, 0.5), [width]);
                weight + Tensor::from_data(noise, &Device::flex())
            });
        }
    }
    model
}

fn random_ids(tokens: usize, seed: u64) -> Vec<u32> {
    TorchRng::new(seed).randint(0, VOCAB as i64, tokens).into_iter().map(|id| id as u32).collect()
}

fn tensor(ids: &[u32]) -> Tensor<2, Int> {
    let row: Vec<i64> = ids.iter().map(|&id| i64::from(id)).collect();
    Tensor::from_data(TensorData::new(row, [1, ids.len()]), &Device::flex())
}

/// The model's logits after each of `ids`.
fn lesson(model: &LlamaModel, ids: &[u32]) -> Vec<Vec<f32>> {
    let logits = model.forward(tensor(ids), &mut Mode::Eval);
    (0..ids.len()).map(|i| values(logits.clone().slice(s![0, i, ..]))).collect()
}

fn decoder(model: &LlamaModel, precision: Precision, threads: usize) -> LlamaCpuDecoder {
    LlamaCpuDecoder::with_threads(Arc::new(llama_weights(model, precision).unwrap()), threads)
}

fn assert_same_logits(found: &[f32], expected: &[f32], what: &str) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() < 1e-4, "{what}: {found} instead of {expected}");
    }
}

/// The error of all logits together, relative to their size.
fn relative_error(found: &[f32], expected: &[f32]) -> f32 {
    let size: f32 = expected.iter().map(|x| x * x).sum();
    let error: f32 = found.iter().zip(expected).map(|(a, b)| (a - b) * (a - b)).sum();
    (error / size).sqrt()
}

fn quietly(_: u32) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

#[test]
fn logits_token_by_token_and_in_pieces_of_every_length() {
    for config in configs() {
        let (model, ids) = (model(&config), random_ids(150, 7));
        let expected = lesson(&model, &ids);
        // More threads than heads of keys and values, and than there are columns to share.
        for threads in [1, 2, 5] {
            for pieces in [&[1; 12][..], &[2, 3, 1], &[9], &[20, 1, 6, 1], &[70, 66, 1], &[150]] {
                let mut decoder = decoder(&model, Precision::F32, threads);
                let mut read = 0;
                for piece in pieces {
                    read += piece;
                    let logits = decoder.next_logits(&ids[..read]).unwrap();
                    let what = format!("{:?}, {threads} threads, {read} tokens", config.family);
                    assert_same_logits(&logits, &expected[read - 1], &what);
                }
            }
        }
    }
}

#[test]
fn the_most_likely_ids_are_those_of_the_lesson() {
    for config in configs() {
        let model = model(&config);
        let mut generator = LlamaGenerator::new(&model, Precision::F32).unwrap();
        for tokens in [1, 2, 3, 17, 70] {
            let prompt = random_ids(tokens, tokens as u64);
            let expected: Vec<u32> = generate_greedy(&model, tensor(&prompt), 25).into_data().iter().collect();
            let found = generator.generate(&prompt, &LlamaOptions::greedy(25), &mut TorchRng::new(1), quietly).unwrap();
            assert_eq!((&found.ids[..], found.finish), (&expected[tokens..], Finish::Length), "{:?}", config.family);
        }
    }
}

/// About 2^-9, 2^-8 and 2^-5 of a weight's size are rounded away; layers add to it.
#[test]
fn weights_of_fewer_bits_give_nearly_the_same_logits() {
    for config in configs() {
        let (model, ids) = (model(&config), random_ids(60, 3));
        let expected = lesson(&model, &ids);
        for (precision, loss) in [(Precision::Bf16, 0.02), (Precision::Int8, 0.05), (Precision::Int4, 0.4)] {
            let weights = Arc::new(llama_weights(&model, precision).unwrap());
            for pieces in [vec![40, 20], vec![1; 60]] {
                let mut decoder = LlamaCpuDecoder::with_threads(Arc::clone(&weights), 2);
                let (mut read, mut logits) = (0, Vec::new());
                for piece in pieces {
                    read += piece;
                    logits = decoder.next_logits(&ids[..read]).unwrap();
                }
                let error = relative_error(&logits, &expected[59]);
                assert!(error > 0.0 && error < loss, "{:?} in {precision:?}: {error}", config.family);
            }
        }
    }
}

/// The values of the parameter at a path.
fn parameter(model: &LlamaModel, path: &str) -> Tensor<2> {
    let names: Vec<&str> = path.split('.').collect();
    let layer = match names[..] {
        ["tok_emb", "weight"] => return model.tok_emb.weight.val().transpose(),
        ["out_head", "weight"] => model.out_head.as_ref().unwrap(),
        ["blocks", block, part, name, "weight"] => {
            let block = &model.blocks[block.parse::<usize>().unwrap()];
            match (part, name) {
                ("att", "w_query") => &block.att.w_query,
                ("att", "w_key") => &block.att.w_key,
                ("att", "w_value") => &block.att.w_value,
                ("att", "out_proj") => &block.att.out_proj,
                ("ff", "gate") => &block.ff.gate,
                ("ff", "up") => &block.ff.up,
                ("ff", "down") => &block.ff.down,
                _ => panic!("{path}"),
            }
        }
        _ => panic!("{path}"),
    };
    layer.weight.val()
}

/// A model that plays a file without blocks.
struct ModelAsFile<'m>(&'m LlamaModel);

struct MatrixAsColumns {
    values: Vec<f32>,
    rows: usize,
}

impl LlamaFile for ModelAsFile<'_> {
    fn columns(&self, path: &str) -> Box<dyn Columns + '_> {
        let matrix = parameter(self.0, path);
        let [rows, _] = matrix.dims();
        Box::new(MatrixAsColumns { values: values(matrix.transpose()), rows })
    }
}

impl Columns for MatrixAsColumns {
    fn fill(&self, columns: Range<usize>, out: &mut [f32]) {
        out.copy_from_slice(&self.values[columns.start * self.rows..columns.end * self.rows]);
    }

    fn blocks(&self, _: usize) -> Option<Blocks<'_>> {
        None
    }
}

#[test]
fn weights_from_a_file_are_those_of_the_model() {
    for config in configs() {
        let (model, ids) = (model(&config), random_ids(20, 6));
        for precision in [Precision::Bf16, Precision::Int8, Precision::Int4] {
            let weights = llama_weights_from_file(&model, precision, &ModelAsFile(&model)).unwrap();
            let found = LlamaCpuDecoder::with_threads(Arc::new(weights), 2).next_logits(&ids).unwrap();
            let expected = decoder(&model, precision, 2).next_logits(&ids).unwrap();
            assert_eq!(found, expected, "{:?} in {precision:?}", config.family);
        }
        assert!(llama_weights_from_file(&model, Precision::F32, &ModelAsFile(&model)).is_none());
    }
}

#[test]
fn a_text_with_the_same_beginning_is_read_from_there_on() {
    for config in configs() {
        let model = model(&config);
        let mut decoder = decoder(&model, Precision::F32, 2);
        let (ids, mut read) = (random_ids(60, 11), 0);
        for (kept, other) in [(0, 60), (50, 40), (10, 3), (12, 0), (5, 1)] {
            let text = [&ids[..kept], &random_ids(other, 100 + kept as u64)].concat();
            // The last token is read again for its logits.
            let known = if read == 0 || other > 0 { kept.min(read) } else { kept - 1 };
            assert_eq!(decoder.reusable(&text), known, "{kept} + {other}");
            let found = decoder.next_logits(&text).unwrap();
            assert_eq!(decoder.ids(), text);
            assert_same_logits(&found, lesson(&model, &text).last().unwrap(), &format!("{:?}", config.family));
            // The next text begins as this one does.
            decoder.next_logits(&ids).unwrap();
            read = ids.len();
        }
    }
}

#[test]
fn a_conversation_reads_only_what_is_new() {
    let model = model(&configs()[0]);
    let mut generator = LlamaGenerator::new(&model, Precision::Int8).unwrap();
    let mut rng = TorchRng::new(1);
    let options = LlamaOptions::greedy(10);
    let mut text = random_ids(20, 2);
    let first = generator.generate(&text, &options, &mut rng, quietly).unwrap();
    assert_eq!(first.reused, 0);
    text.extend(&first.ids);
    text.extend(random_ids(8, 3));
    // The last token of the answer was chosen, but not read.
    assert_eq!(generator.generate(&text, &options, &mut rng, quietly).unwrap().reused, 29);
    let again = generator.generate(&text[..20], &options, &mut rng, quietly).unwrap();
    assert_eq!((again.reused, again.ids), (19, first.ids), "the last token is read again for its logits");
}

#[test]
fn every_way_a_text_can_end() {
    let model = model(&configs()[2]);
    let mut generator = LlamaGenerator::new(&model, Precision::F32).unwrap();
    let prompt = random_ids(190, 4);
    let mut run = |options: &LlamaOptions, most: usize| {
        let mut seen = Vec::new();
        let on_token = |id| {
            seen.push(id);
            if seen.len() == most { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let generated = generator.generate(&prompt, options, &mut TorchRng::new(1), on_token).unwrap();
        assert_eq!(generated.ids, seen);
        (generated.ids, generated.finish)
    };
    let (ids, finish) = run(&LlamaOptions::greedy(5), 9);
    assert_eq!((ids.len(), finish), (5, Finish::Length));
    assert_eq!(run(&LlamaOptions::greedy(0), 9), (vec![], Finish::Length));
    let (all, finish) = run(&LlamaOptions::greedy(50), 90);
    assert_eq!((all.len(), finish), (10, Finish::ContextFull));
    assert_eq!(run(&LlamaOptions::greedy(50), 3), (all[..3].to_vec(), Finish::Interrupted));
    let end = all.iter().position(|id| *id == all[6]).unwrap();
    let stop_ids = vec![VOCAB as u32 + 5, all[6]];
    let found = run(&LlamaOptions { stop_ids, ..LlamaOptions::greedy(50) }, 90);
    assert_eq!(found, (all[..end].to_vec(), Finish::Stop(all[6])));
}

#[test]
fn draws_follow_temperature_top_k_and_top_p() {
    let model = model(&configs()[1]);
    let mut generator = LlamaGenerator::new(&model, Precision::F32).unwrap();
    let prompt = random_ids(6, 8);
    let logits = lesson(&model, &prompt).pop().unwrap();
    let temperature = 0.3;
    let weight = |logit: &f32| (f64::from(*logit) / temperature).exp();
    let total: f64 = logits.iter().map(weight).sum();
    let mut likely: Vec<(u32, f64)> = (0..).zip(logits.iter().map(|logit| weight(logit) / total)).collect();
    likely.sort_by(|a, b| b.1.total_cmp(&a.1));
    let mut draw = |top_k, top_p| -> Vec<u32> {
        let filter = TokenFilter { top_p, ..TokenFilter::default() };
        let options = LlamaOptions { temperature, top_k, filter, ..LlamaOptions::greedy(1) };
        let mut rng = TorchRng::new(3);
        let mut draw = || generator.generate(&prompt, &options, &mut rng, quietly).unwrap().ids[0];
        (0..2000).map(|_| draw()).collect()
    };
    let all = draw(None, 1.0);
    for &(id, probability) in &likely[..3] {
        let share = all.iter().filter(|&&drawn| drawn == id).count() as f64 / 2000.0;
        // Three times the standard deviation at most.
        assert!((share - probability).abs() < 0.034, "{id}: {share} instead of {probability}");
    }
    let among = |drawn: &[u32], n: usize| drawn.iter().all(|id| likely[..n].iter().any(|(likely, _)| likely == id));
    assert!(!among(&all, 4) && among(&draw(Some(4), 1.0), 4));
    let share_of_four: f64 = likely[..4].iter().map(|(_, probability)| probability).sum();
    let drawn = draw(None, share_of_four - 1e-4);
    assert!(among(&drawn, 4) && !among(&drawn, 3));
    assert_eq!(draw(Some(7), 0.8), draw(Some(7), 0.8), "the same seed");
}

#[test]
fn what_does_not_suit_the_model_is_refused() {
    let model = model(&configs()[3]);
    let mut generator = LlamaGenerator::new(&model, Precision::F32).unwrap();
    let greedy = LlamaOptions::greedy(3);
    let mut refused = |prompt: &[u32], options: &LlamaOptions| {
        generator.generate(prompt, options, &mut TorchRng::new(1), quietly).unwrap_err()
    };
    assert_eq!(refused(&[], &greedy), PromptError::Empty.into());
    assert_eq!(refused(&[3, 211], &greedy), PromptError::UnknownId { id: 211, vocab_size: VOCAB }.into());
    let long = refused(&[0; 201], &greedy);
    assert_eq!(long, LlamaError::TooLong { tokens: 201, context_length: 200 });
    assert_eq!(long.to_string(), "the prompt has 201 tokens, but the model's context has room for 200");
    let top_k = LlamaOptions { top_k: Some(0), ..greedy.clone() };
    assert_eq!(refused(&[1], &top_k), GenerateError::TopK { top_k: 0, vocab_size: VOCAB }.into());
    let cold = LlamaOptions { temperature: -1.0, ..greedy };
    assert_eq!(refused(&[1], &cold), GenerateError::Temperature(-1.0).into());
}

#[test]
fn logits_that_are_no_numbers_are_refused() {
    let mut model = model(&configs()[0]);
    model.final_norm.weight = model.final_norm.weight.clone().map(|weight| weight * f32::NAN);
    let mut generator = LlamaGenerator::new(&model, Precision::F32).unwrap();
    let found = generator.generate(&[1, 2], &LlamaOptions::greedy(3), &mut TorchRng::new(1), quietly);
    assert_eq!(found.unwrap_err(), GenerateError::NotFinite.into());
}

#[test]
fn lora_layers_become_part_of_the_weights() {
    for config in configs() {
        let plain = model(&config);
        let settings = LoraSettings { rank: 3, alpha: 3.0, scale: Scale::AlphaOverRank };
        let (mut rng, device) = (TorchRng::new(4), Device::flex());
        let adapted = attach_layers(plain.clone(), |_, [d_in, d_out]| {
            let lora = LoraLayer::new(d_in, d_out, &settings, &mut rng, &device);
            Some(LoraLayer { b: Param::from_tensor(randn([3, d_out], &mut rng, &device) * 0.1), ..lora })
        });
        let ids = random_ids(20, 5);
        let expected = lesson(&adapted, &ids).pop().unwrap();
        assert!(relative_error(&expected, &lesson(&plain, &ids)[19]) > 0.1, "the layers make a difference");
        let found = decoder(&adapted, Precision::F32, 2).next_logits(&ids).unwrap();
        assert_same_logits(&found, &expected, &format!("{:?}", config.family));
    }
}

/// The output layer, or the token embedding in its place, makes the lesson's logits of them, for every token.
#[test]
fn hidden_states_are_those_before_the_output_layer() {
    for config in configs() {
        let (model, ids) = (model(&config), random_ids(40, 6));
        let mut decoder = LlamaDecoder::new(Arc::new(llama_weights(&model, Precision::F32).unwrap()), 2);
        let text = decoder.open();
        let hidden = TensorData::new(decoder.read_hidden(text, &ids), [40, config.emb_dim]);
        let head = match &model.out_head {
            Some(head) => head.weight.val(),
            None => model.tok_emb.weight.val().transpose(),
        };
        let found = values(Tensor::<2>::from_data(hidden, &Device::flex()).matmul(head));
        assert_same_logits(&found, &lesson(&model, &ids).concat(), &format!("{:?}", config.family));
    }
}

#[test]
fn two_runs_give_the_same_bits() {
    let (model, ids) = (model(&configs()[3]), random_ids(40, 3));
    let run = || decoder(&model, Precision::F32, 2).next_logits(&ids).unwrap();
    assert_eq!(run(), run());
}
