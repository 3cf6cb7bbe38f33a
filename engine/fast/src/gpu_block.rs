//! When generating on a GPU, a whole block runs as one call: see [`kernels::gpu`]. The numbers are those of the
//! lesson's formulas.

use appendix_lora::LoraLayer;
use burn::module::Param;
use burn::tensor::Tensor;
use ch04_gpt::{GptModel, LayerNorm, TransformerBlock};
use kernels::gpu::{self, BlockTensors};
use shared::Linear;

use crate::block_cache::BlockCache;

/// The output for one new token; `None` if the formulas have to compute it.
pub(crate) fn forward(block: &TransformerBlock, x: &Tensor<3>, cache: &mut BlockCache) -> Option<Tensor<3>> {
    let (kept, num_heads, head_dim) = (cache.kept, block.att.num_heads, block.att.head_dim);
    if !(gpu::takes(x, block.att.w_query.weight.base().dtype()) && gpu::has_room(kept + 1, head_dim)) {
        return None;
    }
    let tensors = tensors(block)?;
    let buffers = cache.take([1, num_heads, kept + 1, head_dim], &x.device());
    let (x, buffers) = gpu::block(x.clone(), tensors, buffers, kept);
    cache.put_back(buffers, 1);
    Some(x)
}

/// The logits from the output of the last block for one token, `[1, vocab_size]`; `None` if the formulas have to
/// compute them.
pub(crate) fn logits(model: &GptModel, x: &Tensor<3>) -> Option<Tensor<2>> {
    let (head, norm) = (&model.out_head, &model.final_norm);
    let weight = weight(head)?;
    if head.bias.is_some() || !gpu::takes(x, weight.dtype()) {
        return None;
    }
    Some(gpu::normalized_linear(x.clone(), scale_and_shift(norm), norm.eps, weight))
}

/// `None` if a layer has something that [`BlockTensors`] does not support.
fn tensors(block: &TransformerBlock) -> Option<BlockTensors> {
    let (att, ff) = (&block.att, &block.ff);
    if !att.causal || block.norm1.eps != block.norm2.eps {
        return None;
    }
    let projections = [&att.w_query, &att.w_key, &att.w_value];
    let [query, key, value] = projections.map(weight);
    let biases = match projections.map(|layer| layer.bias.as_ref().map(Param::val)) {
        [Some(query), Some(key), Some(value)] => Some([query, key, value]),
        [None, None, None] => None,
        _ => return None,
    };
    let with_bias = |layer: &Linear| Some((weight(layer)?, layer.bias.as_ref()?.val()));
    Some(BlockTensors {
        norm1: scale_and_shift(&block.norm1),
        projections: [query?, key?, value?],
        biases,
        out: with_bias(&att.out_proj)?,
        norm2: scale_and_shift(&block.norm2),
        expand: with_bias(&ff.expand)?,
        contract: with_bias(&ff.contract)?,
        eps: block.norm1.eps,
        heads: att.num_heads,
    })
}

fn weight(layer: &Linear) -> Option<Tensor<2>> {
    layer.weight.reparameterization::<LoraLayer>().is_none().then(|| layer.weight.val())
}

fn scale_and_shift(norm: &LayerNorm) -> [Tensor<1>; 2] {
    [norm.scale.val(), norm.shift.val()]
}
