//! What is read.

use std::collections::BTreeMap;
use std::fs;

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};
use half::{bf16, f16};
use model_files::{ModelKind, model_kind, open_model, save_model};
use safetensors::Dtype;
use serde_json::json;
use shared::{GptConfig, Mode};
use testkit::assert_close;

use crate::common::parameter_values;
use crate::golden::{EXACT, assert_golden, error, floats, golden, golden_ids, logits, open};
use crate::hugging_face::{
    Tensors, golden_config, golden_tensors, hugging_face, to_bfloat, to_bytes, to_double, to_floats, to_half,
    with_config, with_tensors, write_hugging_face,
};
use crate::openai::{Checkpoint, openai_copy};

#[test]
fn both_forms_give_the_numbers_of_the_original() {
    let sizes = GptConfig {
        vocab_size: 211,
        context_length: 24,
        emb_dim: 32,
        n_heads: 4,
        n_layers: 3,
        drop_rate: 0.1,
        qkv_bias: true,
    };
    for (name, kind) in [("gpt2-tiny-hf", ModelKind::HuggingFace), ("gpt2-tiny-openai", ModelKind::OpenAi)] {
        assert_eq!(model_kind(&golden(name)).unwrap(), kind);
        let (config, model) = open(&golden(name));
        assert_eq!(config, sizes);
        assert_eq!(model.num_params(), config.num_params());
        assert_golden(&model, EXACT);
    }
}

#[test]
fn both_forms_give_the_same_values() {
    assert_eq!(
        parameter_values(&open(&golden("gpt2-tiny-hf")).1),
        parameter_values(&open(&golden("gpt2-tiny-openai")).1)
    );
}

#[test]
fn a_model_of_this_project_opens_too_and_keeps_every_bit() {
    let (config, model) = open(&golden("gpt2-tiny-hf"));
    let folder = tempfile::tempdir().unwrap();
    save_model(folder.path(), &config, &model).unwrap();
    assert_eq!(model_kind(folder.path()).unwrap(), ModelKind::Book);
    let (config_again, again) = open(folder.path());
    assert_eq!(config_again, config);
    assert_eq!(parameter_values(&again), parameter_values(&model));
}

#[test]
fn an_opened_model_can_be_trained_on() {
    let (_, model) = open_model(&golden("gpt2-tiny-openai"), &Device::flex().autodiff()).unwrap();
    let loss = model.forward(golden_ids().to_device(&Device::flex().autodiff()), &mut Mode::Eval).mean();
    let gradients = loss.backward();
    assert!(model.tok_emb.weight.val().grad(&gradients).is_some());
    assert!(model.out_head.weight.val().grad(&gradients).is_some());
}

/// Every value of the file is another number, so that each can be followed to its place.
#[test]
fn every_value_arrives_at_its_place() {
    let (v, c, d, blocks) = (7, 5, 4, 2);
    let mut config = golden_config();
    for (field, size) in [("vocab_size", v), ("n_positions", c), ("n_embd", d), ("n_head", 2), ("n_layer", blocks)] {
        config[field] = json!(size);
    }
    let mut shapes = vec![
        ("wte.weight".to_string(), vec![v, d]),
        ("wpe.weight".to_string(), vec![c, d]),
        ("ln_f.weight".to_string(), vec![d]),
        ("ln_f.bias".to_string(), vec![d]),
    ];
    for block in 0..blocks {
        for (name, shape) in [
            ("ln_1.weight", vec![d]),
            ("ln_1.bias", vec![d]),
            ("attn.c_attn.weight", vec![d, 3 * d]),
            ("attn.c_attn.bias", vec![3 * d]),
            ("attn.c_proj.weight", vec![d, d]),
            ("attn.c_proj.bias", vec![d]),
            ("ln_2.weight", vec![d]),
            ("ln_2.bias", vec![d]),
            ("mlp.c_fc.weight", vec![d, 4 * d]),
            ("mlp.c_fc.bias", vec![4 * d]),
            ("mlp.c_proj.weight", vec![4 * d, d]),
            ("mlp.c_proj.bias", vec![d]),
        ] {
            shapes.push((format!("h.{block}.{name}"), shape));
        }
    }
    let mut counter = 0..;
    let mut file = BTreeMap::new();
    let mut tensors = Tensors::new();
    for (name, shape) in shapes {
        let values: Vec<f32> = counter.by_ref().take(shape.iter().product()).map(|i: u32| i as f32).collect();
        tensors.insert(name.clone(), (Dtype::F32, shape, to_bytes(values.iter().copied())));
        file.insert(name, values);
    }

    let hugging_face = hugging_face(&config, &tensors);
    let openai = Checkpoint::of(&tensors).write();
    let hparams = json!({"n_vocab": v, "n_ctx": c, "n_embd": d, "n_head": 2, "n_layer": blocks});
    fs::write(openai.path().join("hparams.json"), hparams.to_string()).unwrap();

    for folder in [hugging_face, openai] {
        let (_, model) = open(folder.path());
        fn found<const D: usize>(param: &Param<Tensor<D>>) -> Vec<f32> {
            param.val().into_data().iter::<f32>().collect()
        }
        // Columns `from..to` of a matrix with `width` columns (a vector is a matrix of one row).
        let columns = |name: &str, width: usize, from: usize, to: usize| -> Vec<f32> {
            file[name].chunks(width).flat_map(|row| row[from..to].to_vec()).collect()
        };
        assert_eq!(found(&model.tok_emb.weight), file["wte.weight"]);
        assert_eq!(found(&model.pos_emb.weight), file["wpe.weight"]);
        assert_eq!(found(&model.final_norm.scale), file["ln_f.weight"]);
        assert_eq!(found(&model.final_norm.shift), file["ln_f.bias"]);
        let transposed: Vec<f32> = (0..d).flat_map(|col| columns("wte.weight", d, col, col + 1)).collect();
        assert_eq!(found(&model.out_head.weight), transposed);

        assert_eq!(model.trf_blocks.len(), blocks);
        for (b, block) in model.trf_blocks.iter().enumerate() {
            let of = |name: &str| file[&format!("h.{b}.{name}")].clone();
            for (third, linear) in [&block.att.w_query, &block.att.w_key, &block.att.w_value].into_iter().enumerate() {
                let (from, to) = (third * d, (third + 1) * d);
                let weight = columns(&format!("h.{b}.attn.c_attn.weight"), 3 * d, from, to);
                assert_eq!(found(&linear.weight), weight);
                assert_eq!(found(linear.bias.as_ref().unwrap()), of("attn.c_attn.bias")[from..to]);
            }
            for (name, linear) in [
                ("attn.c_proj", &block.att.out_proj),
                ("mlp.c_fc", &block.ff.expand),
                ("mlp.c_proj", &block.ff.contract),
            ] {
                assert_eq!(found(&linear.weight), of(&format!("{name}.weight")), "{name}");
                assert_eq!(found(linear.bias.as_ref().unwrap()), of(&format!("{name}.bias")), "{name}");
            }
            for (name, norm) in [("ln_1", &block.norm1), ("ln_2", &block.norm2)] {
                assert_eq!(found(&norm.scale), of(&format!("{name}.weight")), "{name}");
                assert_eq!(found(&norm.shift), of(&format!("{name}.bias")), "{name}");
            }
        }
    }
}

#[test]
fn names_may_begin_with_transformer() {
    let prefixed = |tensors: &mut Tensors| {
        *tensors = std::mem::take(tensors).into_iter().map(|(name, t)| (format!("transformer.{name}"), t)).collect();
    };
    assert_golden(&open(with_tensors(prefixed).path()).1, EXACT);
    // A head of its own has no prefix.
    let folder = with_tensors(|tensors| {
        prefixed(tensors);
        tensors.insert("lm_head.weight".to_string(), tensors["transformer.wte.weight"].clone());
    });
    assert_golden(&open(folder.path()).1, EXACT);
    let mixed = with_tensors(|tensors| {
        let wte = tensors["wte.weight"].clone();
        prefixed(tensors);
        tensors.insert("wte.weight".to_string(), wte);
    });
    assert_eq!(error(mixed.path()), "model.safetensors: tensor wte.weight: there is no such tensor in this model");
}

#[test]
fn a_head_of_its_own_is_used() {
    let folder = with_tensors(|tensors| {
        let (dtype, shape, bytes) = tensors["wte.weight"].clone();
        let twice = to_bytes(to_floats(&bytes).into_iter().map(|value| 2.0 * value));
        tensors.insert("lm_head.weight".to_string(), (dtype, shape, twice));
    });
    let (tied, own) = (open(&golden("gpt2-tiny-hf")).1, open(folder.path()).1);
    assert_close(&floats(logits(&own)), &floats(logits(&tied) * 2.0), 1e-5);

    let missing = with_config("tie_word_embeddings", json!(false));
    assert_eq!(error(missing.path()), "model.safetensors: tensor lm_head.weight: it is missing");
}

#[test]
fn weights_in_64_bits_are_read() {
    let folder = with_tensors(|tensors| {
        for (stored, _, bytes) in tensors.values_mut() {
            (*stored, *bytes) = (Dtype::F64, to_double(bytes));
        }
    });
    assert_eq!(parameter_values(&open(folder.path()).1), parameter_values(&open(&golden("gpt2-tiny-hf")).1));
}

/// A half has 11 bits of precision, a bfloat16 has 8; the logits are about 1.
#[test]
fn rounded_weights_are_read() {
    let (half, bfloat) = (2e-3, 2e-2);
    for (dtype, round, tolerance) in
        [(Dtype::F16, to_half as fn(&[u8]) -> Vec<u8>, half), (Dtype::BF16, to_bfloat, bfloat)]
    {
        let mut tensors = golden_tensors();
        for (stored, _, bytes) in tensors.values_mut() {
            (*stored, *bytes) = (dtype, round(bytes));
        }
        let hugging_face = hugging_face(&golden_config(), &tensors);
        assert_golden(&open(hugging_face.path()).1, tolerance);
        let openai = Checkpoint::of(&tensors).write();
        assert_golden(&open(openai.path()).1, tolerance);
        assert_eq!(parameter_values(&open(openai.path()).1), parameter_values(&open(hugging_face.path()).1));
    }
}

/// Special numbers and those too small for a normal half, in a row longer than what is converted at once.
#[test]
fn rounded_values_are_converted_exactly() {
    let halves: Vec<f16> = (0..=u16::MAX).step_by(31).map(f16::from_bits).filter(|half| !half.is_nan()).collect();
    let bfloats: Vec<bf16> = (0..=u16::MAX).step_by(31).map(bf16::from_bits).filter(|half| !half.is_nan()).collect();
    let rows = 211 * 32;
    let in_turn = |i: usize| i % halves.len();
    let folder = with_tensors(|tensors| {
        let bytes = (0..rows).flat_map(|i| halves[in_turn(i)].to_le_bytes()).collect();
        tensors.insert("wte.weight".to_string(), (Dtype::F16, vec![211, 32], bytes));
        let bytes = (0..24 * 32).flat_map(|i| bfloats[in_turn(i)].to_le_bytes()).collect();
        tensors.insert("wpe.weight".to_string(), (Dtype::BF16, vec![24, 32], bytes));
    });
    let (_, model) = open(folder.path());
    let found = parameter_values(&model);
    assert_eq!(found[0], (0..rows).map(|i| halves[in_turn(i)].to_f32()).collect::<Vec<_>>());
    assert_eq!(found[1], (0..24 * 32).map(|i| bfloats[in_turn(i)].to_f32()).collect::<Vec<_>>());
    // The head is the transpose of the first.
    let head = found.last().unwrap();
    assert!((0..rows).all(|i| head[(i % 32) * 211 + i / 32] == found[0][i]));
}

/// The golden logits are those of `transformers` 5 with each of these names and settings.
#[test]
fn what_computes_the_same_is_read_under_every_name() {
    for (field, value) in [
        ("activation_function", json!("gelu_new")),
        ("activation_function", json!("gelu_pytorch_tanh")),
        ("activation_function", json!("gelu_fast")),
        ("activation_function", json!("gelu_accurate")),
        ("activation_function", json!("gelu_python_tanh")),
        ("activation_function", json!(null)),
        ("n_inner", json!(128)),
        ("torch_dtype", json!("float16")),
        ("dtype", json!("bfloat16")),
        ("reorder_and_upcast_attn", json!(true)),
        // Dropout is off when a model answers.
        ("embd_pdrop", json!(0.0)),
        ("attn_pdrop", json!(0.2)),
        ("attn_pdrop", json!(null)),
        // Where a name of all models and one of GPT-2 are there, the first counts.
        ("hidden_size", json!(32)),
        ("n_ctx", json!(24)),
    ] {
        assert_golden(&open(with_config(field, value).path()).1, EXACT);
    }
    let mut config = golden_config();
    for (name, other) in [
        ("n_embd", "hidden_size"),
        ("n_positions", "max_position_embeddings"),
        ("n_head", "num_attention_heads"),
        ("n_layer", "num_hidden_layers"),
    ] {
        config[other] = config[name].take();
        config.as_object_mut().unwrap().remove(name);
    }
    // As in files of 2019.
    config.as_object_mut().unwrap().remove("model_type");
    let (sizes, model) = open(hugging_face(&config, &golden_tensors()).path());
    assert_eq!((sizes.emb_dim, sizes.context_length, sizes.n_heads, sizes.n_layers), (32, 24, 4, 3));
    assert_golden(&model, EXACT);
}

/// `save_pretrained` writes large models so.
#[test]
fn weights_in_several_files_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let tensors = golden_tensors();
    let file_of = |name: &str| format!("model-0000{}-of-00002.safetensors", if name < "h.1" { 1 } else { 2 });
    for file in ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"] {
        let part: Tensors = tensors
            .iter()
            .filter(|(name, _)| file_of(name) == file)
            .map(|(name, t)| (name.clone(), t.clone()))
            .collect();
        assert!(!part.is_empty() && part.len() < tensors.len());
        write_hugging_face(folder.path(), &golden_config(), &part);
        fs::rename(folder.path().join("model.safetensors"), folder.path().join(file)).unwrap();
    }
    let weight_map: BTreeMap<&String, String> = tensors.keys().map(|name| (name, file_of(name))).collect();
    let index = folder.path().join("model.safetensors.index.json");
    fs::write(&index, json!({"metadata": {"total_size": 182_784}, "weight_map": weight_map}).to_string()).unwrap();
    assert_golden(&open(folder.path()).1, EXACT);

    fs::remove_file(folder.path().join("model-00002-of-00002.safetensors")).unwrap();
    assert_eq!(error(folder.path()), "FOLDER holds no model: model-00002-of-00002.safetensors is missing");
    for outside in ["../model.safetensors", "/etc/passwd", "..", ""] {
        fs::write(&index, json!({"weight_map": {"wte.weight": outside}}).to_string()).unwrap();
        let text = error(folder.path());
        assert!(text.starts_with("model.safetensors.index.json: tensor wte.weight: its file is said to be"), "{text}");
    }
    let file = "model-00001-of-00002.safetensors";
    fs::write(&index, json!({"weight_map": {"wte.weight": file}}).to_string()).unwrap();
    let missing = format!("{file}: tensor wte.weight: it is missing in {file}, where the index says it is");
    assert_eq!(error(folder.path()), missing);
    fs::copy(folder.path().join(file), folder.path().join("b.safetensors")).unwrap();
    fs::write(&index, json!({"weight_map": {"a": file, "b": "b.safetensors"}}).to_string()).unwrap();
    let index_error =
        |reason: &str| assert_eq!(error(folder.path()), format!("model.safetensors.index.json: {reason}"));
    index_error("tensor b: it is missing in b.safetensors, where the index says it is");
    // Both files have the same tensors.
    let shared = json!({"weight_map": {"h.0.ln_1.weight": file, "h.0.ln_2.weight": "b.safetensors"}});
    fs::write(&index, shared.to_string()).unwrap();
    index_error("tensor h.0.attn.c_attn.bias: it is in two files, and the index does not say which counts");
}

#[test]
fn mask_buffers_are_not_biases() {
    let folder = with_tensors(|tensors| {
        for block in 0..3 {
            let mask = (Dtype::U8, vec![1, 1, 24, 24], vec![1; 24 * 24]);
            tensors.insert(format!("h.{block}.attn.bias"), mask);
            tensors.insert(format!("h.{block}.attn.masked_bias"), (Dtype::F32, vec![], to_bytes([-1e4])));
        }
    });
    assert_golden(&open(folder.path()).1, EXACT);
}

#[test]
fn the_checkpoint_s_prefix_is_followed() {
    let folder = openai_copy();
    for file in ["index", "data-00000-of-00001"] {
        let path = |prefix| folder.path().join(format!("{prefix}.{file}"));
        fs::rename(path("model.ckpt"), path("other-7")).unwrap();
    }
    // TensorFlow writes its path on the computer that saved it.
    let text = "model_checkpoint_path: \"/home/somebody/models/other-7\"\nall_model_checkpoint_paths: \"x\"\n";
    fs::write(folder.path().join("checkpoint"), text).unwrap();
    assert_golden(&open(folder.path()).1, EXACT);
}
