//! `config.json`: defaults, and what is refused (specification, sections 3.1 and 3.3).

use bonus_llama::{Family, LlamaConfig, RopeScaling};
use model_files::llama_config;
use serde_json::{Map, Value, json};

use crate::changed::{config_error, folder};

fn config(name: &str, change: impl FnOnce(&mut Map<String, Value>)) -> LlamaConfig {
    llama_config(folder(name, change, |_| {}).path()).unwrap()
}

fn without(name: &str, field: &str) -> LlamaConfig {
    config(name, |config| _ = config.remove(field))
}

#[test]
fn fields_that_are_not_there() {
    // The width divided by the heads; llama-tied does not state it.
    assert_eq!(without("llama-tied", "head_dim").head_dim, 16);
    assert_eq!(without("qwen3", "head_dim").head_dim, 128);
    assert_eq!(without("gemma3", "head_dim").head_dim, 256);
    assert_eq!(without("llama-tied", "num_key_value_heads").n_kv_heads, 4);
    assert_eq!(without("llama-tied", "rope_theta").rope_base, 10_000.0);
    assert_eq!(without("gemma3", "rope_theta").rope_base, 1_000_000.0);
    assert!(!without("llama-tied", "tie_word_embeddings").tied);
    assert!(!without("qwen3", "tie_word_embeddings").tied);
    assert!(without("gemma3", "tie_word_embeddings").tied);
    for field in ["architectures", "model_type"] {
        assert_eq!(without("gemma3", field), config("gemma3", |_| {}));
    }
    let gemma =
        |config: LlamaConfig| if let Family::Gemma3(gemma) = config.family { gemma } else { panic!("{config:?}") };
    assert_eq!(gemma(without("gemma3", "query_pre_attn_scalar")).query_scale, 256.0);
    assert_eq!(gemma(without("gemma3", "rope_local_base_freq")).local_rope_base, 10_000.0);
}

/// The list of layers wins over the pattern; without both, every sixth layer sees the whole text.
#[test]
fn layers_of_gemma() {
    let full = |change: fn(&mut Map<String, Value>)| match config("gemma3", change).family {
        Family::Gemma3(gemma) => gemma.full_layers,
        other => panic!("{other:?}"),
    };
    assert_eq!(full(|_| {}), [false, false, true, false]);
    assert_eq!(full(|config| _ = config.remove("layer_types")), [false; 4]);
    let pattern = |config: &mut Map<String, Value>, name: &str| {
        config.remove("layer_types");
        config.remove("_sliding_window_pattern");
        config.insert(name.to_string(), json!(2));
    };
    for name in ["sliding_window_pattern", "_sliding_window_pattern"] {
        let config = config("gemma3", |config| pattern(config, name));
        assert!(matches!(config.family, Family::Gemma3(gemma) if gemma.full_layers == [false, true, false, true]));
    }
}

/// Older files say `type`.
#[test]
fn older_spelling_of_the_scaling() {
    let scaling = json!({"type": "llama3", "factor": 32.0, "low_freq_factor": 1, "high_freq_factor": 4.0,
        "original_max_position_embeddings": 8192});
    let found = config("llama-tied", |config| _ = config.insert("rope_scaling".into(), scaling)).rope_scaling;
    let (low_freq_factor, high_freq_factor, original_context_length) = (1.0, 4.0, 8192);
    let expected = RopeScaling { factor: 32.0, low_freq_factor, high_freq_factor, original_context_length };
    assert_eq!(found, Some(expected));
}

#[test]
fn missing_fields_are_named() {
    for field in [
        "vocab_size",
        "hidden_size",
        "intermediate_size",
        "num_hidden_layers",
        "num_attention_heads",
        "max_position_embeddings",
        "rms_norm_eps",
        "sliding_window",
    ] {
        assert_eq!(config_error("gemma3", field, Value::Null), format!("config.json: {field} is missing"));
    }
}

#[test]
fn other_models_are_refused_by_name() {
    let allowed = "but they must be LlamaForCausalLM and llama, or Qwen3ForCausalLM and qwen3, or Gemma3ForCausalLM and \
                   gemma3_text";
    for (field, value, found) in [
        ("model_type", json!("mistral"), "LlamaForCausalLM and model_type mistral"),
        ("architectures", json!(["Qwen3MoeForCausalLM"]), "Qwen3MoeForCausalLM and model_type llama"),
        ("architectures", json!(["Qwen3ForCausalLM"]), "Qwen3ForCausalLM and model_type llama"),
    ] {
        let text = format!("config.json: architectures is {found}, {allowed}");
        assert_eq!(config_error("llama-tied", field, value), text);
    }
    let error = config_error("gemma3", "architectures", json!(["Gemma3ForConditionalGeneration"]));
    assert!(error.ends_with("which reads images too; take the text model, Gemma3ForCausalLM"), "{error}");
}

#[test]
fn what_the_model_does_not_compute_is_refused() {
    for (name, field, value, text) in [
        ("llama-tied", "hidden_act", json!("gelu"), "hidden_act is gelu, but must be silu"),
        ("gemma3", "hidden_activation", json!("gelu"), "hidden_activation is gelu, but must be gelu_pytorch_tanh"),
        ("llama-tied", "attention_bias", json!(true), "attention_bias is true, but must be false"),
        ("llama-tied", "mlp_bias", json!(true), "mlp_bias is true, but must be false"),
        ("qwen3", "use_sliding_window", json!(true), "use_sliding_window is true, but must be false"),
        (
            "gemma3",
            "use_bidirectional_attention",
            json!(true),
            "use_bidirectional_attention is true, but must be false",
        ),
        ("gemma3", "attn_logit_softcapping", json!(50.0), "attn_logit_softcapping is 50, but must be null"),
        ("gemma3", "final_logit_softcapping", json!(30), "final_logit_softcapping is 30, but must be null"),
        ("llama-tied", "partial_rotary_factor", json!(0.5), "partial_rotary_factor is 0.5, but must be 1"),
        (
            "llama-tied",
            "rope_scaling",
            json!({"rope_type": "yarn", "factor": 4}),
            "rope_scaling.rope_type is yarn, but must be default or llama3",
        ),
        (
            "gemma3",
            "rope_scaling",
            json!({"type": "linear", "factor": 8.0}),
            "rope_scaling.rope_type is linear, but must be default or llama3",
        ),
        ("llama-tied", "rope_scaling", json!({"factor": 4}), "rope_scaling.rope_type is missing"),
        ("llama-tied", "rope_scaling", json!({"rope_type": "llama3"}), "rope_scaling.factor is missing"),
        (
            "gemma3",
            "rope_parameters",
            json!({"full_attention": {"rope_type": "dynamic"}}),
            "rope_parameters.full_attention.rope_type is dynamic, but must be default or llama3",
        ),
        (
            "qwen3",
            "layer_types",
            json!(["full_attention", "sliding_attention", "full_attention"]),
            "layer_types has sliding_attention, but every layer must be full_attention",
        ),
    ] {
        assert_eq!(config_error(name, field, value), format!("config.json: {text}"));
    }
    let error = config_error("llama-tied", "quantization_config", json!({"quant_method": "gptq"}));
    assert!(error.contains("the weights are quantized"), "{error}");
}

#[test]
fn impossible_models_are_refused() {
    for (name, field, value, text) in [
        ("llama-tied", "num_key_value_heads", json!(0), "n_kv_heads is 0, but must be at least 1"),
        (
            "llama-tied",
            "num_key_value_heads",
            json!(3),
            "n_kv_heads is 3, but must be a divisor of n_heads, which is 4",
        ),
        (
            "llama-tied",
            "num_attention_heads",
            json!(0),
            "there are 0 heads, but their number must be a divisor of the width, which is 64",
        ),
        (
            "llama-tied",
            "num_attention_heads",
            json!(5),
            "there are 5 heads, but their number must be a divisor of the width, which is 64",
        ),
        ("llama-tied", "head_dim", json!(15), "head_dim is 15, but must be even"),
        (
            "llama-tied",
            "hidden_size",
            json!(-64),
            "hidden_size is -64, but must be a whole number that is not negative",
        ),
        ("llama-tied", "hidden_size", json!("64"), "hidden_size is \"64\", but must be a whole number"),
        ("llama-tied", "vocab_size", json!(1e300), "vocab_size is 1e+300, but must be a whole number"),
        ("llama-tied", "num_hidden_layers", json!(0), "n_layers is 0, but must be at least 1"),
        (
            "llama-tied",
            "num_hidden_layers",
            json!(u64::MAX),
            "n_layers is 18446744073709551615, but must be at least 1",
        ),
        ("llama-tied", "max_position_embeddings", json!(0), "context_length is 0, but must be at least 1"),
        ("llama-tied", "rms_norm_eps", json!(0), "norm_eps is 0, but must be a number above 0"),
        ("llama-tied", "rms_norm_eps", json!(-1e-5), "norm_eps is -0.00001, but must be a number above 0"),
        ("llama-tied", "rope_theta", json!(0), "rope_base is 0, but must be a number above 0"),
        ("llama-tied", "eos_token_id", json!(320), "eos_token_id is 320, but must be below vocab_size, which is 320"),
        ("llama-tied", "eos_token_id", json!([2, 400]), "eos_token_id is 400, but must be below vocab_size"),
        ("llama-tied", "bos_token_id", json!(-1), "bos_token_id is -1, but must be below vocab_size"),
        ("gemma3", "sliding_window", json!(0), "gemma3.window is 0, but must be at least 1"),
        ("gemma3", "layer_types", json!(["full_attention"]), "layer_types has 1 entries, but num_hidden_layers is 4"),
        (
            "gemma3",
            "layer_types",
            json!(["full_attention", "full_attention", "full_attention", "chunked_attention"]),
            "layer_types has \"chunked_attention\", but must have full_attention or sliding_attention",
        ),
    ] {
        let error = config_error(name, field, value);
        assert!(error.starts_with(&format!("config.json: {text}")), "{error}");
    }
}

#[test]
fn impossible_scalings_are_refused() {
    for (field, value, text) in [
        ("factor", json!(0), "rope_scaling.factor is 0, but must be a number above 0"),
        (
            "high_freq_factor",
            json!(1),
            "rope_scaling.high_freq_factor is 1, but must be above low_freq_factor, which is 1",
        ),
        (
            "original_max_position_embeddings",
            json!(0),
            "rope_scaling.original_context_length is 0, but must be at least 1",
        ),
        ("low_freq_factor", json!("1"), "rope_scaling.low_freq_factor is \"1\", but must be a number"),
    ] {
        let mut scaling = json!({"rope_type": "llama3", "factor": 8, "low_freq_factor": 1, "high_freq_factor": 4,
            "original_max_position_embeddings": 64});
        scaling[field] = value;
        let error = config_error("llama-tied", "rope_scaling", scaling);
        assert!(error.starts_with(&format!("config.json: {text}")), "{error}");
    }
}

/// A list of layers is not made for a number of layers that is not possible.
#[test]
fn an_absurd_number_of_layers_costs_nothing() {
    let folder = folder(
        "gemma3",
        |config| {
            config.remove("layer_types");
            config.insert("num_hidden_layers".to_string(), json!(1_u64 << 60));
        },
        |_| {},
    );
    let error = llama_config(folder.path()).unwrap_err().to_string();
    assert!(error.contains("n_layers is 1152921504606846976"), "{error}");
}
