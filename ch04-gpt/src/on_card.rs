//! Where a graphics card writes one token after the other, a block is handed over as a whole: see [`kernels::card`]. The
//! numbers are those of [`TransformerBlock::forward_cached`]'s formulas.

use burn::module::Param;
use burn::tensor::Tensor;
use ch03_attention::KvCache;
use kernels::card::{self, Block};
use shared::Linear;

use crate::{GptModel, LayerNorm, TransformerBlock};

impl TransformerBlock {
    /// The output for one new token; `None` if that is left to the formulas.
    pub(crate) fn forward_on_card(&self, x: &Tensor<3>, cache: &mut KvCache) -> Option<Tensor<3>> {
        let (kept, head_dim, kernels) = (cache.kept(), self.att.head_dim, self.att.kernels);
        let [context_length, _] = self.att.mask.dims();
        let here = kernels.fuse_token(x, self.att.w_query.weight.val().dtype())
            && card::fits(kept + 1, head_dim)
            && cache.tokens() < context_length;
        let block = if here { self.parameters()? } else { return None };
        let store = cache.take([1, self.att.num_heads, kept + 1, head_dim], &x.device());
        let (x, store) = card::block(x.clone(), block, store, kept);
        cache.keep(store, 1);
        Some(x)
    }

    /// `None` if a layer has something that [`Block`] does not know.
    fn parameters(&self) -> Option<Block> {
        let (att, ff) = (&self.att, &self.ff);
        let projections = [&att.w_query, &att.w_key, &att.w_value];
        let [query, key, value] = projections.map(weight);
        let biases = projections.map(|layer| layer.bias.as_ref().map(Param::val));
        let biases = match biases {
            [Some(query), Some(key), Some(value)] => Some([query, key, value]),
            [None, None, None] => None,
            _ => return None,
        };
        let with_bias = |layer: &Linear| Some((weight(layer)?, layer.bias.as_ref()?.val()));
        (att.causal && self.norm1.eps == self.norm2.eps).then_some(())?;
        Some(Block {
            norm1: scale_and_shift(&self.norm1),
            projections: [query?, key?, value?],
            biases,
            out: with_bias(&att.out_proj)?,
            norm2: scale_and_shift(&self.norm2),
            expand: with_bias(&ff.expand)?,
            contract: with_bias(&ff.contract)?,
            eps: self.norm1.eps,
            heads: att.num_heads,
        })
    }
}

impl GptModel {
    /// The logits from the output of the last block for one token, `[1, vocab_size]`; `None` if that is left to the formulas.
    pub(crate) fn logits_on_card(&self, x: &Tensor<3>) -> Option<Tensor<2>> {
        let head = &self.out_head;
        let weight = weight(head)?;
        (head.bias.is_none() && head.kernels.fuse_token(x, weight.dtype())).then_some(())?;
        Some(card::normalized_linear(x.clone(), scale_and_shift(&self.final_norm), self.final_norm.eps, weight))
    }
}

fn weight(layer: &Linear) -> Option<Tensor<2>> {
    layer.low_rank.is_none().then(|| layer.weight.val())
}

fn scale_and_shift(norm: &LayerNorm) -> [Tensor<1>; 2] {
    [norm.scale.val(), norm.shift.val()]
}
