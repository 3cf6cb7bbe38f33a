//! Adapters for Llama, Qwen3 and Gemma 3, in both directions.

use std::collections::BTreeSet;
use std::path::Path;

use appendix_lora::{LoraLayer, LoraSettings, Scale, attach_layers, attach_lora, merge_lora};
use bonus_llama::LlamaModel;
use burn::tensor::Device;
use model_files::{load_adapter, load_llama, save_adapter, save_adapter_for};
use safetensors::Dtype;
use serde_json::{Value, json};
use shared::rng::TorchRng;

use super::{Tensors, adapter, assert_as_peft, config, expected, golden, peft, tensors};

const MODELS: [&str; 4] = ["llama-tied", "llama3-untied", "qwen3", "gemma3"];
const PEFT: &str = "base_model.model.";
const SETTINGS: LoraSettings = LoraSettings { rank: 2, alpha: 3.0, scale: Scale::AlphaOverRank };

fn base(name: &str) -> LlamaModel {
    load_llama(&golden("real").join(name), &Device::flex()).unwrap().model
}

fn load(folder: &Path, name: &str) -> LlamaModel {
    load_adapter(folder, base(name), &Device::flex()).unwrap()
}

fn error(folder: &Path, name: &str) -> String {
    load_adapter(folder, base(name), &Device::flex()).unwrap_err().to_string()
}

/// What is said about the adapter of a model with some of its tensors changed.
fn error_with(name: &str, change: impl FnOnce(&mut Tensors)) -> String {
    let mut tensors = tensors(&peft(name));
    change(&mut tensors);
    error(adapter(&config(&peft(name)), &tensors).path(), name)
}

fn zeros(shape: [usize; 2]) -> (Dtype, Vec<usize>, Vec<u8>) {
    (Dtype::F32, shape.to_vec(), vec![0; 4 * shape[0] * shape[1]])
}

#[test]
fn adapters_give_the_numbers_of_peft() {
    for name in MODELS {
        let model = load(&peft(name), name);
        assert_as_peft(&model, &expected(name));
        assert_as_peft(&merge_lora(model), &expected(name));
    }
}

/// So that the test above is about what it says.
#[test]
fn the_files_are_of_different_kinds() {
    let kinds =
        [("llama-tied", Dtype::F32), ("llama3-untied", Dtype::F32), ("qwen3", Dtype::F16), ("gemma3", Dtype::BF16)];
    for (name, dtype) in kinds {
        assert!(tensors(&peft(name)).values().all(|(found, ..)| *found == dtype), "{name}");
        let is_target =
            |part: &str| tensors(&peft(name)).keys().any(|tensor| tensor.contains(&format!("{part}.lora_A")));
        for part in ["self_attn.k_proj", "self_attn.o_proj", "mlp.gate_proj", "mlp.up_proj", "mlp.down_proj"] {
            assert_eq!(is_target(part), name != "llama3-untied", "{name}: {part}");
        }
        assert!(is_target("self_attn.q_proj") && is_target("self_attn.v_proj"));
        assert_eq!(is_target("lm_head"), name == "llama3-untied");
    }
    assert_eq!(config(&peft("llama3-untied"))["use_rslora"], true);
    let rank = |name: &str| tensors(&peft("qwen3"))[&format!("{PEFT}model.layers.{name}.lora_A.weight")].1[0];
    assert_eq!([rank("0.self_attn.q_proj"), rank("1.self_attn.q_proj"), rank("0.self_attn.k_proj")], [2, 3, 1]);
    // `peft` takes every module whose name ends like that.
    for norm in ["norm", "layers.3.self_attn.q_norm", "layers.3.self_attn.k_norm"] {
        assert!(tensors(&peft("gemma3")).contains_key(&format!("{PEFT}model.{norm}.weight")));
    }
}

/// A model without a head has no `model.` in its names.
#[test]
fn names_are_read_with_and_without_what_stands_in_front() {
    for (peft_prefix, model) in [("", "model."), (PEFT, ""), ("", "")] {
        for name in ["llama-tied", "gemma3"] {
            let renamed = tensors(&peft(name)).into_iter().map(|(tensor, contents)| {
                let tensor = tensor.strip_prefix("base_model.model.model.").unwrap().to_string();
                (format!("{peft_prefix}{model}{tensor}"), contents)
            });
            let folder = adapter(&config(&peft(name)), &renamed.collect());
            assert_as_peft(&load(folder.path(), name), &expected(name));
        }
    }
}

/// What `peft` wrote comes out again, tensor for tensor, byte for byte.
#[test]
fn what_is_written_is_what_peft_writes() {
    for (name, rank, alpha) in [("llama-tied", 1, 0.5), ("llama3-untied", 2, 3.0 * 2.0_f64.sqrt())] {
        let folder = tempfile::tempdir().unwrap();
        save_adapter_for(folder.path(), &load(&peft(name), name), Some(name)).unwrap();
        assert!(tensors(folder.path()) == tensors(&peft(name)), "{name}");
        let (ours, theirs) = (config(folder.path()), config(&peft(name)));
        for setting in ["base_model_name_or_path", "task_type", "peft_type"] {
            assert_eq!(ours[setting], theirs[setting], "{name}: {setting}");
        }
        assert_eq!(ours["r"], rank);
        assert!((ours["lora_alpha"].as_f64().unwrap() - alpha).abs() < 1e-12, "{name}");
        let layers: BTreeSet<String> = tensors(&peft(name))
            .keys()
            .map(|tensor| tensor.strip_prefix(PEFT).unwrap().split(".lora_").next().unwrap().to_string())
            .collect();
        let targets: BTreeSet<String> = serde_json::from_value(ours["target_modules"].clone()).unwrap();
        assert_eq!(targets, layers, "{name}");
        assert_as_peft(&load(folder.path(), name), &expected(name));
    }
    let folder = tempfile::tempdir().unwrap();
    save_adapter(folder.path(), &load(&peft("llama-tied"), "llama-tied")).unwrap();
    assert_eq!(config(folder.path())["base_model_name_or_path"], Value::Null);
}

#[test]
fn what_cannot_be_written() {
    let (folder, device) = (tempfile::tempdir().unwrap(), Device::flex());
    let error = |model: &LlamaModel| save_adapter(folder.path(), model).unwrap_err().to_string();
    assert_eq!(error(&base("qwen3")), "the model has no LoRA layers");
    let uneven = "the LoRA layer model.layers.0.self_attn.k_proj has another rank or scale than the first, and an adapter \
                  file has room for one";
    assert_eq!(error(&load(&peft("qwen3"), "qwen3")), uneven);
    let layer = |path: &str, [d_in, d_out]: [usize; 2]| {
        let settings = LoraSettings { alpha: if path.contains("w_key") { 5.0 } else { 3.0 }, ..SETTINGS };
        Some(LoraLayer::new(d_in, d_out, &settings, &mut TorchRng::new(1), &device))
    };
    assert_eq!(error(&attach_layers(base("llama-tied"), layer)), uneven);
    assert_eq!(folder.path().read_dir().unwrap().count(), 0);
}

/// A tied head is the token embedding: an adapter of one of them would have to change a copy.
#[test]
fn the_weight_of_a_tied_head_is_not_changed() {
    let reason = "the output layer of this model is its token embedding, and an adapter would change one of them alone; train \
                  it without embed_tokens and lm_head";
    for tensor in [
        "lm_head.lora_A.weight",
        "lm_head.weight",
        "lm_head.base_layer.weight",
        "model.embed_tokens.weight",
        "model.embed_tokens.lora_embedding_A",
    ] {
        let tensor = format!("{PEFT}{tensor}");
        let text = error_with("llama-tied", |tensors| drop(tensors.insert(tensor.clone(), zeros([320, 64]))));
        assert!(text.ends_with(&format!("tensor {tensor}: {reason}")), "{text}");
    }
}

#[test]
fn a_head_of_its_own_is_changed() {
    let name = "llama3-untied";
    let with = |tensor: &str| {
        let mut tensors = tensors(&peft(name));
        tensors.insert(format!("{PEFT}{tensor}"), zeros([300, 48]));
        adapter(&config(&peft(name)), &tensors)
    };
    let largest = |weight: burn::tensor::Tensor<2>| weight.abs().max().into_scalar::<f32>();
    // By default `peft` writes the weight beside its A and B.
    let head = load(with("lm_head.base_layer.weight").path(), name).out_head.unwrap();
    assert_eq!(largest(head.weight.base()), 0.0);
    assert!(head.weight.reparameterization::<LoraLayer>().is_some());
    let model = load(with("model.embed_tokens.weight").path(), name);
    assert_eq!(largest(model.tok_emb.weight.val()), 0.0);
}

#[test]
fn tensors_without_a_place_say_why() {
    let layer = "base_model.model.model.layers.0.self_attn.q_proj";
    let a = tensors(&peft("llama-tied"))[&format!("{layer}.lora_A.weight")].clone();
    for (tensor, reason) in [
        (format!("{layer}.lora_magnitude_vector"), "the model has no such layer"),
        (format!("{layer}.base_layer.bias"), "the model has no such bias"),
        (layer.replace("layers.0", "layers.3") + ".lora_A.weight", "the model has no such layer"),
        (
            layer.replace("model.layers", "model.language_model.layers") + ".lora_A.weight",
            "the model has no such layer",
        ),
        (format!("{PEFT}score.weight"), "the model has no such layer"),
        (
            layer.replace(PEFT, "") + ".lora_A.weight",
            "it is there twice, also as base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight",
        ),
    ] {
        let text = error_with("llama-tied", |tensors| drop(tensors.insert(tensor.clone(), a.clone())));
        assert!(text.ends_with(&format!("tensor {tensor}: {reason}")), "{text}");
    }
    let text = error_with("llama-tied", |tensors| drop(tensors.remove(&format!("{layer}.lora_B.weight"))));
    assert!(text.ends_with(&format!("tensor {layer}.lora_B.weight: it is missing")), "{text}");
    let text =
        error_with("llama-tied", |tensors| tensors.get_mut(&format!("{layer}.lora_A.weight")).unwrap().1.reverse());
    assert!(text.ends_with("its shape is [64, 1], but the model and the rank ask for [1, 64]"), "{text}");
}

/// The same rules as for GPT-2: one setting each of those that are refused, and models that do not fit.
#[test]
fn adapters_that_do_not_fit_are_refused() {
    let device = Device::flex();
    for (setting, value) in [("use_dora", json!(true)), ("lora_bias", json!(true)), ("bias", json!("some"))] {
        let mut config = config(&peft("llama-tied"));
        config[setting] = value.clone();
        let text = error(adapter(&config, &tensors(&peft("llama-tied"))).path(), "llama-tied");
        assert!(text.contains(&format!("adapter_config.json has {setting}: {value}, but here")), "{text}");
    }
    let text = error(&peft("llama-tied"), "llama3-untied");
    assert!(text.contains("its shape is [1, 64], but the model and the rank ask for [1, 48]"), "{text}");
    let text = error(&peft("linear"), "llama-tied");
    assert!(text.ends_with("transformer.h.0.attn.c_attn.lora_A.weight: the model has no such layer"), "{text}");
    let adapted = attach_lora(base("llama-tied"), &SETTINGS, &mut TorchRng::new(1), &device);
    let text = load_adapter(&peft("llama-tied"), adapted, &device).unwrap_err().to_string();
    assert_eq!(text, "the model has LoRA layers already; merge them first");
}
