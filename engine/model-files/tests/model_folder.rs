//! A model in a folder: what is written, what is read, what is refused. (Damaged files: `cli/tests/pretrain.rs`.)

use std::collections::BTreeMap;
use std::fs;

use appendix_lora::{LoraSettings, Scale, attach_lora};
use burn::tensor::{Device, Int, Tensor};
use ch04_gpt::GptModel;
use model_files::{load_model, save_model};
use safetensors::{Dtype, SafeTensors};
use shared::init::torch_init;
use shared::rng::TorchRng;
use shared::{GptConfig, Mode};

fn small() -> (GptConfig, GptModel) {
    let config = GptConfig {
        vocab_size: 20,
        context_length: 6,
        emb_dim: 4,
        n_heads: 2,
        n_layers: 2,
        drop_rate: 0.0,
        qkv_bias: true,
    };
    let model = torch_init(GptModel::new(&config, &Device::flex()), &mut TorchRng::new(123));
    (config, model)
}

fn logits(model: &GptModel) -> Vec<f32> {
    let ids = Tensor::<2, Int>::from_ints([[1, 2, 3, 4], [7, 0, 19, 5]], &Device::flex());
    model.forward(ids, &mut Mode::Eval).into_data().iter::<f32>().collect()
}

#[test]
fn a_loaded_model_computes_bit_for_bit_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let (config, model) = small();
    save_model(folder.path(), &config, &model).unwrap();
    let (loaded_config, loaded) = load_model(folder.path(), &Device::flex()).unwrap();
    assert_eq!(loaded_config, config);
    assert_eq!(logits(&loaded), logits(&model));
    // A model loaded onto a device that records gradients can be trained on.
    let (_, trainable) = load_model(folder.path(), &Device::flex().autodiff()).unwrap();
    assert!(trainable.out_head.weight.val().is_require_grad());
}

/// The names and shapes of the state dictionary of the book's PyTorch model, without its mask buffers.
#[test]
fn names_and_shapes_are_those_of_the_book_s_model() {
    let folder = tempfile::tempdir().unwrap();
    let (config, model) = small();
    save_model(folder.path(), &config, &model).unwrap();
    let bytes = fs::read(folder.path().join("model.safetensors")).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let mut found = BTreeMap::new();
    for (name, view) in file.iter() {
        assert_eq!(view.dtype(), Dtype::F32);
        found.insert(name.to_string(), view.shape().to_vec());
    }

    let mut expected = BTreeMap::from([
        ("tok_emb.weight".to_string(), vec![20, 4]),
        ("pos_emb.weight".to_string(), vec![6, 4]),
        ("final_norm.scale".to_string(), vec![4]),
        ("final_norm.shift".to_string(), vec![4]),
        ("out_head.weight".to_string(), vec![20, 4]),
    ]);
    for block in 0..2 {
        for (name, shape) in [
            ("att.W_query.weight", vec![4, 4]),
            ("att.W_query.bias", vec![4]),
            ("att.W_key.weight", vec![4, 4]),
            ("att.W_key.bias", vec![4]),
            ("att.W_value.weight", vec![4, 4]),
            ("att.W_value.bias", vec![4]),
            ("att.out_proj.weight", vec![4, 4]),
            ("att.out_proj.bias", vec![4]),
            ("ff.layers.0.weight", vec![16, 4]),
            ("ff.layers.0.bias", vec![16]),
            ("ff.layers.2.weight", vec![4, 16]),
            ("ff.layers.2.bias", vec![4]),
            ("norm1.scale", vec![4]),
            ("norm1.shift", vec![4]),
            ("norm2.scale", vec![4]),
            ("norm2.shift", vec![4]),
        ] {
            expected.insert(format!("trf_blocks.{block}.{name}"), shape);
        }
    }
    assert_eq!(found, expected);
}

/// A linear weight is written as PyTorch keeps it, `[d_out, d_in]`: the order in which it was drawn.
#[test]
fn linear_weights_are_written_in_pytorch_s_layout() {
    let folder = tempfile::tempdir().unwrap();
    let (config, model) = small();
    save_model(folder.path(), &config, &model).unwrap();
    let bytes = fs::read(folder.path().join("model.safetensors")).unwrap();
    let view = SafeTensors::deserialize(&bytes).unwrap().tensor("trf_blocks.0.att.W_query.weight").unwrap();
    let written: Vec<f32> = view.data().chunks(4).map(|b| f32::from_le_bytes(b.try_into().unwrap())).collect();
    // After seed 123 come 20 x 4 and 6 x 4 normals. 24 is not a multiple of 16, so its tail costs 16 draws more.
    let mut rng = TorchRng::new(123);
    rng.rand(20 * 4 + 6 * 4 + 16);
    assert_eq!(written, rng.uniform(16, -0.5, 0.5));
}

#[test]
fn another_model_in_the_folder_is_replaced_as_a_whole() {
    let folder = tempfile::tempdir().unwrap();
    let (config, model) = small();
    save_model(folder.path(), &config, &model).unwrap();
    let wider = GptConfig { emb_dim: 8, ..config };
    let other = torch_init(GptModel::new(&wider, &Device::flex()), &mut TorchRng::new(1));
    save_model(folder.path(), &wider, &other).unwrap();
    let (loaded_config, loaded) = load_model(folder.path(), &Device::flex()).unwrap();
    assert_eq!(loaded_config, wider);
    assert_eq!(logits(&loaded), logits(&other));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "nothing else is left behind");
}

/// The sizes are compared with the file before anything is allocated.
#[test]
fn absurd_sizes_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (config, model) = small();
    save_model(folder.path(), &config, &model).unwrap();
    let huge = usize::MAX / 8 * 8;
    for (config, reason) in [
        (
            GptConfig { context_length: huge, ..config.clone() },
            format!("pos_emb.weight: its shape is [6, 4], but the configuration asks for [{huge}, 4]"),
        ),
        (
            GptConfig { emb_dim: huge, ..config.clone() },
            format!("tok_emb.weight: its shape is [20, 4], but the configuration asks for [20, {huge}]"),
        ),
        (GptConfig { n_layers: huge, ..config }, "trf_blocks.2.att.W_query.weight: it is missing".to_string()),
    ] {
        fs::write(folder.path().join("config.json"), serde_json::to_string(&config).unwrap()).unwrap();
        let error = load_model(folder.path(), &Device::flex()).unwrap_err().to_string();
        assert!(error.ends_with(&format!("model.safetensors: tensor {reason}")), "{error}");
    }
}

/// Nothing in a model grows with the square of its context.
#[test]
fn a_long_context_takes_the_memory_of_its_weights() {
    let folder = tempfile::tempdir().unwrap();
    let config = GptConfig { context_length: 300_000, ..small().0 };
    let model = torch_init(GptModel::new(&config, &Device::flex()), &mut TorchRng::new(123));
    save_model(folder.path(), &config, &model).unwrap();
    let (loaded_config, loaded) = load_model(folder.path(), &Device::flex()).unwrap();
    assert_eq!(loaded_config, config);
    assert_eq!(logits(&loaded), logits(&model));
}

#[test]
fn a_parameter_that_the_configuration_does_not_describe_is_not_written() {
    let folder = tempfile::tempdir().unwrap();
    let (config, model) = small();
    let without_bias = GptConfig { qkv_bias: false, ..config.clone() };
    let error = save_model(folder.path(), &without_bias, &model).unwrap_err().to_string();
    assert!(
        error.contains("model.safetensors: the configuration describes no parameter trf_blocks.0.att.w_query.bias"),
        "{error}"
    );
    let settings = LoraSettings { rank: 2, alpha: 2.0, scale: Scale::Alpha };
    let adapted = attach_lora(model, &settings, &mut TorchRng::new(1), &Device::flex());
    let error = save_model(folder.path(), &config, &adapted).unwrap_err().to_string();
    assert!(error.contains("trf_blocks.0.att.w_query.weight.lora.a (LoRA layers are merged"), "{error}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is written");
}

#[test]
fn a_tensor_that_the_model_does_not_have_is_an_error_but_the_book_s_masks_are_not() {
    let folder = tempfile::tempdir().unwrap();
    let (config, model) = small();
    save_model(folder.path(), &config, &model).unwrap();
    let path = folder.path().join("model.safetensors");
    let bytes = fs::read(&path).unwrap();
    let with = |extra: &str| {
        let file = SafeTensors::deserialize(&bytes).unwrap();
        let mut tensors: Vec<_> = file.tensors();
        let mask = file.tensor("final_norm.scale").unwrap();
        tensors.push((extra.to_string(), mask));
        fs::write(&path, safetensors::serialize(tensors, None).unwrap()).unwrap();
        load_model(folder.path(), &Device::flex())
    };
    assert!(with("trf_blocks.0.att.mask").is_ok());
    let error = with("lm_head.weight").unwrap_err().to_string();
    assert!(error.contains("lm_head.weight: there is no such tensor"), "{error}");
}
