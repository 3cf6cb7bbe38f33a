//! Small models with random weights, in files of Hugging Face, and the numbers that transformers computes from them.
//!
//! The loader knows the tensors by their names and no more. The one that reads real files, and refuses damaged ones,
//! is in `engine/model-files`.

#![allow(dead_code, reason = "each test program uses a part of this")]

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use bonus_llama::{Family, Gemma3Config, LlamaBlock, LlamaConfig, LlamaModel, RmsNorm, RopeScaling};
use burn::module::Param;
use burn::tensor::{Device, Int, Tensor, TensorData};
use half::{bf16, f16};
use safetensors::{Dtype, SafeTensors};
use serde::Deserialize;
use serde_json::Value;
use shared::Linear;

/// The four models.
pub const MODELS: [&str; 4] = ["llama-tied", "llama3-untied", "qwen3", "gemma3"];

pub fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

pub fn json(name: &str) -> Value {
    serde_json::from_str(&fs::read_to_string(golden(name)).unwrap()).unwrap()
}

/// All numbers in a value, row by row.
pub fn numbers(value: &Value) -> Vec<f32> {
    match value {
        Value::Array(items) => items.iter().flat_map(numbers).collect(),
        number => vec![number.as_f64().unwrap() as f32],
    }
}

/// What transformers computes in float32.
#[derive(Deserialize)]
pub struct Expected {
    pub n_parameters_unique: usize,
    pub ids: Vec<i64>,
    pub logits_last: Vec<f32>,
    pub logits_argmax_all_positions: Vec<u32>,
    pub hidden_embed_pos0: Vec<f32>,
    pub hidden_after_block0_last_pos: Vec<f32>,
    pub hidden_final_norm_last_pos: Vec<f32>,
    pub loss: f32,
    pub greedy_new_ids: Vec<u32>,
}

impl Expected {
    pub fn of(name: &str) -> Self {
        serde_json::from_value(json(&format!("{name}/expected.json"))).unwrap()
    }

    /// `[1, tokens]`.
    pub fn ids(&self) -> Tensor<2, Int> {
        Tensor::from_data(TensorData::new(self.ids.clone(), [1, self.ids.len()]), &Device::flex())
    }
}

/// The configuration in a folder's `config.json`.
pub fn config(name: &str) -> LlamaConfig {
    let json = json(&format!("{name}/config.json"));
    let size = |key: &str| json[key].as_u64().unwrap() as usize;
    let number = |key: &str| json[key].as_f64().unwrap();
    let scaling = |scaling: &Value| RopeScaling {
        factor: scaling["factor"].as_f64().unwrap(),
        low_freq_factor: scaling["low_freq_factor"].as_f64().unwrap(),
        high_freq_factor: scaling["high_freq_factor"].as_f64().unwrap(),
        original_context_length: scaling["original_max_position_embeddings"].as_u64().unwrap() as usize,
    };
    LlamaConfig {
        vocab_size: size("vocab_size"),
        context_length: size("max_position_embeddings"),
        emb_dim: size("hidden_size"),
        n_heads: size("num_attention_heads"),
        n_kv_heads: size("num_key_value_heads"),
        head_dim: json["head_dim"].as_u64().map_or(size("hidden_size") / size("num_attention_heads"), |d| d as usize),
        hidden_dim: size("intermediate_size"),
        n_layers: size("num_hidden_layers"),
        norm_eps: number("rms_norm_eps"),
        rope_base: number("rope_theta"),
        rope_scaling: Some(&json["rope_scaling"]).filter(|value| !value.is_null()).map(scaling),
        tied: json["tie_word_embeddings"].as_bool().unwrap(),
        family: match json["model_type"].as_str().unwrap() {
            "llama" => Family::Llama,
            "qwen3" => Family::Qwen3,
            _ => Family::Gemma3(Gemma3Config {
                query_scale: number("query_pre_attn_scalar"),
                window: size("sliding_window"),
                local_rope_base: number("rope_local_base_freq"),
                full_layers: json["layer_types"].as_array().unwrap().iter().map(|t| t == "full_attention").collect(),
            }),
        },
    }
}

/// The model in a folder.
pub fn load(name: &str) -> LlamaModel {
    let device = Device::flex();
    let mut model = LlamaModel::new(&config(name), &device);
    let mut weights = Weights::read(name);
    model.tok_emb.weight = weights.param("model.embed_tokens.weight");
    model.final_norm.weight = weights.param("model.norm.weight");
    for (layer, block) in model.blocks.iter_mut().enumerate() {
        load_block(block, &mut weights, &format!("model.layers.{layer}"));
    }
    if let Some(head) = &mut model.out_head {
        weights.set_linear(head, "lm_head");
    }
    assert!(weights.0.is_empty(), "left over: {:?}", weights.0.keys());
    model
}

fn load_block(block: &mut LlamaBlock, weights: &mut Weights, prefix: &str) {
    let att = &mut block.att;
    for (layer, name) in [
        (&mut att.w_query, "self_attn.q_proj"),
        (&mut att.w_key, "self_attn.k_proj"),
        (&mut att.w_value, "self_attn.v_proj"),
        (&mut att.out_proj, "self_attn.o_proj"),
        (&mut block.ff.gate, "mlp.gate_proj"),
        (&mut block.ff.up, "mlp.up_proj"),
        (&mut block.ff.down, "mlp.down_proj"),
    ] {
        weights.set_linear(layer, &format!("{prefix}.{name}"));
    }
    // Gemma calls another norm by the name that Llama has for the one before the feed-forward network.
    let (norm2, after) = match block.post_attention_norm {
        Some(_) => ("pre_feedforward_layernorm", "post_attention_layernorm"),
        None => ("post_attention_layernorm", ""),
    };
    let norms: [(Option<&mut RmsNorm>, &str); 6] = [
        (Some(&mut block.norm1), "input_layernorm"),
        (Some(&mut block.norm2), norm2),
        (block.post_attention_norm.as_mut(), after),
        (block.post_ff_norm.as_mut(), "post_feedforward_layernorm"),
        (att.q_norm.as_mut(), "self_attn.q_norm"),
        (att.k_norm.as_mut(), "self_attn.k_norm"),
    ];
    for (norm, name) in norms {
        if let Some(norm) = norm {
            norm.weight = weights.param(&format!("{prefix}.{name}.weight"));
        }
    }
}

/// Shapes and values by name; reading one takes it out.
struct Weights(HashMap<String, (Vec<usize>, Vec<f32>)>);

impl Weights {
    fn read(name: &str) -> Self {
        let mut found = HashMap::new();
        for entry in fs::read_dir(golden(name)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "safetensors") {
                let bytes = fs::read(path).unwrap();
                for (name, view) in SafeTensors::deserialize(&bytes).unwrap().iter() {
                    found.insert(name.to_string(), (view.shape().to_vec(), widen(view.dtype(), view.data())));
                }
            }
        }
        Self(found)
    }

    fn tensor<const D: usize>(&mut self, name: &str) -> Tensor<D> {
        let (shape, values) = self.0.remove(name).unwrap_or_else(|| panic!("no tensor {name}"));
        Tensor::from_data(TensorData::new(values, shape), &Device::flex())
    }

    fn param<const D: usize>(&mut self, name: &str) -> Param<Tensor<D>> {
        Param::from_tensor(self.tensor(name))
    }

    /// PyTorch keeps a row for each output, we a column.
    fn set_linear(&mut self, layer: &mut Linear, name: &str) {
        layer.weight = Param::from_tensor(self.tensor::<2>(&format!("{name}.weight")).transpose());
    }
}

fn widen(dtype: Dtype, bytes: &[u8]) -> Vec<f32> {
    let pairs = || bytes.chunks_exact(2).map(|pair| [pair[0], pair[1]]);
    match dtype {
        Dtype::F32 => bytes.chunks_exact(4).map(|four| f32::from_le_bytes(four.try_into().unwrap())).collect(),
        Dtype::F16 => pairs().map(|pair| f16::from_le_bytes(pair).to_f32()).collect(),
        Dtype::BF16 => pairs().map(|pair| bf16::from_le_bytes(pair).to_f32()).collect(),
        other => panic!("{other:?}"),
    }
}
