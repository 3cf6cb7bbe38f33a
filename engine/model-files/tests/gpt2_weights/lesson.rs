//! The lesson of section 5.5 and the reader of this crate: the same model.

use std::path::Path;

use burn::tensor::{Device, TensorData};
use ch04_gpt::GptModel;
use ch05_pretrain::gpt2::{Params, ParamsError};
use ch05_pretrain::load_weights_into_gpt;
use model_files::read_gpt2_params;
use shared::GptConfig;

use crate::common::parameter_values;
use crate::golden::{EXACT, assert_golden, golden, open};

fn params() -> (GptConfig, Params) {
    read_gpt2_params(&golden("gpt2-tiny-openai")).unwrap()
}

fn load(config: &GptConfig, params: &Params) -> Result<GptModel, ParamsError> {
    load_weights_into_gpt(GptModel::new(config, &Device::flex()), params)
}

#[test]
fn the_lesson_s_mapping_gives_the_reader_s_model_bit_for_bit() {
    let (config, params) = params();
    assert_eq!(params.len(), 4 + 12 * 3);
    assert_eq!(params["h0/attn/c_attn/w"].shape().as_slice(), [32, 96], "the first dimension, 1, is gone");
    let model = load(&config, &params).unwrap();
    for folder in ["gpt2-tiny-openai", "gpt2-tiny-hf"] {
        let (read_config, read) = open(&golden(folder));
        assert_eq!(config, read_config);
        assert_eq!(parameter_values(&model), parameter_values(&read), "{folder}");
    }
    assert_golden(&model, EXACT);
}

/// What is loaded can be trained: every parameter still records its gradient.
#[test]
fn the_lesson_s_model_can_be_trained_on() {
    let (config, params) = params();
    let model = load_weights_into_gpt(GptModel::new(&config, &Device::flex().autodiff()), &params).unwrap();
    assert!(model.trf_blocks[0].att.w_key.weight.val().is_require_grad());
    assert!(model.out_head.weight.val().is_require_grad());
}

#[test]
fn what_does_not_fit_is_named() {
    let (config, good) = params();
    let error = |config: &GptConfig, change: &dyn Fn(&mut Params)| {
        let mut params = good.clone();
        change(&mut params);
        load(config, &params).unwrap_err().to_string()
    };
    let zeros = |shape: &[usize]| TensorData::zeros::<f32, _>(shape.to_vec());
    assert_eq!(error(&config, &|p| drop(p.remove("h2/ln_1/g"))), "tensor h2/ln_1/g is missing");
    assert_eq!(
        error(&config, &|p| drop(p.insert("h1/mlp/c_fc/w".into(), zeros(&[128, 32])))),
        "tensor h1/mlp/c_fc/w: its shape is [128, 32], but the model asks for [32, 128]"
    );
    assert_eq!(
        error(&config, &|p| drop(p.insert("wpe".into(), zeros(&[24])))),
        "tensor wpe: its shape is [24], but the model asks for 2 dimensions"
    );
    for width in [95, 97, 2] {
        let text = error(&config, &|p| drop(p.insert("h0/attn/c_attn/w".into(), zeros(&[32, width]))));
        assert!(text.starts_with("tensor h0/attn/c_attn/w: its shape is [32, "), "{width}: {text}");
    }
    let without_bias = GptConfig { qkv_bias: false, ..config.clone() };
    assert_eq!(
        error(&without_bias, &|_| ()),
        "tensor h0/attn/c_attn/b: the model has no such bias; GPT-2 needs qkv_bias: true"
    );
    let longer = GptConfig { context_length: 1024, ..config.clone() };
    assert_eq!(error(&longer, &|_| ()), "tensor wpe: its shape is [24, 32], but the model asks for [1024, 32]");
    assert!(read_gpt2_params(Path::new("nowhere")).unwrap_err().to_string().contains("hparams.json"));
}
