use std::collections::BTreeMap;

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Device, Tensor};
use ch04_gpt::GptModel;
use shared::Linear;

use super::*;
use crate::inspect::ParameterPath;

#[derive(Default)]
struct PathsAndShapes {
    path: ParameterPath,
    found: Vec<(String, Vec<usize>)>,
}

impl ModuleVisitor for PathsAndShapes {
    fn enter_module(&mut self, field: &str, _holder: &str) {
        self.path.enter(field);
    }

    fn exit_module(&mut self, _field: &str, _holder: &str) {
        self.path.exit();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.found.push((self.path.to_string(), param.lazy_shape().iter().copied().collect()));
    }
}

#[test]
fn the_table_lists_the_parameters_of_the_model() {
    for bias in [false, true] {
        let config = GptConfig { vocab_size: 7, emb_dim: 8, qkv_bias: bias, ..GptConfig::preset("tiny").unwrap() };
        let head = HeadShape { outputs: 2, bias };
        let mut model = GptModel::new(&config, &Device::flex());
        model.out_head = Linear::new(8, 2, bias, &Device::flex());
        let mut visitor = PathsAndShapes::default();
        model.visit(&mut visitor);
        let table: Vec<_> = gpt_parameters(&config, head).map(|p| (p.path(), p.shape)).collect();
        assert_eq!(table, visitor.found);
    }
}

#[test]
fn the_table_has_as_many_values_as_the_configuration_says() {
    for size in ["tiny", "124M", "355M", "774M", "1558M"] {
        for qkv_bias in [false, true] {
            let config = GptConfig { qkv_bias, ..GptConfig::preset(size).unwrap() };
            let parameters = gpt_parameters(&config, HeadShape::of_text(&config));
            let values: usize = parameters.map(|parameter| parameter.shape.iter().product::<usize>()).sum();
            assert_eq!(values, config.num_params(), "{size}");
        }
    }
}

fn published(size: &str) -> GptConfig {
    GptConfig { qkv_bias: true, ..GptConfig::preset(size).unwrap() }
}

fn parameter(path: &str) -> GptParameter {
    let config = published("124M");
    gpt_parameters(&config, HeadShape::of_text(&config)).find(|parameter| parameter.path() == path).unwrap()
}

#[test]
fn a_parameter_in_all_formats() {
    let at = |name: &str, form| TensorReference { name: name.to_string(), form };
    let value = parameter("trf_blocks.11.att.w_value.weight");
    assert_eq!(value.in_book(), at("trf_blocks.11.att.W_value.weight", StorageForm::Transposed));
    assert_eq!(value.in_hugging_face("", false), at("h.11.attn.c_attn.weight", StorageForm::Third(2)));
    let prefixed = value.in_hugging_face("transformer.", true);
    assert_eq!(prefixed, at("transformer.h.11.attn.c_attn.weight", StorageForm::Third(2)));
    assert_eq!(value.in_openai(), at("model/h11/attn/c_attn/w", StorageForm::Third(2)));

    let head = parameter("out_head.weight");
    assert_eq!(head.in_book(), at("out_head.weight", StorageForm::Transposed));
    assert_eq!(head.in_hugging_face("transformer.", false), at("transformer.wte.weight", StorageForm::Transposed));
    assert_eq!(head.in_hugging_face("transformer.", true), at("lm_head.weight", StorageForm::Transposed));
    assert_eq!(head.in_openai(), at("model/wte", StorageForm::Transposed));

    let table = parameter("tok_emb.weight");
    assert_eq!(table.in_book(), at("tok_emb.weight", StorageForm::AsIs));
    assert_eq!(parameter("final_norm.scale").in_openai(), at("model/ln_f/g", StorageForm::AsIs));
    assert_eq!(
        parameter("trf_blocks.0.norm2.shift").in_hugging_face("", false),
        at("h.0.ln_2.bias", StorageForm::AsIs)
    );
}

/// The tensors of a published model and how many values each holds.
fn tensors(config: &GptConfig, place: impl Fn(&GptParameter) -> TensorReference) -> BTreeMap<String, usize> {
    let tensor = |parameter: GptParameter| {
        let TensorReference { name, form } = place(&parameter);
        let parts = if matches!(form, StorageForm::Third(_)) { 3 } else { 1 };
        (name, parts * parameter.shape.iter().product::<usize>())
    };
    gpt_parameters(config, HeadShape::of_text(config)).map(tensor).collect()
}

/// Four tensors outside of the blocks and twelve in each.
#[test]
fn numbers_of_tensors() {
    for (size, count) in [("124M", 4 + 12 * 12), ("355M", 4 + 24 * 12), ("774M", 4 + 36 * 12), ("1558M", 4 + 48 * 12)] {
        let config = published(size);
        assert_eq!(tensors(&config, |parameter| parameter.in_hugging_face("", false)).len(), count, "{size}");
        assert_eq!(tensors(&config, GptParameter::in_openai).len(), count, "{size}");
    }
}

/// OpenAI's data files hold nothing but the values, four bytes each.
#[test]
fn sizes_of_the_published_files() {
    for (size, bytes) in [("124M", 497_759_232), ("355M", 1_419_292_672)] {
        let values: usize = tensors(&published(size), GptParameter::in_openai).values().sum();
        assert_eq!(4 * values, bytes, "{size}");
    }
}
