//! Adapters for Hugging Face's GPT-2.

use std::fs;
use std::path::Path;

use appendix_lora::merge_lora;
use burn::tensor::Device;
use ch04_gpt::GptModel;
use model_files::{load_adapter, open_model};
use safetensors::Dtype;
use serde_json::{Value, json};

use super::{Tensors, adapter, assert_as_peft, expected, golden, peft};

const CASES: [&str; 8] = ["linear", "rslora", "patterns", "head", "whole", "lora-only", "f16", "bf16"];

fn base() -> GptModel {
    open_model(&golden("gpt2-tiny-hf"), &Device::flex()).unwrap().1
}

fn load(folder: &Path) -> GptModel {
    load_adapter(folder, base(), &Device::flex()).unwrap()
}

fn error(folder: &Path) -> String {
    load_adapter(folder, base(), &Device::flex()).unwrap_err().to_string()
}

fn tensors(case: &str) -> Tensors {
    super::tensors(&peft(case))
}

fn config(case: &str) -> Value {
    super::config(&peft(case))
}

#[test]
fn adapters_for_hugging_face_s_gpt2_give_the_numbers_of_peft() {
    for case in CASES {
        let (model, expected) = (load(&peft(case)), expected(case));
        assert_as_peft(&model, &expected);
        assert_as_peft(&merge_lora(model), &expected);
    }
}

/// So that the test above is about what it says.
#[test]
fn the_files_are_of_the_kinds_that_the_cases_name() {
    for case in ["linear", "rslora", "patterns", "whole"] {
        assert_eq!(config(case)["fan_in_fan_out"], true, "GPT-2's layers are stored transposed: {case}");
    }
    for (case, dtype) in [("linear", Dtype::F32), ("f16", Dtype::F16), ("bf16", Dtype::BF16)] {
        assert!(tensors(case).values().all(|(found, ..)| *found == dtype), "{case}");
    }
    let of_attention = "base_model.model.transformer.h.1.attn.c_attn.lora_";
    let shape = |case: &str, matrix: char| tensors(case)[&format!("{of_attention}{matrix}.weight")].1.clone();
    assert_eq!((shape("linear", 'A'), shape("linear", 'B')), (vec![4, 32], vec![96, 4]));
    assert_eq!((shape("patterns", 'A'), shape("patterns", 'B')), (vec![2, 32], vec![96, 2]));
    let has = |case: &str, part: &str| tensors(case).keys().any(|name| name.contains(part));
    assert!(has("head", "lm_head.lora_A.weight") && has("head", "lm_head.base_layer.weight"));
    assert!(has("whole", "ln_f.modules_to_save.bias") && has("whole", "ln_f.original_module.bias"));
    assert!(has("whole", "ln_f.weight") && has("whole", "wpe.weight") && has("whole", "mlp.c_fc.bias"));
    assert!(has("lora-only", "c_attn.base_layer.bias") && !has("lora-only", "mlp.c_fc.bias"));
}

/// `peft` puts `base_model.model.` before the names, and a model without a head has no `transformer.`.
#[test]
fn names_are_read_with_and_without_what_stands_in_front() {
    for (peft, transformer) in [("", "transformer."), ("base_model.model.", ""), ("", "")] {
        for case in ["linear", "whole"] {
            let renamed = tensors(case).into_iter().map(|(name, tensor)| {
                let name = name.strip_prefix("base_model.model.transformer.").unwrap().to_string();
                (format!("{peft}{transformer}{name}"), tensor)
            });
            let folder = adapter(&config(case), &renamed.collect());
            assert_as_peft(&load(folder.path()), &expected(case));
        }
    }
}

#[test]
fn a_layout_that_is_named_otherwise_computes_the_same() {
    let mut config = config("linear");
    config["fan_in_fan_out"] = json!(false);
    config["target_modules"] = json!(".*");
    assert_as_peft(&load(adapter(&config, &tensors("linear")).path()), &expected("linear"));
}

#[test]
fn tensors_without_a_place_say_why() {
    let layer = "base_model.model.transformer.h.0.attn.c_attn";
    let changed = |change: &dyn Fn(&mut Tensors)| {
        let mut tensors = tensors("linear");
        change(&mut tensors);
        error(adapter(&config("linear"), &tensors).path())
    };
    let a = tensors("linear")[&format!("{layer}.lora_A.weight")].clone();
    for (name, reason) in [
        (format!("{layer}.lora_magnitude_vector"), "the model has no such layer"),
        ("base_model.model.transformer.h.3.attn.c_attn.lora_A.weight".into(), "the model has no such layer"),
        ("base_model.model.score.weight".into(), "the model has no such layer"),
        (
            "base_model.model.transformer.wte.lora_embedding_A".into(),
            "LoRA matrices of embeddings are not read; adapt linear layers only",
        ),
        (
            "transformer.h.0.attn.c_attn.lora_A.weight".into(),
            "it is there twice, also as base_model.model.transformer.h.0.attn.c_attn.lora_A.weight",
        ),
        ("base_model.model.lm_head.lora_B.weight".into(), "it is missing"),
    ] {
        let text = changed(&|tensors| drop(tensors.insert(name.clone(), a.clone())));
        let name = if reason == "it is missing" { name.replace("lora_B", "lora_A") } else { name };
        assert!(text.ends_with(&format!("tensor {name}: {reason}")), "{text}");
    }
    // A query's own matrices beside those of the layer that it is a third of.
    let text = changed(&|tensors| {
        for (matrix, shape) in [('A', vec![4, 32]), ('B', vec![32, 4])] {
            let name = format!("base_model.model.trf_blocks.0.att.W_query.lora_{matrix}.weight");
            tensors.insert(name, (Dtype::F32, shape, a.2.clone()));
        }
    });
    assert!(
        text.ends_with(&format!("{layer}.lora_A.weight: trf_blocks.0.att.W_query has other LoRA matrices too")),
        "{text}"
    );
    let text = changed(&|tensors| tensors.get_mut(&format!("{layer}.lora_B.weight")).unwrap().1 = vec![4, 96]);
    assert!(text.ends_with("its shape is [4, 96], but the model and the rank ask for [96, 4]"), "{text}");
    let text = changed(&|tensors| tensors.get_mut(&format!("{layer}.lora_A.weight")).unwrap().0 = Dtype::I32);
    assert!(text.ends_with("it holds I32 values, not F64, F32, F16 or BF16"), "{text}");
}

#[test]
fn a_pickle_file_is_not_opened() {
    let folder = adapter(&config("linear"), &tensors("linear"));
    let (weights, pickle) = (folder.path().join("adapter_model.safetensors"), folder.path().join("adapter_model.bin"));
    fs::rename(weights, &pickle).unwrap();
    let text = error(folder.path());
    assert!(text.starts_with(&format!("{} is a pickle file", pickle.display())), "{text}");
    assert!(text.contains("safe_serialization=True"), "{text}");
}
