//! LoRA layers in a folder: what is written, what is read, what is refused.

mod common;

use std::fs;

use appendix_lora::{LoraLayer, LoraSettings, Scale, attach_layers, attach_lora};
use burn::module::Param;
use burn::tensor::Device;
use ch04_gpt::GptModel;
use common::parameter_values;
use model_files::inspect::parameters;
use model_files::{load_adapter, save_adapter};
use safetensors::SafeTensors;
use serde_json::{Value, json};
use shared::init::{randn, torch_init};
use shared::rng::TorchRng;
use shared::{GptConfig, Linear};

fn settings(rank: usize, alpha: f64, scale: Scale) -> LoraSettings {
    LoraSettings { rank, alpha, scale }
}

fn small_config() -> GptConfig {
    GptConfig {
        vocab_size: 97,
        context_length: 16,
        emb_dim: 24,
        n_heads: 3,
        n_layers: 2,
        drop_rate: 0.0,
        qkv_bias: true,
    }
}

fn small_model(device: &Device) -> GptModel {
    torch_init(GptModel::new(&small_config(), device), &mut TorchRng::new(123))
}

/// The small model with LoRA layers whose B is not 0, as if they had been trained.
fn trained(settings: &LoraSettings, device: &Device) -> GptModel {
    let (mut rng, mut values) = (TorchRng::new(9), TorchRng::new(7));
    attach_layers(small_model(device), |_, [d_in, d_out]| {
        let mut layer = LoraLayer::new(d_in, d_out, settings, &mut rng, device);
        layer.b = Param::from_tensor(randn([settings.rank, d_out], &mut values, device) * 0.1);
        Some(layer)
    })
}

fn lora_of(layer: &Linear) -> &LoraLayer {
    layer.weight.reparameterization().unwrap()
}

/// The names and shapes that `peft` writes for the book's model.
#[test]
fn names_and_shapes_are_those_of_peft() {
    let folder = tempfile::tempdir().unwrap();
    save_adapter(folder.path(), &trained(&settings(4, 8.0, Scale::Alpha), &Device::flex())).unwrap();
    let bytes = fs::read(folder.path().join("adapter_model.safetensors")).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let mut expected = vec![("out_head".to_string(), 24, 97)];
    for block in 0..2 {
        for (layer, d_in, d_out) in [
            ("att.W_query", 24, 24),
            ("att.W_key", 24, 24),
            ("att.W_value", 24, 24),
            ("att.out_proj", 24, 24),
            ("ff.layers.0", 24, 96),
            ("ff.layers.2", 96, 24),
        ] {
            expected.push((format!("trf_blocks.{block}.{layer}"), d_in, d_out));
        }
    }
    assert_eq!(file.len(), 2 * expected.len());
    for (layer, d_in, d_out) in expected {
        let shape = |matrix: char| {
            file.tensor(&format!("base_model.model.{layer}.lora_{matrix}.weight")).unwrap().shape().to_vec()
        };
        assert_eq!((shape('A'), shape('B')), (vec![4, d_in], vec![d_out, 4]), "{layer}");
    }
    let config: Value = serde_json::from_slice(&fs::read(folder.path().join("adapter_config.json")).unwrap()).unwrap();
    assert_eq!((&config["r"], &config["lora_alpha"]), (&json!(4), &json!(32.0)));
}

#[test]
fn an_adapter_comes_back_and_one_that_does_not_fit_is_named() {
    let device = Device::flex();
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(4, 8.0, Scale::Alpha);
    let model = trained(&settings, &device);
    save_adapter(folder.path(), &model).unwrap();
    let loaded = load_adapter(folder.path(), small_model(&device), &device).unwrap();
    assert_eq!(parameters(&model).len(), 2 * 13 + parameters(&small_model(&device)).len());
    assert_eq!(parameter_values(&loaded), parameter_values(&model));
    assert_eq!(lora_of(&loaded.out_head).scale, lora_of(&model.out_head).scale);
    assert_eq!(lora_of(&loaded.trf_blocks[1].ff.contract).scale, 8.0);
    let error = load_adapter(folder.path(), loaded, &device).unwrap_err().to_string();
    assert_eq!(error, "the model has LoRA layers already; merge them first");

    let wider = GptConfig { emb_dim: 48, ..small_config() };
    let other = torch_init(GptModel::new(&wider, &device), &mut TorchRng::new(1));
    let error = load_adapter(folder.path(), other, &device).unwrap_err().to_string();
    assert!(error.contains("trf_blocks.0.att.W_query.lora_A.weight"), "{error}");
    assert!(error.contains("[4, 24]") && error.contains("[4, 48]"), "{error}");
    let shorter = GptConfig { n_layers: 1, ..small_config() };
    let other = torch_init(GptModel::new(&shorter, &device), &mut TorchRng::new(1));
    let error = load_adapter(folder.path(), other, &device).unwrap_err().to_string();
    assert!(error.contains("trf_blocks.1.") && error.contains("no such layer"), "{error}");

    let weights = folder.path().join("adapter_model.safetensors");
    let bytes = fs::read(&weights).unwrap();
    for cut in [0, 4, bytes.len() / 2, bytes.len() - 1] {
        fs::write(&weights, &bytes[..cut]).unwrap();
        let error = load_adapter(folder.path(), small_model(&device), &device).unwrap_err().to_string();
        assert!(error.contains("adapter_model.safetensors is not that of a LoRA adapter"), "{error}");
    }
    fs::remove_file(folder.path().join("adapter_config.json")).unwrap();
    let error = load_adapter(folder.path(), small_model(&device), &device).unwrap_err().to_string();
    assert!(error.contains("cannot read") && error.contains("adapter_config.json"), "{error}");
    assert!(save_adapter(folder.path(), &small_model(&device)).is_err());
    let uneven = attach_layers(small_model(&device), |path, [d_in, d_out]| {
        let mut layer = LoraLayer::new(d_in, d_out, &settings, &mut TorchRng::new(9), &device);
        layer.scale = if path.starts_with("out_head") { 1.0 } else { layer.scale };
        Some(layer)
    });
    let error = save_adapter(folder.path(), &uneven).unwrap_err().to_string();
    assert!(error.contains("out_head"), "{error}");
}

/// Everything that real files of `peft` 0.21 hold, with one setting changed.
#[test]
fn adapters_of_another_kind_are_refused() {
    let device = Device::flex();
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(4, 8.0, Scale::Alpha);
    let model = attach_lora(small_model(&device), &settings, &mut TorchRng::new(9), &device);
    save_adapter(folder.path(), &model).unwrap();
    let load = |setting: &str, value: Value| {
        let mut config = json!({
            "alora_invocation_tokens": null, "alpha_pattern": {}, "arrow_config": null,
            "auto_mapping": {"base_model_class": "Model", "parent_library": "__main__"},
            "base_model_name_or_path": null, "bias": "none", "corda_config": null, "ensure_weight_tying": false,
            "eva_config": null, "exclude_modules": null, "fan_in_fan_out": false, "inference_mode": true,
            "init_lora_weights": true, "kasa_config": null, "layer_replication": null, "layers_pattern": null,
            "layers_to_transform": null, "loftq_config": {}, "lora_alpha": 32, "lora_bias": false, "lora_dropout": 0.0,
            "lora_ga_config": null, "megatron_config": null, "megatron_core": "megatron.core", "modules_to_save": null,
            "monteclora_config": null, "peft_type": "LORA", "peft_version": "0.21.2", "qalora_group_size": 16, "r": 4,
            "rank_pattern": {}, "revision": null, "target_modules": ["W_query", "out_head"], "target_parameters": null,
            "task_type": null, "trainable_token_indices": null, "use_bdlora": null, "use_dora": false,
            "use_qalora": false, "use_rslora": false, "velora_config": null
        });
        config[setting] = value;
        fs::write(folder.path().join("adapter_config.json"), config.to_string()).unwrap();
        load_adapter(folder.path(), small_model(&device), &device).map_err(|e| e.to_string())
    };

    for (setting, value, scale) in [
        ("lora_dropout", json!(0.1), 8.0),
        ("layers_to_transform", json!([0, 1]), 8.0),
        ("modules_to_save", json!([]), 8.0),
        ("init_lora_weights", json!(false), 8.0),
        ("init_lora_weights", json!("gaussian"), 8.0),
        // How the weight is stored that the adapter is for.
        ("fan_in_fan_out", json!(true), 8.0),
        // Which biases were trained is seen from the tensors.
        ("bias", json!("lora_only"), 8.0),
        ("target_modules", Value::Null, 8.0),
        ("ensure_weight_tying", json!(false), 8.0),
        // 32 / √4
        ("use_rslora", json!(true), 16.0),
        // 64 / 4
        ("alpha_pattern", json!({"out_head": 64}), 16.0),
        ("alpha_pattern", json!({"out_(head|proj)": 64}), 16.0),
        ("alpha_pattern", json!({"^out_head": 64}), 16.0),
        // `peft` matches whole parts of a name, up to its end.
        ("alpha_pattern", json!({"head": 64, "out": 64, "out_hea": 64, "^head": 64}), 8.0),
    ] {
        let loaded = load(setting, value.clone()).unwrap();
        assert_eq!(lora_of(&loaded.out_head).scale, scale, "{setting}: {value}");
        if setting == "alpha_pattern" {
            assert_eq!(lora_of(&loaded.trf_blocks[1].ff.expand).scale, 8.0, "{value}");
        }
    }
    for (setting, value) in [
        ("alora_invocation_tokens", json!([5, 6])),
        ("arrow_config", json!({"top_k": 3})),
        ("bias", json!("some")),
        ("kasa_config", json!({"beta": 1e-4})),
        ("layer_replication", json!([[0, 1], [0, 2]])),
        ("lora_bias", json!(true)),
        ("target_parameters", json!(["out_head.weight"])),
        ("trainable_token_indices", json!([50256])),
        ("use_bdlora", json!({"nblocks": 2})),
        ("use_dora", json!(true)),
        ("use_qalora", json!(true)),
    ] {
        let error = load(setting, value.clone()).unwrap_err();
        assert!(error.contains(&format!("adapter_config.json has {setting}: {value}, but here")), "{error}");
    }
    for method in ["pissa", "pissa_niter_4", "olora", "corda", "loftq"] {
        let error = load("init_lora_weights", json!(method)).unwrap_err();
        assert!(error.contains("also changes the weights that the adapter is for"), "{error}");
    }
    let error = load("ensure_weight_tying", json!(true)).unwrap_err();
    assert!(
        error.contains("has ensure_weight_tying: true, but the adapter changes the embedding or the output"),
        "{error}"
    );
    let error = load("modules_to_save", json!(["tok_emb"])).unwrap_err();
    assert!(error.ends_with("the modules to save of adapter_config.json, tok_emb, are not in it"), "{error}");
    let error = load("rank_pattern", json!({"W_query": 2})).unwrap_err();
    assert!(
        error.contains("W_query.lora_A.weight: its shape is [4, 24], but the model and the rank ask for [2, 24]"),
        "{error}"
    );
    for (setting, value, reason) in [
        ("peft_type", json!("LOHA"), "peft_type is LOHA, not LORA"),
        ("r", json!(0), "r is 0, but must be at least 1"),
        ("lora_alpha", json!(0), "lora_alpha is 0, but must be a number above 0"),
        ("lora_alpha", json!(-8), "lora_alpha is -8, but must be a number above 0"),
        ("rank_pattern", json!({"W_key": 0}), "a rank of rank_pattern is 0, but must be at least 1"),
        ("alpha_pattern", json!({"W_key": 0}), "an alpha of alpha_pattern is 0, but must be a number above 0"),
        (
            "alpha_pattern",
            json!({"W_(key": 1}),
            "alpha_pattern has \"W_(key\", which is not a regular expression that can be read here",
        ),
    ] {
        let error = load(setting, value).unwrap_err();
        assert!(error.ends_with(&format!("is not that of a LoRA adapter: {reason}")), "{error}");
    }
}

/// Whatever editor saved it.
#[test]
fn a_configuration_with_a_byte_order_mark_is_read() {
    let (folder, device) = (tempfile::tempdir().unwrap(), Device::flex());
    save_adapter(folder.path(), &trained(&settings(4, 8.0, Scale::AlphaOverRank), &device)).unwrap();
    let path = folder.path().join("adapter_config.json");
    let config = fs::read_to_string(&path).unwrap();
    fs::write(&path, format!("\u{feff}{}", config.replace('\n', "\r\n"))).unwrap();
    load_adapter(folder.path(), small_model(&device), &device).unwrap();
}
