//! The metadata of GGUF files of Llama, Qwen3 and Gemma 3.

use bonus_llama::{Family, Gemma3Config, LlamaConfig};

use super::hugging_face::{USUAL_PATTERN, divided, every};
use super::hugging_face_rope::USUAL_LOCAL_BASE;
use super::rope_freqs;
use super::table::{GGUF_EMBEDDING, GGUF_HEAD};
use crate::gguf::{Gguf, GgufTensor, Value};

/// The tensor with what the frequencies of the rotation are divided by (Llama 3.1 and 3.2).
pub(super) const ROPE_FREQS: &str = "rope_freqs.weight";
const ARCHITECTURE: &str = "general.architecture";
const ARCHITECTURES: [&str; 3] = ["llama", "qwen3", "gemma3"];

/// Keys that begin with the architecture.
struct Keys<'a> {
    gguf: &'a Gguf<'a>,
    architecture: &'a str,
}

impl<'a> Keys<'a> {
    fn name(&self, key: &str) -> String {
        format!("{}.{key}", self.architecture)
    }

    fn whole(&self, key: &str) -> Result<Option<usize>, String> {
        whole(self.gguf, &self.name(key))
    }

    fn needed(&self, key: &str) -> Result<usize, String> {
        self.whole(key)?.ok_or_else(|| format!("{} is missing", self.name(key)))
    }

    /// A number, as the shortest decimal number that its 32 bits stand for: 1e-5 is not 0.00000999999974.
    fn float(&self, key: &str) -> Result<Option<f64>, String> {
        let stored = self.gguf.float(&self.name(key))?;
        Ok(stored.map(|value| (value as f32).to_string().parse().unwrap_or(value)))
    }
}

fn whole(gguf: &Gguf, key: &str) -> Result<Option<usize>, String> {
    let value = gguf.whole(key)?;
    value.map(|value| usize::try_from(value).map_err(|_| format!("{key} is {value}, which is too large"))).transpose()
}

/// The configuration that the metadata describes, with what only the tensors tell: whether the head is tied and how the
/// rotation is scaled. It need not be valid.
///
/// # Errors
/// If a key is missing, of another type, or asks for something that the model does not compute: key, value and what is
/// allowed.
pub(super) fn config(gguf: &Gguf) -> Result<LlamaConfig, String> {
    let keys = Keys { gguf, architecture: architecture(gguf)? };
    check_same_model(&keys)?;
    let (emb_dim, n_heads) = (keys.needed("embedding_length")?, keys.needed("attention.head_count")?);
    let n_layers = keys.needed("block_count")?;
    let head_dim = head_dim(&keys, emb_dim, n_heads)?;
    let base = "rope.freq_base";
    let rope_base = keys.float(base)?.ok_or_else(|| format!("{} is missing", keys.name(base)))?;
    let eps = "attention.layer_norm_rms_epsilon";
    let divisors = tensor(gguf, ROPE_FREQS);
    let rope_scaling = match divisors {
        None => None,
        Some(_) if keys.architecture != "llama" => {
            return Err(format!("tensor {ROPE_FREQS}: only a llama has it, not a {}", keys.architecture));
        }
        Some(divisors) => {
            let scaling = |values: Vec<f32>| rope_freqs::scaling(&values, head_dim, rope_base);
            let found = divisors.values().and_then(scaling);
            found.map_err(|reason| format!("tensor {ROPE_FREQS}: {reason}"))?
        }
    };
    Ok(LlamaConfig {
        vocab_size: vocab_size(&keys)?,
        context_length: keys.needed("context_length")?,
        emb_dim,
        n_heads,
        n_kv_heads: keys.whole("attention.head_count_kv")?.unwrap_or(n_heads),
        head_dim,
        hidden_dim: keys.needed("feed_forward_length")?,
        n_layers,
        norm_eps: keys.float(eps)?.ok_or_else(|| format!("{} is missing", keys.name(eps)))?,
        rope_base,
        rope_scaling,
        tied: tensor(gguf, GGUF_HEAD).is_none(),
        family: match keys.architecture {
            "llama" => Family::Llama,
            "qwen3" => Family::Qwen3,
            _ => Family::Gemma3(gemma3(&keys, n_layers, head_dim)?),
        },
    })
}

fn tensor<'a>(gguf: &'a Gguf<'a>, name: &str) -> Option<&'a GgufTensor<'a>> {
    gguf.tensors().iter().find(|tensor| tensor.name == name)
}

fn architecture<'a>(gguf: &'a Gguf<'a>) -> Result<&'a str, String> {
    let allowed = ARCHITECTURES.join(", ");
    let found = gguf.string(ARCHITECTURE)?.ok_or_else(|| format!("{ARCHITECTURE} is missing"))?;
    match ARCHITECTURES.contains(&found) {
        true => Ok(found),
        false => Err(format!("{ARCHITECTURE} is {found:?}, but must be one of {allowed}")),
    }
}

/// Refuses what the model computes in another way, and files that hold only a part of a model.
fn check_same_model(keys: &Keys) -> Result<(), String> {
    let gguf = keys.gguf;
    if let Some(kind) = gguf.string("general.type")?.filter(|&kind| kind != "model") {
        return Err(format!("general.type is {kind:?}, but must be model"));
    }
    if let Some(files) = whole(gguf, "split.count")?.filter(|&files| files > 1) {
        return Err(format!(
            "split.count is {files}: the model is spread over so many files, but this program reads one"
        ));
    }
    if let Some(experts) = keys.whole("expert_count")?.filter(|&experts| experts > 0) {
        return Err(format!("{} is {experts}, but models with experts are not read", keys.name("expert_count")));
    }
    let scaling = keys.name("rope.scaling.type");
    if let Some(kind) = gguf.string(&scaling)?.filter(|&kind| kind != "none") {
        return Err(format!("{scaling} is {kind:?}, but must be none"));
    }
    for (key, neutral) in [
        ("rope.scaling.factor", 1.0),
        ("rope.scale_linear", 1.0),
        ("attn_logit_softcapping", 0.0),
        ("final_logit_softcapping", 0.0),
    ] {
        // 0 stands for no scaling as well.
        if let Some(value) = keys.float(key)?.filter(|&value| value != neutral && value != 0.0) {
            return Err(format!("{} is {value}, but must be {neutral}", keys.name(key)));
        }
    }
    Ok(())
}

/// The width of a head, which must be that of the values and of the part that is rotated.
fn head_dim(keys: &Keys, emb_dim: usize, n_heads: usize) -> Result<usize, String> {
    let key_length = "attention.key_length";
    let (head_dim, said_by) = match keys.whole(key_length)? {
        Some(head_dim) => (head_dim, keys.name(key_length)),
        None => (divided(emb_dim, n_heads)?, "the width of a head".to_string()),
    };
    for other in ["attention.value_length", "rope.dimension_count"] {
        if let Some(value) = keys.whole(other)?.filter(|&value| value != head_dim) {
            return Err(format!("{} is {value}, but must be {said_by}, which is {head_dim}", keys.name(other)));
        }
    }
    Ok(head_dim)
}

/// Number of tokens: the rows of the embedding, and so many must be in the vocabulary, if the file has one.
fn vocab_size(keys: &Keys) -> Result<usize, String> {
    let gguf = keys.gguf;
    let embedding = tensor(gguf, GGUF_EMBEDDING).ok_or_else(|| format!("tensor {GGUF_EMBEDDING}: it is missing"))?;
    let rows = embedding.shape()[0];
    let same = |name: &str, found: usize| match found == rows {
        true => Ok(()),
        false => Err(format!("{name}: {found} tokens, but {GGUF_EMBEDDING} has {rows} rows")),
    };
    if let Some(size) = keys.whole("vocab_size")? {
        same(&keys.name("vocab_size"), size)?;
    }
    for list in ["tokens", "scores", "token_type"] {
        let key = format!("tokenizer.ggml.{list}");
        if let Some(array) = gguf.array(&key)? {
            same(&key, array.len())?;
        }
    }
    let is_id = |key: &str| key.starts_with("tokenizer.ggml.") && key.ends_with("_token_id");
    for (key, value) in gguf.metadata().iter().filter(|(key, _)| is_id(key)) {
        let fits = |id: i128| usize::try_from(id).is_ok_and(|id| id < rows);
        if !matches!(value, Value::Whole(id) if fits(*id)) {
            return Err(format!("{key} is {value}, but must be an id below {rows}"));
        }
    }
    Ok(rows)
}

fn gemma3(keys: &Keys, n_layers: usize, head_dim: usize) -> Result<Gemma3Config, String> {
    let pattern = "attention.sliding_window_pattern";
    let full_layers = match keys.gguf.value(&keys.name(pattern)) {
        Some(Value::Array(windows)) => {
            if windows.len() != n_layers {
                let (key, len) = (keys.name(pattern), windows.len());
                return Err(format!("{key} has {len} entries, but {} is {n_layers}", keys.name("block_count")));
            }
            let is_full = |window| if let Value::Bool(window) = window { Some(!window) } else { None };
            let full: Option<Vec<bool>> = windows.values().map(is_full).collect();
            full.ok_or_else(|| format!("{} must be a number or an array of true and false", keys.name(pattern)))?
        }
        _ => every(keys.whole(pattern)?.unwrap_or(USUAL_PATTERN), n_layers)?,
    };
    Ok(Gemma3Config {
        // The files have no key for it, and llama.cpp takes this.
        query_scale: head_dim as f64,
        window: keys.needed("attention.sliding_window")?,
        local_rope_base: keys.float("rope.freq_base_swa")?.unwrap_or(USUAL_LOCAL_BASE),
        full_layers,
    })
}
