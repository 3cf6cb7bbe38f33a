//! The forward pass of Llama, Qwen3 and Gemma 3, with gradients, and how a model gets it: [`LlamaModel::fast`].

use bonus_llama::feed_forward::Activation;
use bonus_llama::gemma3::embedding_factor;
use bonus_llama::{GatedFeedForward, GroupedQueryAttention, LlamaBlock, LlamaModel, RmsNorm, Rotation};
use burn::module::Param;
use burn::tensor::{Int, Tensor};
use ch02_text::Batch;
use kernels::{GateKind, Heads, embedding, fits, gated, linear_transposed, rms_norm, rotate, shared_attention};
use shared::{IGNORE_INDEX, Mode};

use crate::{Operations, cross_entropy};

/// The same model, computed by the operations of [`kernels`].
pub fn accelerate_llama(model: LlamaModel) -> LlamaModel {
    LlamaModel { fast: Some(llama_forward), ..model }
}

/// [`LlamaModel::forward`] with fast operations. They take 32-bit numbers on burn's CPU backend; any other model is computed
/// as in the lesson.
pub fn llama_forward(model: &LlamaModel, ids: Tensor<2, Int>, mode: &mut Mode) -> Tensor<3> {
    if !fits(&model.tok_emb.weight.val()) {
        return LlamaModel { fast: None, ..model.clone() }.forward(ids, mode);
    }
    logits(model, hidden(model, ids))
}

/// [`ch05_pretrain::calc_loss_batch`]. If the model has the fast forward pass, only the rows whose targets count go through
/// the output layer, which in a small model is a fifth of the work: in chapter 7, padding does not count.
pub fn llama_loss_batch(model: &LlamaModel, batch: Batch, mode: &mut Mode) -> Tensor<1> {
    let Batch { inputs, targets } = batch;
    let targets: Tensor<1, Int> = targets.flatten(0, 1);
    if model.fast.is_none() || !fits(&model.tok_emb.weight.val()) {
        return cross_entropy(model.forward(inputs, mode).flatten(0, 1), targets);
    }
    let x: Tensor<2> = hidden(model, inputs).flatten(0, 1); // [batch * tokens, emb_dim]
    let (x, targets) = counted_rows(x, targets);
    cross_entropy(logits(model, x), targets)
}

/// The rows whose targets are not ignored, and these targets. All of them, if there is no other.
fn counted_rows(x: Tensor<2>, targets: Tensor<1, Int>) -> (Tensor<2>, Tensor<1, Int>) {
    let device = targets.device();
    let all: Vec<i64> = targets.clone().into_data().iter().collect();
    let counts = |(row, target): (i64, &i64)| (*target != i64::from(IGNORE_INDEX)).then_some(row);
    let counted: Vec<i64> = (0..).zip(&all).filter_map(counts).collect();
    if counted.is_empty() || counted.len() == all.len() {
        return (x, targets);
    }
    let rows = Tensor::<1, Int>::from_data(&counted[..], &device);
    let kept = embedding(x, rows.clone().unsqueeze()).squeeze_dim(0); // a gradient of 0 for the others
    (kept, targets.select(0, rows))
}

/// What comes out of the last block, normalized: `[batch, tokens, emb_dim]`.
fn hidden(model: &LlamaModel, ids: Tensor<2, Int>) -> Tensor<3> {
    let [_, tokens] = ids.dims();
    let rotations = model.rotations(0..tokens, &ids.device());
    let mut x = embedding(model.tok_emb.weight.val(), ids); // [batch, tokens, emb_dim]
    let factor = embedding_factor(&model.config);
    if factor != 1.0 {
        x = x * factor;
    }
    for layer in &model.blocks {
        x = block(layer, x, rotations.of(layer));
    }
    norm(&model.final_norm, x)
}

/// The output layer.
fn logits<const D: usize>(model: &LlamaModel, x: Tensor<D>) -> Tensor<D> {
    match &model.out_head {
        Some(head) => Operations::FAST.linear(head, x),
        None => linear_transposed(x, model.tok_emb.weight.val()),
    }
}

/// [`LlamaModel::logits`].
pub(crate) fn read(model: &LlamaModel, x: Tensor<3>) -> Tensor<3> {
    logits(model, norm(&model.final_norm, x))
}

/// [`LlamaBlock::forward`].
pub(crate) fn block(block: &LlamaBlock, x: Tensor<3>, rotation: &Rotation) -> Tensor<3> {
    let [queries, keys, values] = projections(block, x.clone(), rotation);
    let context = shared_attention(queries, keys, values, heads(&block.att));
    after_attention(block, x, context)
}

/// Queries, keys and values of what enters a block, `[batch, tokens, heads * head_dim]`. The heads stay columns.
pub(crate) fn projections(block: &LlamaBlock, x: Tensor<3>, rotation: &Rotation) -> [Tensor<3>; 3] {
    let x = norm(&block.norm1, x);
    let values = Operations::FAST.linear(&block.att.w_value, x.clone());
    let [queries, keys] = queries_and_keys(&block.att, x, rotation);
    [queries, keys, values]
}

/// How these columns are divided into heads.
pub(crate) fn heads(attention: &GroupedQueryAttention) -> Heads {
    Heads {
        queries: attention.num_heads,
        keys: attention.num_kv_heads,
        factor: attention.score_factor as f32,
        window: attention.window,
    }
}

/// The rest of a block: `x` is what enters it, `context` the context vectors of the same tokens, `[batch, tokens, heads *
/// head_dim]`.
pub(crate) fn after_attention(block: &LlamaBlock, x: Tensor<3>, context: Tensor<3>) -> Tensor<3> {
    let attended = Operations::FAST.linear(&block.att.out_proj, context);
    let x = x + normalized(block.post_attention_norm.as_ref(), attended);
    let computed = feed_forward(&block.ff, norm(&block.norm2, x.clone()));
    x + normalized(block.post_ff_norm.as_ref(), computed)
}

/// Queries and keys, rotated, `[batch, tokens, heads * head_dim]`.
fn queries_and_keys(attention: &GroupedQueryAttention, x: Tensor<3>, rotation: &Rotation) -> [Tensor<3>; 2] {
    let GroupedQueryAttention { w_query, w_key, q_norm, k_norm, num_heads, num_kv_heads, .. } = attention;
    [(w_query, q_norm, *num_heads), (w_key, k_norm, *num_kv_heads)].map(|(layer, norm, heads)| {
        let x = norm_heads(norm.as_ref(), Operations::FAST.linear(layer, x.clone()), heads);
        rotate(x, rotation.cos.clone(), rotation.sin.clone())
    })
}

/// Normalizes every head of every token on its own, if there is a norm.
///
/// # Shapes
/// - `x`: `[batch, tokens, heads * head_dim]`; the result has the same.
fn norm_heads(norm: Option<&RmsNorm>, x: Tensor<3>, heads: usize) -> Tensor<3> {
    let Some(norm) = norm else { return x };
    let [batch, tokens, width] = x.dims();
    let x = x.reshape([batch, tokens, heads, width / heads]);
    self::norm(norm, x).reshape([batch, tokens, width])
}

/// [`GatedFeedForward::forward`].
fn feed_forward(network: &GatedFeedForward, x: Tensor<3>) -> Tensor<3> {
    let [gate, up] = [&network.gate, &network.up].map(|layer| Operations::FAST.linear(layer, x.clone()));
    let kind = match network.activation {
        Activation::Silu => GateKind::Silu,
        Activation::Gelu => GateKind::Gelu,
    };
    Operations::FAST.linear(&network.down, gated(kind, gate, up))
}

/// [`RmsNorm::forward`].
fn norm<const D: usize>(norm: &RmsNorm, x: Tensor<D>) -> Tensor<D> {
    rms_norm(x, Param::val(&norm.weight), norm.eps, norm.one_plus)
}

fn normalized(norm: Option<&RmsNorm>, x: Tensor<3>) -> Tensor<3> {
    match norm {
        Some(norm) => self::norm(norm, x),
        None => x,
    }
}
