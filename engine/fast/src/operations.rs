//! The parts of a model, each computed by a fast operation or as the lesson computes it.

use appendix_lora::LoraLayer;
use burn::module::Param;
use burn::nn::Embedding;
use burn::tensor::{Device, Distribution, FloatDType, Int, Tensor};
use ch03_attention::MultiHeadAttention;
use ch03_attention::bonus::heads::{merge_heads, split_heads, weights};
use ch03_attention::causal_mask::causal_mask;
use ch04_gpt::{FeedForward, GptModel, LayerNorm, TransformerBlock, gelu};
use kernels::{Mask, causal_attention, dropout, dropout_add, embedding, fits, layer_norm, linear, linear_with_lora};
use shared::linear::product;
use shared::rng::TorchRng;
use shared::{Dropout, Linear, Mode};

/// How the products of linear layers are computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Products {
    /// As in the lesson.
    Lesson,
    /// By [`kernels::linear()`].
    Fast,
    /// As in the lesson, with both factors in this type of 16 bits: mixed precision (Micikevicius et al., 2018). Faster
    /// on GPUs that have units for it, slower on a CPU.
    Half(FloatDType),
}

/// Which operations are the fast ones. A fast operation takes 32-bit numbers on burn's CPU backend; for anything else,
/// the lesson's formula is used even where the operation is chosen here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operations {
    /// The products of linear layers.
    pub products: Products,
    /// The token embedding.
    pub embedding: bool,
    /// Layer normalization.
    pub layer_norm: bool,
    /// Causal attention of all heads.
    pub attention: bool,
    /// The activation.
    pub gelu: bool,
    /// Dropout, alone or together with the addition of the shortcut.
    pub dropout: bool,
}

impl Operations {
    /// The lesson's formulas.
    pub const LESSON: Self = Self {
        products: Products::Lesson,
        embedding: false,
        layer_norm: false,
        attention: false,
        gelu: false,
        dropout: false,
    };

    /// All of them fast.
    pub const FAST: Self = Self {
        products: Products::Fast,
        embedding: true,
        layer_norm: true,
        attention: true,
        gelu: true,
        dropout: true,
    };

    /// The lesson's formulas with products in numbers of this type.
    pub const fn mixed(half: FloatDType) -> Self {
        Self { products: Products::Half(half), ..Self::LESSON }
    }

    /// Those that suit a model: all, if it has a fast forward pass; products in 16 bits, if its weights have them.
    pub fn of(model: &GptModel) -> Self {
        match model.out_head.weight.base().dtype().into() {
            half @ (FloatDType::BF16 | FloatDType::F16) => Self::mixed(half),
            _ if model.fast.is_some() => Self::FAST,
            _ => Self::LESSON,
        }
    }

    /// [`Linear::forward`]; a LoRA layer is added as `scale · (x A) B`, without the dense product A B.
    pub fn linear<const D: usize>(&self, layer: &Linear, x: Tensor<D>) -> Tensor<D> {
        let bias = layer.bias.as_ref().map(Param::val);
        match layer.weight.reparameterization::<LoraLayer>() {
            None => self.product(x, layer.weight.val(), bias),
            Some(LoraLayer { a, b, scale }) if self.products == Products::Fast && fits(&x) => {
                linear_with_lora(x, layer.weight.base(), bias, [a.val(), b.val()], *scale)
            }
            Some(LoraLayer { a, b, scale }) => {
                let y = self.product(x.clone(), layer.weight.base(), bias);
                let thin = self.product(x, a.val(), None); // [..., rank]
                y + self.product(thin, b.val(), None) * *scale
            }
        }
    }

    fn product<const D: usize>(&self, x: Tensor<D>, weight: Tensor<2>, bias: Option<Tensor<1>>) -> Tensor<D> {
        match self.products {
            Products::Half(half) => {
                let y = product(x.cast(half), weight.cast(half), None).cast(FloatDType::F32);
                match bias {
                    Some(bias) => y + bias.unsqueeze(),
                    None => y,
                }
            }
            Products::Fast if fits(&x) => linear(x, weight, bias),
            _ => product(x, weight, bias),
        }
    }

    /// The vectors of the ids, `[batch, tokens, emb_dim]`.
    pub fn embedding(&self, table: &Embedding, ids: Tensor<2, Int>) -> Tensor<3> {
        let weight = table.weight.val();
        if self.embedding && fits(&weight) { embedding(weight, ids) } else { table.forward(ids) }
    }

    /// [`Dropout::forward`].
    pub fn dropout<const D: usize>(&self, layer: &Dropout, x: Tensor<D>, mode: &mut Mode) -> Tensor<D> {
        if !(self.dropout && fits(&x)) {
            return layer.forward(x, mode);
        }
        match mask(mode, x.shape().num_elements(), layer.rate, &x.device()) {
            Some(mask) => dropout(x, mask),
            None => x,
        }
    }

    /// Dropout, and then the addition of the shortcut: `y = x * mask / (1 - rate) + shortcut`. `x` has the shape of the shortcut.
    pub fn dropout_add(
        &self,
        layer: &Dropout,
        x: impl FnOnce() -> Tensor<3>,
        shortcut: Tensor<3>,
        mode: &mut Mode,
    ) -> Tensor<3> {
        if !(self.dropout && fits(&shortcut)) {
            return layer.forward(x(), mode) + shortcut;
        }
        match with_mask(mode, shortcut.shape().num_elements(), layer.rate, &shortcut.device(), x) {
            (x, Some(mask)) => dropout_add(x, mask, shortcut),
            (x, None) => x + shortcut,
        }
    }

    /// [`LayerNorm::forward`].
    pub fn layer_norm<const D: usize>(&self, norm: &LayerNorm, x: Tensor<D>) -> Tensor<D> {
        if self.layer_norm && fits(&x) {
            layer_norm(x, norm.scale.val(), norm.shift.val(), norm.eps)
        } else {
            norm.forward(x)
        }
    }

    /// [`FeedForward::forward`].
    pub fn feed_forward(&self, network: &FeedForward, x: Tensor<3>) -> Tensor<3> {
        let hidden = self.linear(&network.expand, x); // [batch, tokens, 4 emb_dim]
        let hidden = if self.gelu && fits(&hidden) { kernels::gelu(hidden) } else { gelu(hidden) };
        self.linear(&network.contract, hidden) // [batch, tokens, emb_dim]
    }

    /// [`MultiHeadAttention::forward`].
    pub fn attention(&self, attention: &MultiHeadAttention, x: Tensor<3>, mode: &mut Mode) -> Tensor<3> {
        let context = self.context(attention, x, mode);
        self.linear(&attention.out_proj, context) // [batch, tokens, d_out]
    }

    /// The context vectors of all heads side by side, before the output projection: `[batch, tokens, d_out]`.
    fn context(&self, attention: &MultiHeadAttention, x: Tensor<3>, mode: &mut Mode) -> Tensor<3> {
        let ([batch, tokens, _], device, is_fast) = (x.dims(), x.device(), self.attention && fits(&x));
        let MultiHeadAttention { w_query, w_key, w_value, num_heads, causal, .. } = attention;
        let projections = || [w_query, w_key, w_value].map(|layer| self.linear(layer, x.clone()));
        if is_fast && *causal {
            let weights = batch * num_heads * tokens * tokens;
            let ([queries, keys, values], mask) =
                with_mask(mode, weights, attention.dropout.rate, &device, projections);
            causal_attention(queries, keys, values, *num_heads, mask)
        } else {
            let [queries, keys, values] = projections();
            let hidden = causal_mask(tokens, &queries.device());
            let hidden = if *causal { hidden } else { hidden.zeros_like() };
            let [queries, keys, values] = [queries, keys, values].map(|x| split_heads(x, *num_heads));
            let weights = self.dropout(&attention.dropout, weights(queries, keys, hidden), mode);
            merge_heads(weights.matmul(values))
        }
    }

    /// [`TransformerBlock::forward`].
    pub fn block(&self, block: &TransformerBlock, x: Tensor<3>, mode: &mut Mode) -> Tensor<3> {
        let shortcut = x.clone();
        let context = self.context(&block.att, self.layer_norm(&block.norm1, x), mode);
        let projected = || self.linear(&block.att.out_proj, context);
        let x = self.dropout_add(&block.drop_shortcut, projected, shortcut, mode);

        let shortcut = x.clone();
        let feed_forward = || self.feed_forward(&block.ff, self.layer_norm(&block.norm2, x));
        self.dropout_add(&block.drop_shortcut, feed_forward, shortcut, mode)
    }
}

/// What `compute` returns, and the dropout mask of `n` elements. It is drawn meanwhile: drawing keeps one thread busy, and
/// products divide themselves among the others until that one is free. `compute` stays on the calling thread, because glibc's
/// allocator reuses freed memory thread by thread: a step that allocates on several threads needs a seventh more.
fn with_mask<T>(
    mode: &mut Mode,
    n: usize,
    rate: f64,
    device: &Device,
    compute: impl FnOnce() -> T,
) -> (T, Option<Mask>) {
    if rate == 0.0 || matches!(mode, Mode::Eval) {
        return (compute(), None);
    }
    let mut drawn = None;
    let computed = rayon::in_place_scope(|scope| {
        scope.spawn(|_| drawn = mask(mode, n, rate, device));
        compute()
    });
    (computed, drawn)
}

/// The dropout mask of `n` elements, as bits. On a device whose own generator is to be used, that one gives the seed.
fn mask(mode: &mut Mode, n: usize, rate: f64, device: &Device) -> Option<Mask> {
    let draw = |rng: &mut TorchRng| Some(Mask::new(rng.kept_bits(n, rate), n, rate));
    match mode {
        _ if rate == 0.0 => None,
        Mode::Eval => None,
        Mode::Train(rng) => draw(rng),
        Mode::TrainOnDevice => {
            let seeds = Distribution::Uniform(0.0, f64::from(1 << 24));
            let seed: f32 = Tensor::<1>::random([1], seeds, device).into_scalar();
            draw(&mut TorchRng::new(seed as u64))
        }
    }
}
