//! The table of GPT's parameters: what each is called in the model, in the book's model and in GPT-2's published files,
//! how it is shaped and how it is stored. Every name and every shape in this crate comes from here.

use shared::GptConfig;

use crate::HeadShape;
use crate::stored::{StorageForm, TensorReference};

/// A layer: the field that holds it, its name in the book's model, its place in GPT-2's files, and its parameters.
pub(crate) struct Layer {
    field: &'static str,
    book: &'static str,
    gpt2: Gpt2,
    kind: Kind,
}

/// The layers before the blocks, of each block, and after the blocks, in the order of the model's fields.
const FRONT: [Layer; 2] = [
    layer("tok_emb", "tok_emb", Gpt2::Layer("wte"), Kind::Embedding(Size::Vocabulary)),
    layer("pos_emb", "pos_emb", Gpt2::Layer("wpe"), Kind::Embedding(Size::Context)),
];
const BLOCK: [Layer; 8] = [
    layer("att.w_query", "att.W_query", Gpt2::ThirdOf("attn.c_attn", 0), linear(Size::Width, Size::Width, Bias::Qkv)),
    layer("att.w_key", "att.W_key", Gpt2::ThirdOf("attn.c_attn", 1), linear(Size::Width, Size::Width, Bias::Qkv)),
    layer("att.w_value", "att.W_value", Gpt2::ThirdOf("attn.c_attn", 2), linear(Size::Width, Size::Width, Bias::Qkv)),
    layer("att.out_proj", "att.out_proj", Gpt2::Layer("attn.c_proj"), linear(Size::Width, Size::Width, Bias::Always)),
    layer("ff.expand", "ff.layers.0", Gpt2::Layer("mlp.c_fc"), linear(Size::Width, Size::Hidden, Bias::Always)),
    layer("ff.contract", "ff.layers.2", Gpt2::Layer("mlp.c_proj"), linear(Size::Hidden, Size::Width, Bias::Always)),
    layer("norm1", "norm1", Gpt2::Layer("ln_1"), Kind::Norm),
    layer("norm2", "norm2", Gpt2::Layer("ln_2"), Kind::Norm),
];
const BACK: [Layer; 2] = [
    layer("final_norm", "final_norm", Gpt2::Layer("ln_f"), Kind::Norm),
    layer("out_head", "out_head", Gpt2::TiedHead, linear(Size::Width, Size::Outputs, Bias::Head)),
];

const fn layer(field: &'static str, book: &'static str, gpt2: Gpt2, kind: Kind) -> Layer {
    Layer { field, book, gpt2, kind }
}

const fn linear(d_in: Size, d_out: Size, bias: Bias) -> Kind {
    Kind::Linear { d_in, d_out, bias }
}

/// Where a layer is in GPT-2's files. Names are those of Hugging Face; OpenAI writes `/` for `.`.
#[derive(Clone, Copy)]
enum Gpt2 {
    /// A layer of its own.
    Layer(&'static str),
    /// One of three layers that are stored side by side as one: queries, keys, values.
    ThirdOf(&'static str, usize),
    /// The transpose of the token embedding, unless the file has a head of its own.
    TiedHead,
}

/// What kind of layer it is: that decides its parameters.
#[derive(Clone, Copy)]
enum Kind {
    /// A table with this many rows.
    Embedding(Size),
    /// A weight, `[d_in, d_out]` in burn's layout, and perhaps a bias.
    Linear { d_in: Size, d_out: Size, bias: Bias },
    /// Scale and shift of a layer norm.
    Norm,
}

/// A size that the configuration gives.
#[derive(Clone, Copy)]
enum Size {
    Vocabulary,
    Context,
    Width,
    /// Four times the width.
    Hidden,
    /// Values of the output layer.
    Outputs,
}

/// When a linear layer has a bias.
#[derive(Clone, Copy, PartialEq)]
enum Bias {
    Always,
    /// If the configuration says so.
    Qkv,
    /// If the output layer has one.
    Head,
}

/// One of the values of a layer: its name in the model (and in the book's), at Hugging Face and at OpenAI.
struct Value(&'static str, &'static str, &'static str);

const TABLE: Value = Value("weight", "weight", "");
const WEIGHT: Value = Value("weight", "weight", "/w");
const BIAS: Value = Value("bias", "bias", "/b");
const SCALE: Value = Value("scale", "weight", "/g");
const SHIFT: Value = Value("shift", "bias", "/b");

/// The output layer in Hugging Face's files that do not share it with the token embedding.
pub(crate) const OWN_HEAD: &str = "lm_head.weight";

/// A parameter of a model.
pub(crate) struct GptParameter {
    block: Option<usize>,
    layer: &'static Layer,
    value: &'static Value,
    /// Its shape in burn's layout.
    pub(crate) shape: Vec<usize>,
}

/// Every parameter of the model that `config` and `head` describe, in the order of the model's fields. The iterator is
/// lazy, so it costs nothing, however large the configuration is.
pub(crate) fn gpt_parameters(config: &GptConfig, head: HeadShape) -> impl Iterator<Item = GptParameter> + use<> {
    let config = config.clone();
    layers(config.n_layers).flat_map(move |(block, layer)| {
        let size = |size: Size| match size {
            Size::Vocabulary => config.vocab_size,
            Size::Context => config.context_length,
            Size::Width => config.emb_dim,
            // A width that overflows when it is multiplied by four fits no tensor either.
            Size::Hidden => config.emb_dim.saturating_mul(4),
            Size::Outputs => head.outputs,
        };
        let width = size(Size::Width);
        let values = match layer.kind {
            Kind::Embedding(rows) => vec![(&TABLE, vec![size(rows), width])],
            Kind::Norm => vec![(&SCALE, vec![width]), (&SHIFT, vec![width])],
            Kind::Linear { d_in, d_out, bias } => {
                let mut values = vec![(&WEIGHT, vec![size(d_in), size(d_out)])];
                let has_bias = match bias {
                    Bias::Always => true,
                    Bias::Qkv => config.qkv_bias,
                    Bias::Head => head.bias,
                };
                if has_bias {
                    values.push((&BIAS, vec![size(d_out)]));
                }
                values
            }
        };
        values.into_iter().map(move |(value, shape)| GptParameter { block, layer, value, shape })
    })
}

fn layers(n_layers: usize) -> impl Iterator<Item = (Option<usize>, &'static Layer)> {
    let outside = |layer| (None, layer);
    let blocks = (0..n_layers).flat_map(|block| BLOCK.iter().map(move |layer| (Some(block), layer)));
    FRONT.iter().map(outside).chain(blocks).chain(BACK.iter().map(outside))
}

/// `name`, with the block in front if there is one.
fn in_block(block: Option<usize>, name: &str) -> String {
    match block {
        Some(block) => format!("trf_blocks.{block}.{name}"),
        None => name.to_string(),
    }
}

impl GptParameter {
    /// The fields on the way to it.
    pub(crate) fn path(&self) -> String {
        format!("{}.{}", in_block(self.block, self.layer.field), self.value.0)
    }

    /// Where it is in a file with the names of the book's model. PyTorch keeps the weights of linear layers as
    /// `[d_out, d_in]`, the transpose of burn's.
    pub(crate) fn in_book(&self) -> TensorReference {
        let name = format!("{}.{}", in_block(self.block, self.layer.book), self.value.0);
        let is_linear = matches!(self.layer.kind, Kind::Linear { .. });
        let transposed = is_linear && self.value.0 == WEIGHT.0;
        TensorReference { name, form: if transposed { StorageForm::Transposed } else { StorageForm::AsIs } }
    }

    /// Where it is in a file from Hugging Face. Block 3 is `h.3.`; some files put `transformer.` before each name but
    /// that of a head of their own.
    pub(crate) fn in_hugging_face(&self, prefix: &str, own_head: bool) -> TensorReference {
        if own_head && matches!(self.layer.gpt2, Gpt2::TiedHead) {
            return TensorReference { name: OWN_HEAD.to_string(), form: StorageForm::Transposed };
        }
        self.in_gpt2(|layer, value| match self.block {
            Some(block) => format!("{prefix}h.{block}.{layer}.{}", value.1),
            None => format!("{prefix}{layer}.{}", value.1),
        })
    }

    /// Where it is in OpenAI's checkpoint. Block 3 is `model/h3/`.
    pub(crate) fn in_openai(&self) -> TensorReference {
        self.in_gpt2(|layer, value| {
            let layer = layer.replace('.', "/");
            match self.block {
                Some(block) => format!("model/h{block}/{layer}{}", value.2),
                None => format!("model/{layer}{}", value.2),
            }
        })
    }

    fn in_gpt2(&self, name: impl Fn(&str, &Value) -> String) -> TensorReference {
        match self.layer.gpt2 {
            Gpt2::Layer(layer) => TensorReference { name: name(layer, self.value), form: StorageForm::AsIs },
            Gpt2::ThirdOf(layer, n) => TensorReference { name: name(layer, self.value), form: StorageForm::Third(n) },
            Gpt2::TiedHead => TensorReference { name: name("wte", &TABLE), form: StorageForm::Transposed },
        }
    }
}

#[cfg(test)]
mod tests;
