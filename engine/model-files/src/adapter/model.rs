//! The models that adapters are for, and what their parameters are called in an adapter.

use std::collections::HashMap;

use bonus_llama::LlamaModel;
use burn::module::Module;
use ch04_gpt::GptModel;
use shared::{GptConfig, Linear};

use crate::HeadShape;
use crate::llama::{HUGGING_FACE_EMBEDDING, HUGGING_FACE_HEAD, llama_parameters};
use crate::parameters::gpt_parameters;
use crate::stored::TensorReference;

/// A model that adapters are read and written for.
pub trait AdapterModel: Module {
    /// Its linear layers with the paths of their weights, for example `blocks.0.att.w_query.weight`, in the order of its
    /// fields.
    fn linear_layers(&self) -> Vec<(String, &Linear)>;

    /// What its parameters are called in an adapter.
    fn names_in_adapters(&self) -> AdapterNames;
}

/// What the parameters of a model are called in an adapter.
pub struct AdapterNames {
    /// Names in the model as it is trained; adapters are written with the first one. The paths are keys.
    places: HashMap<String, Vec<TensorReference>>,
    /// What Hugging Face puts before the names of a model that has its output layer around it.
    prefix: &'static str,
    /// What the names of the embedding and of the output layer begin with, if they are one weight.
    pub(super) tied: Vec<&'static str>,
    /// What `peft` calls the task of such a model.
    pub(super) task: Option<&'static str>,
}

impl AdapterNames {
    /// The places of the parameter with this path; none if no adapter can change it.
    pub(super) fn places(&self, path: &str) -> &[TensorReference] {
        self.places.get(path).map_or(&[], Vec::as_slice)
    }

    /// A name without what Hugging Face's head puts in front.
    pub(super) fn without_prefix<'a>(&self, name: &'a str) -> &'a str {
        name.strip_prefix(self.prefix).unwrap_or(name)
    }
}

/// The book's GPT. An adapter has its names (`trf_blocks.0.att.W_query`) or those of Hugging Face's GPT-2
/// (`transformer.h.0.attn.c_attn`).
impl AdapterModel for GptModel {
    fn linear_layers(&self) -> Vec<(String, &Linear)> {
        let blocks = self.trf_blocks.iter().enumerate().flat_map(|(number, block)| {
            let (att, ff) = (&block.att, &block.ff);
            [
                ("att.w_query", &att.w_query),
                ("att.w_key", &att.w_key),
                ("att.w_value", &att.w_value),
                ("att.out_proj", &att.out_proj),
                ("ff.expand", &ff.expand),
                ("ff.contract", &ff.contract),
            ]
            .map(|(field, layer)| (format!("trf_blocks.{number}.{field}.weight"), layer))
        });
        blocks.chain([("out_head.weight".to_string(), &self.out_head)]).collect()
    }

    fn names_in_adapters(&self) -> AdapterNames {
        let (config, head) = sizes(self);
        let places = gpt_parameters(&config, head)
            .map(|parameter| (parameter.path(), vec![parameter.in_book(), parameter.in_hugging_face("", true)]));
        AdapterNames { places: places.collect(), prefix: "transformer.", tied: Vec::new(), task: None }
    }
}

/// The sizes of a GPT, for the table of parameters. The bias of a classification head is in no adapter.
fn sizes(model: &GptModel) -> (GptConfig, HeadShape) {
    let [vocab_size, emb_dim] = model.tok_emb.weight.lazy_shape().dims();
    let attention = model.trf_blocks.first().map(|block| &block.att);
    let config = GptConfig {
        vocab_size,
        context_length: model.context_length(),
        emb_dim,
        n_heads: attention.map_or(1, |att| att.num_heads),
        n_layers: model.trf_blocks.len(),
        drop_rate: 0.0,
        qkv_bias: attention.is_some_and(|att| att.w_query.bias.is_some()),
    };
    let [_, outputs] = model.out_head.weight.lazy_shape().dims();
    (config, HeadShape { outputs, bias: false })
}

/// Llama, Qwen3 and Gemma 3, with Hugging Face's names (`model.layers.0.self_attn.q_proj`).
impl AdapterModel for LlamaModel {
    fn linear_layers(&self) -> Vec<(String, &Linear)> {
        let blocks = self.blocks.iter().enumerate().flat_map(|(number, block)| {
            let (att, ff) = (&block.att, &block.ff);
            [
                ("att.w_query", &att.w_query),
                ("att.w_key", &att.w_key),
                ("att.w_value", &att.w_value),
                ("att.out_proj", &att.out_proj),
                ("ff.gate", &ff.gate),
                ("ff.up", &ff.up),
                ("ff.down", &ff.down),
            ]
            .map(|(field, layer)| (format!("blocks.{number}.{field}.weight"), layer))
        });
        blocks.chain(self.out_head.iter().map(|head| ("out_head.weight".to_string(), head))).collect()
    }

    fn names_in_adapters(&self) -> AdapterNames {
        let table = llama_parameters(&self.config);
        let places = table.map(|parameter| {
            let place = parameter.in_hugging_face();
            (parameter.path, vec![place])
        });
        let tied = [HUGGING_FACE_EMBEDDING, HUGGING_FACE_HEAD].map(|name| name.trim_end_matches("weight"));
        AdapterNames {
            places: places.collect(),
            prefix: "model.",
            tied: if self.config.tied { tied.to_vec() } else { Vec::new() },
            task: Some("CAUSAL_LM"),
        }
    }
}

#[cfg(test)]
mod tests {
    use appendix_lora::linear_weights;
    use bonus_llama::{Family, LlamaConfig};
    use burn::tensor::Device;

    use super::*;

    /// LoRA layers are attached by path, so the paths must be those that burn gives.
    fn assert_all_listed(model: &impl AdapterModel) {
        let listed = model.linear_layers().into_iter().map(|(path, layer)| (path, layer.weight.lazy_shape().dims()));
        let listed: Vec<(String, [usize; 2])> = listed.collect();
        assert_eq!(listed, linear_weights(model));
        let names = model.names_in_adapters();
        assert!(listed.iter().all(|(path, _)| !names.places(path).is_empty()));
    }

    #[test]
    fn every_linear_layer_is_listed_and_has_a_name() {
        let device = Device::flex();
        assert_all_listed(&GptModel::new(&GptConfig::preset("tiny").unwrap(), &device));
        for (family, tied) in [(Family::Llama, true), (Family::Llama, false), (Family::Qwen3, false)] {
            let config = LlamaConfig { family, tied, ..LlamaConfig::preset("tiny").unwrap() };
            assert_all_listed(&LlamaModel::new(&config, &device));
        }
        assert_all_listed(&LlamaModel::new(&LlamaConfig::preset("gemma3-270m").unwrap(), &device));
    }
}
