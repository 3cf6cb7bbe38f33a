//! The table of the parameters of Llama, Qwen3 and Gemma 3: what each is called in the model, at Hugging Face and in GGUF
//! files, how it is shaped and how it is stored.

use bonus_llama::{Family, LlamaConfig};

use crate::stored::{StorageForm, TensorReference};

/// A parameter in all models of a kind: its name in the model, at Hugging Face and in GGUF files.
struct Row {
    path: &'static str,
    hugging_face: &'static str,
    gguf: &'static str,
    kind: Kind,
    models: Models,
}

/// What kind of parameter it is: that decides its shape and how it is stored.
#[derive(Clone, Copy)]
enum Kind {
    /// The token embedding.
    Embedding,
    /// The weight of a linear layer, from one size to another.
    Linear(Size, Size),
    /// The same, of a layer whose results are rotated.
    Rotated(Size, Size),
    /// The factors of a norm.
    Norm(Size),
}

/// A size that the configuration gives.
#[derive(Clone, Copy)]
enum Size {
    Vocabulary,
    Width,
    /// All heads of the queries.
    Queries,
    /// All heads of the keys, or of the values.
    Keys,
    Head,
    Hidden,
}

/// The models that have a parameter.
#[derive(Clone, Copy)]
enum Models {
    All,
    /// Those whose head is not the token embedding.
    OwnHead,
    /// Llama and Qwen3.
    NotGemma,
    /// Qwen3 and Gemma 3.
    NotLlama,
    Gemma,
}

const fn row(path: &'static str, [hugging_face, gguf]: [&'static str; 2], kind: Kind, models: Models) -> Row {
    Row { path, hugging_face, gguf, kind, models }
}

/// The parameters before the blocks, of each block, and after the blocks, in the order of the model's fields.
const FRONT: [Row; 1] =
    [row("tok_emb.weight", ["model.embed_tokens.weight", "token_embd.weight"], Kind::Embedding, Models::All)];
const BLOCK: [Row; 14] = {
    use Kind::{Linear, Norm, Rotated};
    use Models::{All, Gemma, NotGemma, NotLlama};
    use Size::{Head, Hidden, Keys, Queries, Width};
    [
        row("att.w_query.weight", ["self_attn.q_proj.weight", "attn_q.weight"], Rotated(Width, Queries), All),
        row("att.w_key.weight", ["self_attn.k_proj.weight", "attn_k.weight"], Rotated(Width, Keys), All),
        row("att.w_value.weight", ["self_attn.v_proj.weight", "attn_v.weight"], Linear(Width, Keys), All),
        row("att.out_proj.weight", ["self_attn.o_proj.weight", "attn_output.weight"], Linear(Queries, Width), All),
        row("att.q_norm.weight", ["self_attn.q_norm.weight", "attn_q_norm.weight"], Norm(Head), NotLlama),
        row("att.k_norm.weight", ["self_attn.k_norm.weight", "attn_k_norm.weight"], Norm(Head), NotLlama),
        row("ff.gate.weight", ["mlp.gate_proj.weight", "ffn_gate.weight"], Linear(Width, Hidden), All),
        row("ff.up.weight", ["mlp.up_proj.weight", "ffn_up.weight"], Linear(Width, Hidden), All),
        row("ff.down.weight", ["mlp.down_proj.weight", "ffn_down.weight"], Linear(Hidden, Width), All),
        row("norm1.weight", ["input_layernorm.weight", "attn_norm.weight"], Norm(Width), All),
        // The same name at Hugging Face means two norms.
        row("norm2.weight", ["post_attention_layernorm.weight", "ffn_norm.weight"], Norm(Width), NotGemma),
        row("norm2.weight", ["pre_feedforward_layernorm.weight", "ffn_norm.weight"], Norm(Width), Gemma),
        row(
            "post_attention_norm.weight",
            ["post_attention_layernorm.weight", "post_attention_norm.weight"],
            Norm(Width),
            Gemma,
        ),
        row("post_ff_norm.weight", ["post_feedforward_layernorm.weight", "post_ffw_norm.weight"], Norm(Width), Gemma),
    ]
};
const BACK: [Row; 2] = [
    row("final_norm.weight", ["model.norm.weight", "output_norm.weight"], Kind::Norm(Size::Width), Models::All),
    row(
        "out_head.weight",
        [HUGGING_FACE_HEAD, GGUF_HEAD],
        Kind::Linear(Size::Width, Size::Vocabulary),
        Models::OwnHead,
    ),
];

/// The token embedding and the output layer of its own at Hugging Face.
pub(crate) const HUGGING_FACE_EMBEDDING: &str = FRONT[0].hugging_face;
pub(crate) const HUGGING_FACE_HEAD: &str = "lm_head.weight";
/// The token embedding and the output layer of its own in GGUF files.
pub(super) const GGUF_EMBEDDING: &str = FRONT[0].gguf;
pub(super) const GGUF_HEAD: &str = "output.weight";
/// What comes before the number of a block at Hugging Face and in GGUF files.
pub(super) const HUGGING_FACE_BLOCK: &str = "model.layers.";
pub(super) const GGUF_BLOCK: &str = "blk.";

/// A parameter of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LlamaParameter {
    /// The fields on the way to it in a [`LlamaModel`](bonus_llama::LlamaModel).
    pub path: String,
    /// Its name at Hugging Face.
    pub hugging_face: String,
    /// Its name in GGUF files.
    pub gguf: String,
    /// Its shape in burn's layout; the weights of linear layers are stored as their transposes.
    pub shape: Vec<usize>,
    form: StorageForm,
    gguf_form: StorageForm,
}

/// Every parameter of the model that `config` describes, in the order of the model's fields. The iterator is lazy, so it
/// costs nothing, however large the configuration is.
pub fn llama_parameters(config: &LlamaConfig) -> impl Iterator<Item = LlamaParameter> + use<> {
    let config = config.clone();
    let outside = |row| (None, row);
    let blocks = (0..config.n_layers).flat_map(|block| BLOCK.iter().map(move |row| (Some(block), row)));
    let rows = FRONT.iter().map(outside).chain(blocks).chain(BACK.iter().map(outside));
    rows.filter_map(
        move |(block, row)| if row.models.include(&config) { Some(row.parameter(block, &config)) } else { None },
    )
}

/// The parameters of a classifier with this many classes whose body `config` describes, in the order of the model's fields.
/// Its head is called as in transformers' models for classification, which have no bias.
pub(super) fn classifier_parameters(
    config: &LlamaConfig,
    classes: usize,
) -> impl Iterator<Item = LlamaParameter> + use<> {
    let head = |value: &str, shape: Vec<usize>, form| {
        let (path, name) = (format!("out_head.{value}"), format!("score.{value}"));
        LlamaParameter { path, gguf: name.clone(), hugging_face: name, shape, form, gguf_form: form }
    };
    let weight = head("weight", vec![config.emb_dim, classes], StorageForm::Transposed);
    let bias = head("bias", vec![classes], StorageForm::AsIs);
    let body = llama_parameters(&LlamaConfig { tied: true, ..config.clone() });
    body.chain([weight, bias])
}

impl Models {
    fn include(self, config: &LlamaConfig) -> bool {
        match self {
            Self::All => true,
            Self::OwnHead => !config.tied,
            Self::NotGemma => !matches!(config.family, Family::Gemma3(_)),
            Self::NotLlama => !matches!(config.family, Family::Llama),
            Self::Gemma => matches!(config.family, Family::Gemma3(_)),
        }
    }
}

impl Size {
    /// Sizes that overflow fit no tensor either.
    fn of(self, config: &LlamaConfig) -> usize {
        match self {
            Self::Vocabulary => config.vocab_size,
            Self::Width => config.emb_dim,
            Self::Queries => config.n_heads.saturating_mul(config.head_dim),
            Self::Keys => config.n_kv_heads.saturating_mul(config.head_dim),
            Self::Head => config.head_dim,
            Self::Hidden => config.hidden_dim,
        }
    }
}

impl Row {
    /// The parameter of a model, in a block if it has one for each.
    fn parameter(&self, block: Option<usize>, config: &LlamaConfig) -> LlamaParameter {
        let shape = match self.kind {
            Kind::Embedding => vec![config.vocab_size, config.emb_dim],
            Kind::Linear(d_in, d_out) | Kind::Rotated(d_in, d_out) => vec![d_in.of(config), d_out.of(config)],
            Kind::Norm(width) => vec![width.of(config)],
        };
        let form = match self.kind {
            Kind::Embedding | Kind::Norm(_) => StorageForm::AsIs,
            Kind::Linear(..) | Kind::Rotated(..) => StorageForm::Transposed,
        };
        // llama.cpp rotates neighbours in a Llama, and halves in the others; and its norms know no 1 + weight.
        let gguf_form = match (self.kind, &config.family) {
            (Kind::Rotated(..), Family::Llama) => StorageForm::Interleaved(config.head_dim),
            (Kind::Norm(_), Family::Gemma3(_)) => StorageForm::OnePlus,
            _ => form,
        };
        let name = |prefix: &str, name: &str| match block {
            Some(block) => format!("{prefix}{block}.{name}"),
            None => name.to_string(),
        };
        LlamaParameter {
            path: name("blocks.", self.path),
            hugging_face: name(HUGGING_FACE_BLOCK, self.hugging_face),
            gguf: name(GGUF_BLOCK, self.gguf),
            shape,
            form,
            gguf_form,
        }
    }
}

impl LlamaParameter {
    /// Where it is in a folder from Hugging Face.
    pub(crate) fn in_hugging_face(&self) -> TensorReference {
        TensorReference { name: self.hugging_face.clone(), form: self.form }
    }

    /// Where it is in a GGUF file.
    pub(super) fn in_gguf(&self) -> TensorReference {
        TensorReference { name: self.gguf.clone(), form: self.gguf_form }
    }
}
