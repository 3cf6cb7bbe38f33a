//! Metadata of GGUF files: what is refused (specification, sections 3.2 and 3.3).

use bonus_llama::Family;
use model_files::llama_config;

use crate::changed::{Parts, gguf_error, to_bytes};
use crate::golden::{assert_golden, load};
use crate::writer::string;

const LLAMA: &str = "llama-tied/llama-tied-f16.gguf";
const LLAMA3: &str = "llama3-untied/llama3-untied-bf16.gguf";
const GEMMA: &str = "gemma3/gemma3-q8_0-q4_0.gguf";

#[test]
fn a_file_written_again_is_the_same_model() {
    let (_folder, path) = Parts::of(LLAMA).write();
    assert_golden(&load(&path).model, "llama-tied/llama-tied-f16.expected.json");
}

#[test]
fn keys_that_are_not_there() {
    let mut parts = Parts::of(LLAMA);
    for key in ["attention.key_length", "attention.value_length", "rope.dimension_count", "vocab_size"] {
        parts.metadata.remove(&format!("llama.{key}")).unwrap();
    }
    parts.metadata.remove("llama.attention.head_count_kv").unwrap();
    let (_folder, path) = parts.write();
    let config = llama_config(&path).unwrap();
    assert_eq!((config.head_dim, config.vocab_size, config.n_kv_heads), (16, 320, 4));

    for key in [
        "block_count",
        "context_length",
        "embedding_length",
        "feed_forward_length",
        "attention.head_count",
        "rope.freq_base",
        "attention.layer_norm_rms_epsilon",
    ] {
        let error = gguf_error(LLAMA, |parts| _ = parts.metadata.remove(&format!("llama.{key}")).unwrap());
        assert_eq!(error, format!("llama.{key} is missing"));
    }
    let error = gguf_error(LLAMA, |parts| _ = parts.metadata.remove("general.architecture").unwrap());
    assert_eq!(error, "general.architecture is missing");
}

/// Sixth layers see the whole text where nothing is said; or the file lists the layers with a window.
#[test]
fn layers_of_gemma() {
    let full = |change: &dyn Fn(&mut Parts)| {
        let mut parts = Parts::of(GEMMA);
        change(&mut parts);
        let (_folder, path) = parts.write();
        match llama_config(&path).unwrap().family {
            Family::Gemma3(gemma) => (gemma.full_layers, gemma.local_rope_base, gemma.window),
            other => panic!("{other:?}"),
        }
    };
    let pattern = "gemma3.attention.sliding_window_pattern";
    assert_eq!(full(&|_| {}), (vec![false, false, true, false], 10_000.0, 5));
    assert_eq!(full(&|parts| _ = parts.metadata.remove(pattern)).0, [false; 4]);
    let list = |parts: &mut Parts| parts.array(pattern, 7, &[1, 0, 1, 0].map(|window| vec![window]));
    assert_eq!(full(&list).0, [false, true, false, true]);
    assert_eq!(full(&|parts| parts.float("gemma3.rope.freq_base_swa", 20_000.0)).1, 20_000.0);

    let error = gguf_error(GEMMA, |parts| parts.array(pattern, 7, &[vec![1]]));
    assert_eq!(error, format!("{pattern} has 1 entries, but gemma3.block_count is 4"));
    let error = gguf_error(GEMMA, |parts| parts.array(pattern, 4, &[[1, 0, 0, 0]; 4].map(Vec::from)));
    assert_eq!(error, format!("{pattern} must be a number or an array of true and false"));
    assert_eq!(
        gguf_error(GEMMA, |parts| parts.whole(pattern, 0)),
        "sliding_window_pattern is 0, but must be at least 1"
    );
    let error = gguf_error(GEMMA, |parts| _ = parts.metadata.remove("gemma3.attention.sliding_window"));
    assert_eq!(error, "gemma3.attention.sliding_window is missing");
}

#[test]
fn what_the_model_does_not_compute_is_refused() {
    for (key, value, text) in [
        ("general.architecture", "mamba", "general.architecture is \"mamba\", but must be one of llama, qwen3, gemma3"),
        (
            "general.architecture",
            "qwen3moe",
            "general.architecture is \"qwen3moe\", but must be one of llama, qwen3, gemma3",
        ),
        ("general.type", "adapter", "general.type is \"adapter\", but must be model"),
        ("llama.rope.scaling.type", "yarn", "llama.rope.scaling.type is \"yarn\", but must be none"),
        ("llama.rope.scaling.type", "linear", "llama.rope.scaling.type is \"linear\", but must be none"),
    ] {
        assert_eq!(gguf_error(LLAMA, |parts| parts.text(key, value)), text);
    }
    let error = gguf_error(LLAMA, |parts| parts.float("llama.rope.scaling.factor", 4.0));
    assert_eq!(error, "llama.rope.scaling.factor is 4, but must be 1");
    let error = gguf_error(LLAMA, |parts| parts.whole("llama.expert_count", 8));
    assert_eq!(error, "llama.expert_count is 8, but models with experts are not read");
    let error = gguf_error(LLAMA, |parts| parts.whole("split.count", 3));
    assert_eq!(error, "split.count is 3: the model is spread over so many files, but this program reads one");
    let error = gguf_error(LLAMA, |parts| parts.whole("llama.rope.dimension_count", 8));
    assert_eq!(error, "llama.rope.dimension_count is 8, but must be llama.attention.key_length, which is 16");
    let error = gguf_error(LLAMA, |parts| parts.whole("llama.attention.value_length", 32));
    assert_eq!(error, "llama.attention.value_length is 32, but must be llama.attention.key_length, which is 16");
    let error = gguf_error(LLAMA, |parts| parts.array("llama.attention.head_count", 4, &[vec![4, 0, 0, 0]]));
    assert_eq!(error, "llama.attention.head_count is an array, but must be a whole number that is not negative");
}

#[test]
fn impossible_models_are_refused() {
    for (key, value, text) in [
        ("attention.head_count_kv", 0, "n_kv_heads is 0, but must be at least 1 and at most 16777216"),
        ("attention.head_count_kv", 3, "n_kv_heads is 3, but must be a divisor of n_heads, which is 4"),
        ("attention.head_count", 0, "n_heads is 0, but must be at least 1 and at most 16777216"),
        ("context_length", 0, "context_length is 0, but must be at least 1 and at most 16777216"),
        ("block_count", 2, "it has tensors of 3 blocks, but the configuration says 2"),
        ("block_count", 4, "it has tensors of 3 blocks, but the configuration says 4"),
        (
            "feed_forward_length",
            64,
            "tensor blk.0.ffn_gate.weight: its shape is [128, 64], but the configuration asks for [64, 64]",
        ),
        ("vocab_size", 321, "llama.vocab_size: 321 tokens, but token_embd.weight has 320 rows"),
    ] {
        assert_eq!(gguf_error(LLAMA, |parts| parts.whole(&format!("llama.{key}"), value)), text);
    }
    for (value, shown) in [(0.0, "0"), (-1.0, "-1"), (f32::NAN, "NaN"), (f32::INFINITY, "inf")] {
        let eps = gguf_error(LLAMA, |parts| parts.float("llama.attention.layer_norm_rms_epsilon", value));
        assert_eq!(eps, format!("norm_eps is {shown}, but must be a number above 0"));
        let base = gguf_error(LLAMA, |parts| parts.float("llama.rope.freq_base", value));
        assert_eq!(base, format!("rope_base is {shown}, but must be a number above 0"));
    }
    let error = gguf_error(GEMMA, |parts| parts.whole("gemma3.attention.sliding_window", 0));
    assert_eq!(error, "gemma3.window is 0, but must be at least 1: a token sees itself");
}

#[test]
fn a_vocabulary_that_does_not_fit_is_refused() {
    let tokens = |count: usize| vec![string("x"); count];
    let error = gguf_error(LLAMA, |parts| parts.array("tokenizer.ggml.tokens", 8, &tokens(319)));
    assert_eq!(error, "tokenizer.ggml.tokens: 319 tokens, but token_embd.weight has 320 rows");
    let error = gguf_error(LLAMA, |parts| {
        parts.array("tokenizer.ggml.tokens", 8, &tokens(320));
        parts.array("tokenizer.ggml.scores", 6, &vec![vec![0; 4]; 321]);
    });
    assert_eq!(error, "tokenizer.ggml.scores: 321 tokens, but token_embd.weight has 320 rows");
    let error = gguf_error(LLAMA, |parts| parts.array("tokenizer.ggml.token_type", 5, &[vec![1, 0, 0, 0]]));
    assert_eq!(error, "tokenizer.ggml.token_type: 1 tokens, but token_embd.weight has 320 rows");
    for id in ["bos", "eos", "padding"] {
        let key = format!("tokenizer.ggml.{id}_token_id");
        let error = gguf_error(LLAMA, |parts| parts.whole(&key, 320));
        assert_eq!(error, format!("{key} is 320, but must be an id below 320"));
    }
}

/// `rope_freqs.weight` must be the divisors of a scaling like Llama 3's.
#[test]
fn divisors_of_the_rotation() {
    let with = |values: Vec<f32>| {
        move |parts: &mut Parts| {
            let tensor = (vec![values.len()], 0, to_bytes(values));
            parts.tensors.insert("rope_freqs.weight".to_string(), tensor);
        }
    };
    let mut parts = Parts::of(LLAMA3);
    with(vec![1.0; 8])(&mut parts);
    let (_folder, path) = parts.write();
    assert_eq!(llama_config(&path).unwrap().rope_scaling, None);

    assert_eq!(
        gguf_error(LLAMA3, with(vec![1.0; 4])),
        "tensor rope_freqs.weight: it has 4 values, but heads of width 16 have 8 pairs"
    );
    assert_eq!(
        gguf_error(LLAMA3, with(vec![1.0, 2.0, 1.0, 2.0, 1.0, 2.0, 1.0, 2.0])),
        "tensor rope_freqs.weight: its values are not those of Llama 3's scaling"
    );
    assert_eq!(gguf_error(GEMMA, with(vec![1.0; 12])), "tensor rope_freqs.weight: only a llama has it, not a gemma3");
}
