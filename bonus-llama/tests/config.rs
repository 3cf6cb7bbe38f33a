//! Sizes of published models, and configurations that are refused.

use bonus_llama::{Family, Gemma3Config, LlamaConfig, LlamaModel, RopeScaling, sizes};
use burn::module::Module;
use burn::tensor::Device;

/// Every published size, each parameter once. The model is never filled with values.
#[test]
fn parameters_of_published_models() {
    let counts = [
        ("llama2-7b", 6_738_415_616),
        ("llama3-8b", 8_030_261_248),
        ("llama3.1-8b", 8_030_261_248),
        ("llama3.2-1b", 1_235_814_400),
        ("llama3.2-3b", 3_212_749_824),
        ("smollm2-135m", 134_515_008),
        ("smollm2-360m", 361_821_120),
        ("smollm2-1.7b", 1_711_376_384),
        ("qwen3-0.6b", 596_049_920),
        ("qwen3-1.7b", 1_720_574_976),
        ("qwen3-4b", 4_022_468_096),
        ("qwen3-8b", 8_190_735_360),
        ("gemma3-270m", 268_098_176),
        ("gemma3-1b", 999_885_952),
    ];
    assert_eq!(sizes::names().count(), counts.len() + 1, "and one of our own");
    for (name, count) in counts {
        let config = LlamaConfig::preset(name).unwrap();
        config.validate().unwrap();
        assert_eq!(config.num_params(), count, "{name}");
        assert_eq!(LlamaModel::new(&config, &Device::flex()).num_params(), count, "{name}");
    }
    LlamaConfig::preset("tiny").unwrap().validate().unwrap();
}

#[test]
fn an_unknown_name() {
    let error = LlamaConfig::preset("llama4").unwrap_err().to_string();
    assert!(error.starts_with("there is no model size 'llama4'; the sizes are llama2-7b, "), "{error}");
}

#[test]
fn a_configuration_survives_json() {
    for name in sizes::names() {
        let config = LlamaConfig::preset(name).unwrap();
        let json = serde_json::to_string(&config).unwrap();
        assert_eq!(serde_json::from_str::<LlamaConfig>(&json).unwrap(), config, "{json}");
    }
    let json = serde_json::to_string(&LlamaConfig::preset("smollm2-135m").unwrap()).unwrap();
    assert!(json.ends_with(r#""rope_scaling":null,"tied":true,"family":"llama"}"#), "{json}");
    let unknown = json.replace(r#""tied""#, r#""tide""#);
    let error = serde_json::from_str::<LlamaConfig>(&unknown).unwrap_err().to_string();
    assert!(error.starts_with("unknown field `tide`"), "{error}");
}

fn error(config: LlamaConfig) -> String {
    config.validate().unwrap_err().to_string()
}

fn smollm() -> LlamaConfig {
    LlamaConfig::preset("smollm2-135m").unwrap()
}

#[test]
fn sizes_that_do_not_fit() {
    for (config, text) in [
        (LlamaConfig { n_kv_heads: 0, ..smollm() }, "n_kv_heads is 0, but must be at least 1 and at most 16777216"),
        (LlamaConfig { n_kv_heads: 2, ..smollm() }, "n_kv_heads is 2, but must be a divisor of n_heads, which is 9"),
        (LlamaConfig { head_dim: 63, ..smollm() }, "head_dim is 63, but must be even: a head rotates in pairs"),
        (
            LlamaConfig { emb_dim: 1 << 25, ..smollm() },
            "emb_dim is 33554432, but must be at least 1 and at most 16777216",
        ),
        (LlamaConfig { n_layers: 5000, ..smollm() }, "n_layers is 5000, but must be at least 1 and at most 4096"),
        (
            LlamaConfig { head_dim: 1 << 24, ..smollm() },
            "head_dim is 16777216, but must be at most 1864135, with 9 heads",
        ),
        (LlamaConfig { norm_eps: 0.0, ..smollm() }, "norm_eps is 0, but must be a number above 0"),
        (LlamaConfig { rope_base: f64::NAN, ..smollm() }, "rope_base is NaN, but must be a number above 0"),
    ] {
        assert_eq!(error(config), text);
    }
}

/// Products of the largest sizes fit into 64 bits.
#[test]
fn the_largest_sizes() {
    let all = 1 << 24;
    let config = LlamaConfig {
        vocab_size: all,
        emb_dim: all,
        n_heads: 1,
        n_kv_heads: 1,
        head_dim: all,
        hidden_dim: all,
        n_layers: 4096,
        tied: false,
        family: Family::Qwen3,
        ..smollm()
    };
    config.validate().unwrap();
    assert!(config.num_params() > 1 << 62);
}

#[test]
fn a_scaling_that_does_not_fit() {
    let good = RopeScaling { factor: 8.0, low_freq_factor: 1.0, high_freq_factor: 4.0, original_context_length: 8192 };
    for (scaling, text) in [
        (RopeScaling { factor: 0.0, ..good }, "rope_scaling.factor is 0, but must be a number above 0"),
        (
            RopeScaling { low_freq_factor: f64::INFINITY, ..good },
            "rope_scaling.low_freq_factor is inf, but must be a number above 0",
        ),
        (
            RopeScaling { high_freq_factor: 1.0, ..good },
            "rope_scaling.high_freq_factor is 1, but must be above low_freq_factor, which is 1",
        ),
        (
            RopeScaling { original_context_length: 0, ..good },
            "rope_scaling.original_context_length is 0, but must be at least 1 and at most 16777216",
        ),
    ] {
        assert_eq!(error(LlamaConfig { rope_scaling: Some(scaling), ..smollm() }), text);
    }
}

#[test]
fn a_gemma_that_does_not_fit() {
    let gemma = LlamaConfig::preset("gemma3-270m").unwrap();
    let Family::Gemma3(good) = gemma.family.clone() else { panic!("{:?}", gemma.family) };
    for (changed, text) in [
        (Gemma3Config { window: 0, ..good.clone() }, "gemma3.window is 0, but must be at least 1: a token sees itself"),
        (
            Gemma3Config { full_layers: vec![true; 17], ..good.clone() },
            "gemma3.full_layers is 17 long, but must be 18 long, one for each layer",
        ),
        (Gemma3Config { query_scale: -1.0, ..good.clone() }, "gemma3.query_scale is -1, but must be a number above 0"),
        (
            Gemma3Config { local_rope_base: 0.0, ..good.clone() },
            "gemma3.local_rope_base is 0, but must be a number above 0",
        ),
    ] {
        assert_eq!(error(LlamaConfig { family: Family::Gemma3(changed), ..gemma.clone() }), text);
    }
}

#[test]
#[should_panic(expected = "n_kv_heads is 2, but must be a divisor of n_heads, which is 9")]
fn no_model_of_a_configuration_that_does_not_fit() {
    LlamaModel::new(&LlamaConfig { n_kv_heads: 2, ..smollm() }, &Device::flex());
}
