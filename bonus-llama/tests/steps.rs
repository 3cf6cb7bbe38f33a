//! What a Llama shares with chapters 3 and 4, and that it can be trained.

use appendix_lora::{LoraSettings, Scale, attach_lora, freeze, linear_weights, merge_lora};
use bonus_llama::{Family, Gemma3Config, GroupedQueryAttention, LlamaConfig, LlamaModel, RmsNorm, Rope};
use burn::module::Param;
use burn::tensor::{Device, Int, Tensor, s};
use ch03_attention::{MultiHeadAttention, MultiHeadAttentionConfig};
use ch04_gpt::LayerNorm;
use ch05_pretrain::AdamW;
use shared::init::{randn, torch_init};
use shared::rng::TorchRng;
use shared::{Mode, cross_entropy};
use testkit::{assert_close, values};

fn tiny() -> LlamaConfig {
    LlamaConfig { vocab_size: 50, context_length: 16, n_layers: 2, ..LlamaConfig::preset("tiny").unwrap() }
}

fn gemma() -> LlamaConfig {
    let gemma = Gemma3Config { query_scale: 9.0, window: 3, local_rope_base: 100.0, full_layers: vec![false, true] };
    LlamaConfig { family: Family::Gemma3(gemma), ..tiny() }
}

fn built(config: &LlamaConfig, device: &Device) -> LlamaModel {
    torch_init(LlamaModel::new(config, device), &mut TorchRng::new(123))
}

fn ids(device: &Device) -> Tensor<2, Int> {
    Tensor::from_ints([[3, 14, 15, 9, 26, 5], [35, 8, 9, 7, 9, 3]], device)
}

/// Without a mean to subtract, layer normalization is RMSNorm.
#[test]
fn both_norms_agree_on_vectors_with_mean_zero() {
    let device = Device::flex();
    let x: Tensor<2> = randn([5, 32], &mut TorchRng::new(1), &device);
    let centred = x.clone() - x.clone().mean_dim(1);
    let (layer, rms) = (LayerNorm::new(32, &device), RmsNorm::new(32, 1e-5, &device));
    assert_close(&values(rms.forward(centred.clone())), &values(layer.forward(centred)), 1e-6);
    let difference: f32 = (rms.forward(x.clone()) - layer.forward(x)).abs().max().into_scalar();
    assert!(difference > 0.1, "{difference}");
}

/// As many heads of keys and values as of queries, and no rotation: chapter 3's attention.
#[test]
fn without_groups_and_rotation_it_is_chapter_3_s_attention() {
    let device = Device::flex();
    let config = LlamaConfig { n_kv_heads: 6, ..tiny() };
    let llama = torch_init(GroupedQueryAttention::new(&config, 0, &device), &mut TorchRng::new(123));
    let mut gpt = MultiHeadAttention::new(&MultiHeadAttentionConfig::new(96, 96, 16, 6), &device);
    gpt.w_query = llama.w_query.clone();
    gpt.w_key = llama.w_key.clone();
    gpt.w_value = llama.w_value.clone();
    gpt.out_proj.weight = llama.out_proj.weight.clone();
    gpt.out_proj.bias = Some(Param::from_tensor(Tensor::zeros([96], &device)));
    let x: Tensor<3> = randn([2, 6, 96], &mut TorchRng::new(2), &device);
    let still = Rope { frequencies: vec![0.0; 8] }.rotation(0..6, &device);
    let expected = values(gpt.forward(x.clone(), &mut Mode::Eval));
    // Sums of up to 96 products of numbers around 1, in another order.
    assert_close(&values(llama.forward(x.clone(), &still)), &expected, 1e-5);

    let turning = Rope::new(16, 10_000.0, None).rotation(0..6, &device);
    let turned = values(llama.forward(x, &turning));
    assert_eq!(turned[..3], expected[..3], "the first token sees only itself");
    assert!(turned[96..192].iter().zip(&expected[96..192]).any(|(a, b)| (a - b).abs() > 1e-3));
}

/// In one layer, a sum over the tokens before does not know their order; rotated keys do.
#[test]
fn the_rotation_alone_tells_the_order() {
    let device = Device::flex();
    let mut model = built(&LlamaConfig { n_layers: 1, tied: false, ..tiny() }, &device);
    let difference = |model: &LlamaModel| -> f32 {
        let ids = Tensor::<2, Int>::from_ints([[3, 14, 15], [14, 3, 15]], &device);
        let last = model.forward(ids, &mut Mode::Eval).slice(s![.., -1.., ..]);
        (last.clone().slice(s![0, .., ..]) - last.slice(s![1, .., ..])).abs().max().into_scalar()
    };
    let rotated = difference(&model);
    model.rope.frequencies.fill(0.0);
    let still = difference(&model);
    assert!(rotated > 1e-3 && still < 1e-5, "{rotated} with the rotation, {still} without");
}

#[test]
fn the_future_is_hidden() {
    let device = Device::flex();
    for config in [tiny(), LlamaConfig { family: Family::Qwen3, ..tiny() }, gemma()] {
        let model = built(&config, &device);
        let whole = model.forward(ids(&device), &mut Mode::Eval).slice(s![.., ..4, ..]);
        let beginning = model.forward(ids(&device).slice(s![.., ..4]), &mut Mode::Eval);
        // Random embeddings of a tied head give logits around 10.
        assert_close(&values(beginning), &values(whole), 1e-3);
    }
}

/// The loss of the second token on, as chapter 5 computes it.
fn loss(model: &LlamaModel, device: &Device) -> Tensor<1> {
    let logits = model.forward(ids(device).slice(s![.., ..-1]), &mut Mode::TrainOnDevice);
    cross_entropy(logits.flatten(0, 1), ids(device).slice(s![.., 1..]).flatten(0, 1))
}

/// Every parameter of every family gets a gradient; the table of a tied head from both of its uses.
#[test]
fn all_parameters_are_trained() {
    let device = Device::flex().autodiff();
    for config in [tiny(), LlamaConfig { family: Family::Qwen3, tied: false, ..tiny() }, gemma()] {
        let model = built(&config, &device);
        let gradients = loss(&model, &device).backward();
        let largest = |gradient: Tensor<1>| -> f32 { gradient.abs().max().into_scalar() };
        let block = &model.blocks[1];
        for norm in [Some(&block.norm1), block.att.q_norm.as_ref(), block.post_ff_norm.as_ref()].into_iter().flatten() {
            assert!(largest(norm.weight.val().grad(&gradients).unwrap()) > 0.0);
        }
        for layer in [&block.att.w_key, &block.att.out_proj, &block.ff.gate, &block.ff.up, &block.ff.down] {
            assert!(largest(layer.weight.val().grad(&gradients).unwrap().flatten(0, 1)) > 0.0);
        }
        // No text has id 0: only as a row of the output layer can the table learn something about it.
        let table = model.tok_emb.weight.val().grad(&gradients).unwrap();
        assert_eq!(largest(table.slice(s![0, ..]).flatten(0, 1)) > 0.0, config.tied);
    }
}

/// Chapter 5's optimizer on one batch, a head of its own: the loss falls from that of a guess.
#[test]
fn a_llama_learns_its_batch() {
    let device = Device::flex().autodiff();
    let mut model = built(&LlamaConfig { tied: false, ..tiny() }, &device);
    let mut optimizer = AdamW::new(0.1);
    let start = loss(&model, &device).into_scalar::<f32>();
    for _ in 0..20 {
        let gradients = loss(&model, &device).backward();
        model = optimizer.step(5e-3, model, gradients);
    }
    let end = loss(&model, &device).into_scalar::<f32>();
    assert!((3.0..5.0).contains(&start), "{start}, but a guess among 50 tokens has ln 50 = 3.9");
    assert!(end < 0.1, "{end}");
}

/// Appendix E's LoRA finds seven layers in a block; the table of a tied head is none.
#[test]
fn lora_attaches_to_a_llama() {
    let device = Device::flex();
    let model = built(&tiny(), &device);
    let names: Vec<String> = linear_weights(&model).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names.len(), 2 * 7);
    assert_eq!(names[..2], ["blocks.0.att.w_query.weight", "blocks.0.att.w_key.weight"]);
    let before = values(model.forward(ids(&device), &mut Mode::Eval));
    let settings = LoraSettings { rank: 4, alpha: 8.0, scale: Scale::AlphaOverRank };
    let with_lora = attach_lora(freeze(model), &settings, &mut TorchRng::new(1), &device);
    let merged = merge_lora(with_lora);
    assert_eq!(values(merged.forward(ids(&device), &mut Mode::Eval)), before, "a fresh adapter changes nothing");
}
