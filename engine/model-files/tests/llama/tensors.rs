//! The tensors of both forms: types, files, and what is refused or ignored.

use std::fs;

use bonus_llama::LlamaModel;
use burn::tensor::{Device, s};
use half::{bf16, f16};
use model_files::{LlamaColumns, with_llama_columns};
use safetensors::Dtype;
use serde::Deserialize;
use serde_json::json;
use testkit::values;

use crate::changed::{Tensors, folder, gguf_error, to_bytes};
use crate::golden::{assert_golden, error, floats, golden, golden_json, load};

const TIED: &str = "llama-tied/expected.json";
const EMBEDDING: &str = "model.embed_tokens.weight";
const HEAD: &str = "lm_head.weight";

fn with_tensors(name: &str, change: impl FnOnce(&mut Tensors)) -> tempfile::TempDir {
    folder(name, |_| {}, change)
}

/// bf16 and f16 values are 32-bit floats as well.
#[test]
fn every_tensor_has_its_own_type() {
    let widened = with_tensors("gemma3", |tensors| {
        for (index, (dtype, _, bytes)) in tensors.values_mut().enumerate() {
            assert_eq!(*dtype, Dtype::BF16);
            let words = bytes.chunks(2).map(|word| bf16::from_le_bytes([word[0], word[1]]).to_f32());
            (*dtype, *bytes) = match index % 3 {
                0 => continue,
                1 => (Dtype::F32, to_bytes(words)),
                _ => (Dtype::F64, words.flat_map(|value| f64::from(value).to_le_bytes()).collect()),
            };
        }
    });
    assert_golden(&load(widened.path()).model, "gemma3/expected.json");
    let halves = with_tensors("gemma3", |tensors| {
        let norm = tensors.get_mut("model.norm.weight").unwrap();
        norm.0 = Dtype::F16;
        norm.2 = norm
            .2
            .chunks(2)
            .flat_map(|w| f16::from_f32(bf16::from_le_bytes([w[0], w[1]]).to_f32()).to_le_bytes())
            .collect();
    });
    assert_golden(&load(halves.path()).model, "gemma3/expected.json");
}

/// A tied head that is stored all the same is ignored; if it differs, that is said.
#[test]
fn a_stored_head_of_a_tied_model() {
    let same = with_tensors("llama-tied", |tensors| _ = tensors.insert(HEAD.to_string(), tensors[EMBEDDING].clone()));
    let loaded = load(same.path());
    assert_eq!(loaded.warnings, Vec::<String>::new());
    assert_golden(&loaded.model, TIED);

    let other = with_tensors("llama-tied", |tensors| {
        let mut head = tensors[EMBEDDING].clone();
        head.2[0] ^= 1;
        tensors.insert(HEAD.to_string(), head);
    });
    let loaded = load(other.path());
    assert_eq!(
        loaded.warnings,
        [
            "lm_head.weight is ignored: the configuration says that the token embedding is the output layer, but they differ"
        ]
    );
    assert_golden(&loaded.model, TIED);

    let own = folder(
        "llama-tied",
        |config| _ = config.insert("tie_word_embeddings".to_string(), json!(false)),
        |tensors| _ = tensors.insert(HEAD.to_string(), tensors[EMBEDDING].clone()),
    );
    let loaded = load(own.path());
    assert!(loaded.model.out_head.is_some());
    assert_golden(&loaded.model, TIED);
    let missing = folder("llama-tied", |config| _ = config.insert("tie_word_embeddings".into(), json!(false)), |_| {});
    assert_eq!(error(missing.path()), "model.safetensors: tensor lm_head.weight: it is missing");
}

#[test]
fn tensors_that_the_model_does_not_have() {
    let one = (Dtype::F32, vec![1], vec![0; 4]);
    let old = with_tensors("llama-tied", |tensors| {
        tensors.insert("model.layers.0.self_attn.rotary_emb.inv_freq".to_string(), one.clone());
    });
    assert_eq!(load(old.path()).warnings, Vec::<String>::new());
    let odd = with_tensors("llama-tied", |tensors| _ = tensors.insert("score.weight".to_string(), one.clone()));
    let loaded = load(odd.path());
    assert_eq!(loaded.warnings, ["score.weight is ignored: the model has no such parameter"]);
    assert_golden(&loaded.model, TIED);

    let bias = "model.layers.0.self_attn.q_proj.bias";
    let biased = with_tensors("llama-tied", |tensors| _ = tensors.insert(bias.to_string(), one));
    assert_eq!(error(biased.path()), format!("model.safetensors: tensor {bias}: the model has no biases"));
}

#[test]
fn tensors_that_do_not_fit_are_named() {
    let up = "model.layers.1.mlp.up_proj.weight";
    let missing = with_tensors("llama-tied", |tensors| _ = tensors.remove(up));
    assert_eq!(error(missing.path()), format!("model.safetensors: tensor {up}: it is missing"));
    let turned = with_tensors("llama-tied", |tensors| tensors.get_mut(up).unwrap().1.reverse());
    let text = "its shape is [64, 128], but the configuration asks for [128, 64]";
    assert_eq!(error(turned.path()), format!("model.safetensors: tensor {up}: {text}"));
    let whole = with_tensors("llama-tied", |tensors| tensors.get_mut(up).unwrap().0 = Dtype::I32);
    let text = "it holds I32 values, not F64, F32, F16 or BF16";
    assert_eq!(error(whole.path()), format!("model.safetensors: tensor {up}: {text}"));
    let fewer = with_tensors("llama-tied", |tensors| tensors.retain(|name, _| !name.contains("layers.2.")));
    let text = "it has tensors of 2 blocks, but the configuration says 3";
    assert_eq!(error(fewer.path()), format!("model.safetensors: {text}"));
}

#[test]
fn tensors_of_gguf_files_that_do_not_fit_are_named() {
    const MIXED: &str = "qwen3/qwen3-mixed.gguf";
    let name = "blk.0.attn_k.weight";
    let missing = gguf_error(MIXED, |parts| _ = parts.tensors.remove(name).unwrap());
    assert_eq!(missing, format!("tensor {name}: it is missing"));
    let missing = gguf_error(MIXED, |parts| _ = parts.tensors.remove("token_embd.weight").unwrap());
    assert_eq!(missing, "tensor token_embd.weight: it is missing");
    // Block 2 of Q4_1: its scale.
    let infinite = gguf_error(MIXED, |parts| {
        parts.tensors.get_mut(name).unwrap().2[40..42].copy_from_slice(&[0, 0x7c]);
    });
    assert_eq!(infinite, format!("tensor {name}: the scale of block 2 is inf"));
    let biased = gguf_error(MIXED, |parts| {
        parts.tensors.insert("blk.0.attn_q.bias".to_string(), (vec![1], 0, vec![0; 4]));
    });
    assert_eq!(biased, "tensor blk.0.attn_q.bias: the model has no biases");
}

#[test]
fn a_shard_that_is_missing_is_named() {
    let folder = tempfile::tempdir().unwrap();
    for file in ["config.json", "model.safetensors.index.json", "model-00001-of-00002.safetensors"] {
        fs::copy(golden("llama3-untied").join(file), folder.path().join(file)).unwrap();
    }
    let text = error(folder.path());
    assert!(text.ends_with("holds no model: model-00002-of-00002.safetensors is missing"), "{text}");
}

#[derive(Deserialize)]
struct Case {
    name: String,
    format: String,
    hex: String,
    expect: String,
}

/// The safetensors files of `hostile.json`, each as the weights of a model: the odd ones lack its tensors, the damaged ones
/// are refused before that.
#[test]
fn damaged_safetensors_files_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    fs::copy(golden("llama-tied/config.json"), folder.path().join("config.json")).unwrap();
    let cases: Vec<Case> = golden_json("hostile.json");
    let mut damaged = 0;
    for case in cases.into_iter().filter(|case| case.format == "safetensors") {
        let bytes: Vec<u8> =
            (0..case.hex.len()).step_by(2).map(|at| u8::from_str_radix(&case.hex[at..at + 2], 16).unwrap()).collect();
        fs::write(folder.path().join("model.safetensors"), bytes).unwrap();
        let refused = error(folder.path()).starts_with("model.safetensors is not a whole safetensors file: ");
        assert_eq!(refused, case.expect == "refuse", "{}", case.name);
        damaged += usize::from(refused);
    }
    assert_eq!(damaged, 12);
}

/// Columns of the matrices, in both forms, are those of the whole model; the norms are there already.
#[test]
fn matrices_column_by_column() {
    for name in [
        "llama-tied",
        "llama3-untied",
        "llama-tied/llama-tied-q8_0-q4_0.gguf",
        "qwen3/qwen3-mixed.gguf",
        "gemma3/gemma3-q8_0-q4_0.gguf",
    ] {
        let whole = load(&golden(name)).model;
        let (block, norm) = (&whole.blocks[1], |model: &LlamaModel| floats(model.blocks[1].norm2.weight.val()));
        let mut matrices = vec![
            ("tok_emb.weight", whole.tok_emb.weight.val().transpose()),
            ("blocks.1.att.w_query.weight", block.att.w_query.weight.val()),
            ("blocks.1.att.w_key.weight", block.att.w_key.weight.val()),
            ("blocks.1.att.w_value.weight", block.att.w_value.weight.val()),
            ("blocks.1.ff.down.weight", block.ff.down.weight.val()),
        ];
        matrices.extend(whole.out_head.as_ref().map(|head| ("out_head.weight", head.weight.val())));
        let check = |stored: LlamaColumns| {
            assert_eq!(norm(&stored.model), norm(&whole), "{name}");
            for (path, matrix) in matrices {
                let [rows, cols] = matrix.dims();
                for columns in [0..cols, 1..2, cols / 3..cols - 1] {
                    let mut found = vec![0.0; rows * columns.len()];
                    stored.matrix(path).read(columns.clone(), &mut found);
                    assert_eq!(found, values(matrix.clone().slice(s![.., columns]).transpose()), "{name}: {path}");
                }
            }
        };
        with_llama_columns(&golden(name), &Device::flex(), check).unwrap();
    }
}
