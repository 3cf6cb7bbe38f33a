//! The small golden models (specification, section 7) in all their forms compute what the originals compute.

use std::fs;

use bonus_llama::{Family, LlamaConfig, RopeScaling};
use model_files::inspect::parameters;
use model_files::llama::llama_parameters;
use model_files::{is_llama, llama_config};

use crate::golden::{assert_golden, golden, load};

const FOLDERS: [&str; 4] = ["llama-tied", "llama3-untied", "qwen3", "gemma3"];
/// Folder, file without its ending.
const FILES: [(&str, &str); 5] = [
    ("llama-tied", "llama-tied-f16"),
    ("llama-tied", "llama-tied-q8_0-q4_0"),
    ("llama3-untied", "llama3-untied-bf16"),
    ("qwen3", "qwen3-mixed"),
    ("gemma3", "gemma3-q8_0-q4_0"),
];

#[test]
fn folders_of_hugging_face() {
    for folder in FOLDERS {
        let loaded = load(&golden(folder));
        assert_eq!(loaded.warnings, Vec::<String>::new(), "{folder}");
        assert_golden(&loaded.model, &format!("{folder}/expected.json"));
    }
}

#[test]
fn gguf_files() {
    for (folder, file) in FILES {
        let loaded = load(&golden(&format!("{folder}/{file}.gguf")));
        assert_eq!(loaded.warnings, Vec::<String>::new(), "{file}");
        assert_golden(&loaded.model, &format!("{folder}/{file}.expected.json"));
    }
}

/// The hub's spelling of `config.json` and that of transformers 5.
#[test]
fn both_spellings_of_the_configuration() {
    for name in FOLDERS {
        let folder = tempfile::tempdir().unwrap();
        fs::copy(golden(&format!("{name}/config.v5.json")), folder.path().join("config.json")).unwrap();
        assert_eq!(llama_config(folder.path()).unwrap(), llama_config(&golden(name)).unwrap(), "{name}");
    }
}

/// Metadata and `config.json` give the same sizes, with Llama 3's scaling found again from the divisors.
#[test]
fn metadata_gives_the_same_configuration() {
    for (folder, file) in FILES {
        let mut expected = llama_config(&golden(folder)).unwrap();
        if let Family::Gemma3(gemma) = &mut expected.family {
            // The format has no key for it.
            gemma.query_scale = 24.0;
        }
        assert_eq!(llama_config(&golden(&format!("{folder}/{file}.gguf"))).unwrap(), expected, "{file}");
    }
}

#[test]
fn sizes_of_the_small_llama_3() {
    let expected = LlamaConfig {
        vocab_size: 300,
        context_length: 512,
        emb_dim: 48,
        n_heads: 6,
        n_kv_heads: 2,
        head_dim: 16,
        hidden_dim: 80,
        n_layers: 2,
        norm_eps: 1e-5,
        rope_base: 500_000.0,
        rope_scaling: Some(RopeScaling {
            factor: 8.0,
            low_freq_factor: 1.0,
            high_freq_factor: 4.0,
            original_context_length: 64,
        }),
        tied: false,
        family: Family::Llama,
    };
    assert_eq!(llama_config(&golden("llama3-untied")).unwrap(), expected);
}

#[test]
fn the_table_lists_the_parameters_of_the_model() {
    for folder in FOLDERS {
        let loaded = load(&golden(folder));
        let table: Vec<_> = llama_parameters(&loaded.config).map(|p| (p.path, p.shape)).collect();
        let model: Vec<_> = parameters(&loaded.model).into_iter().map(|p| (p.name, p.shape)).collect();
        assert_eq!(table, model, "{folder}");
    }
}

#[test]
fn names_in_both_forms() {
    let names = |folder: &str, path: &str| {
        let config = llama_config(&golden(folder)).unwrap();
        let found = llama_parameters(&config).find(|p| p.path == path).unwrap();
        (found.hugging_face, found.gguf, found.shape)
    };
    let of = |hugging_face: &str, gguf: &str, shape: &[usize]| {
        (format!("model.layers.1.{hugging_face}"), format!("blk.1.{gguf}"), shape.to_vec())
    };
    let query = names("llama3-untied", "blocks.1.att.w_query.weight");
    assert_eq!(query, of("self_attn.q_proj.weight", "attn_q.weight", &[48, 96]));
    let norm = names("llama3-untied", "blocks.1.norm2.weight");
    assert_eq!(norm, of("post_attention_layernorm.weight", "ffn_norm.weight", &[48]));
    let norm = names("gemma3", "blocks.1.norm2.weight");
    assert_eq!(norm, of("pre_feedforward_layernorm.weight", "ffn_norm.weight", &[32]));
    let norm = names("gemma3", "blocks.1.post_attention_norm.weight");
    assert_eq!(norm, of("post_attention_layernorm.weight", "post_attention_norm.weight", &[32]));
    let norm = names("qwen3", "blocks.1.att.k_norm.weight");
    assert_eq!(norm, of("self_attn.k_norm.weight", "attn_k_norm.weight", &[32]));
}

#[test]
fn what_may_be_such_a_model() {
    assert!(is_llama(&golden("qwen3")).unwrap());
    assert!(is_llama(&golden("qwen3/qwen3-mixed.gguf")).unwrap());
    assert!(!is_llama(&golden("qwen3/expected.json")).unwrap());
    assert!(!is_llama(&golden("../gpt2-tiny-hf")).unwrap());
    assert!(!is_llama(&golden("../gpt2-tiny-openai")).unwrap());
    assert!(!is_llama(&golden("none")).unwrap());
}
