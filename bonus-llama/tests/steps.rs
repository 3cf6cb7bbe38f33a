//! What a Llama shares with chapters 3 and 4, and that it can be trained and fine-tuned.

use appendix_lora::{LoraLayer, LoraSettings, Scale, attach_lora, freeze, linear_weights, merge_lora};
use bonus_llama::{
    Family, Gemma3Config, GroupedQueryAttention, LlamaConfig, LlamaModel, RmsNorm, Rope, add_classification_head,
    attach_lora_to_blocks, set_trainable,
};
use burn::module::{Module, Param};
use burn::tensor::{Device, Int, Tensor, s};
use ch03_attention::{MultiHeadAttention, MultiHeadAttentionConfig};
use ch04_gpt::LayerNorm;
use ch05_pretrain::AdamW;
use ch06_classify::{Trainable, num_trainable};
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

/// SmolLM2 135M with as many layers; the vocabulary counts for nothing that is trained.
fn smollm(n_layers: usize) -> LlamaConfig {
    LlamaConfig { n_layers, vocab_size: 2, ..LlamaConfig::preset("smollm2-135m").unwrap() }
}

const RANK_16: LoraSettings = LoraSettings { rank: 16, alpha: 16.0, scale: Scale::AlphaOverRank };

/// The embedding stays; the head is a layer of its own, also where it was tied.
#[test]
fn a_new_head_compares_the_same_vectors() {
    let device = Device::flex();
    for (config, own_head) in [(tiny(), 0), (LlamaConfig { tied: false, ..tiny() }, 50 * 96), (gemma(), 0)] {
        let model = built(&config, &device);
        let (before, table) = (model.num_params(), values(model.tok_emb.weight.val()));
        let vectors = {
            let rotations = model.rotations(0..6, &device);
            let embedded = model.embed(ids(&device));
            let last = model.blocks.iter().fold(embedded, |x, block| block.forward(x, rotations.of(block)));
            model.final_norm.forward(last)
        };
        let classifier = add_classification_head(model, &mut TorchRng::new(5), &device);
        let head = classifier.out_head.as_ref().unwrap();
        let expected = vectors.matmul(head.weight.val().unsqueeze()) + head.bias.as_ref().unwrap().val().unsqueeze();
        let logits = classifier.forward(ids(&device), &mut Mode::Eval);
        assert_eq!(logits.dims(), [2, 6, 2]);
        assert_close(&values(logits), &values(expected), 1e-5);
        assert_eq!(values(classifier.tok_emb.weight.val()), table);
        assert_eq!(classifier.num_params(), before - own_head + 96 * 2 + 2);
        classifier.config.validate().unwrap();
        assert_eq!(classifier.config, LlamaConfig { tied: false, ..config });
    }
}

/// A block has 2 · 96 · (6 + 2) · 16 + 3 · 96 · 256 + 2 · 96 = 98,496 parameters, the head 194.
#[test]
fn what_is_trained() {
    let device = Device::flex().autodiff();
    let config = LlamaConfig { n_layers: 3, ..tiny() };
    for (trainable, count) in [
        (Trainable::Head, 194),
        (Trainable::LastBlock, 98_496 + 96 + 194),
        (Trainable::LastTwoBlocks, 2 * 98_496 + 96 + 194),
        (Trainable::All, 50 * 96 + 3 * 98_496 + 96 + 194),
    ] {
        let model = add_classification_head(built(&config, &device), &mut TorchRng::new(5), &device);
        let model = set_trainable(model, trainable);
        assert_eq!(num_trainable(&model), count, "{trainable:?}");
        let grown = set_trainable(model, Trainable::All);
        assert_eq!(num_trainable(&grown), grown.num_params(), "what was frozen can be trained again");
    }
    let with_tied_head = set_trainable(built(&config, &device), Trainable::Head);
    assert_eq!(num_trainable(&with_tied_head), 0, "a tied head is the embedding");
}

/// The numbers of the specification, 6.2: 3,540,096 + 576 + 1,154 for the last block, norm and head, and with LoRA of
/// rank 16, 4,884,480 in all blocks, and the head.
#[test]
fn what_is_trained_of_smollm2() {
    let device = Device::flex().autodiff();
    let classifier =
        |layers| add_classification_head(LlamaModel::new(&smollm(layers), &device), &mut TorchRng::new(5), &device);
    assert_eq!(num_trainable(&set_trainable(classifier(1), Trainable::LastBlock)), 3_541_826);
    assert_eq!(num_trainable(&set_trainable(classifier(1), Trainable::Head)), 1_154);

    // Counting what is trained would fill all 30 blocks with values.
    let whole = classifier(30);
    let before = whole.num_params();
    let adapted = attach_lora_to_blocks(whole, &RANK_16, &mut TorchRng::new(1), &device);
    assert_eq!(adapted.num_params() - before, 4_884_480);
    let one =
        attach_lora_to_blocks(set_trainable(classifier(1), Trainable::Head), &RANK_16, &mut TorchRng::new(1), &device);
    assert_eq!(num_trainable(&one), 4_884_480 / 30 + 1_154);
}

/// LoRA and the head learn two labels; everything else keeps its values, bit for bit.
#[test]
fn a_classifier_learns_its_batch() {
    let device = Device::flex().autodiff();
    let frozen = set_trainable(
        add_classification_head(built(&tiny(), &device), &mut TorchRng::new(5), &device),
        Trainable::Head,
    );
    let settings = LoraSettings { rank: 4, alpha: 8.0, ..RANK_16 };
    let mut model = attach_lora_to_blocks(frozen.clone(), &settings, &mut TorchRng::new(1), &device);
    let logits = |model: &LlamaModel| {
        let logits = model.forward(ids(&device), &mut Mode::Eval);
        logits.slice(s![.., -1.., ..]).squeeze_dim::<2>(1)
    };
    let loss = |model: &LlamaModel| cross_entropy(logits(model), Tensor::from_ints([1, 0], &device));
    assert_eq!(values(logits(&model)), values(logits(&frozen)), "a fresh adapter changes nothing");
    let start = loss(&model).into_scalar::<f32>();
    let mut optimizer = AdamW::new(0.0);
    for _ in 0..20 {
        let gradients = loss(&model).backward();
        model = optimizer.step(2e-3, model, gradients);
    }
    let end = loss(&model).into_scalar::<f32>();
    assert!(end < 0.1 && end < start, "{start}, then {end}");

    let layers = |model: &LlamaModel| {
        let block = &model.blocks[0];
        let (att, ff) = (&block.att, &block.ff);
        [&att.w_query, &att.w_key, &att.w_value, &att.out_proj, &ff.gate, &ff.up, &ff.down].map(|layer| layer.clone())
    };
    for (layer, before) in layers(&model).iter().zip(layers(&frozen)) {
        assert_eq!(values(layer.weight.base()), values(before.weight.val()));
        let lora = layer.weight.reparameterization::<LoraLayer>().unwrap();
        assert!(lora.b.val().abs().max().into_scalar::<f32>() > 0.0);
    }
    assert_eq!(values(model.tok_emb.weight.val()), values(frozen.tok_emb.weight.val()));
    let head = |model: &LlamaModel| values(model.out_head.as_ref().unwrap().weight.val());
    assert_ne!(head(&model), head(&frozen));
}
