//! A classifier in a folder: what is written, what is read, what is refused.

use std::fs;

use burn::tensor::{Device, Int, Tensor};
use ch04_gpt::GptModel;
use ch06_classify::head::without_causal_mask;
use ch06_classify::{Readout, add_classification_head};
use model_files::{ClassifierConfig, is_classifier, load_classifier, save_classifier, save_model};
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use shared::init::torch_init;
use shared::rng::TorchRng;
use shared::{GptConfig, Mode};

fn small_config() -> GptConfig {
    GptConfig {
        vocab_size: 50257,
        context_length: 12,
        emb_dim: 8,
        n_heads: 2,
        n_layers: 3,
        drop_rate: 0.0,
        qkv_bias: true,
    }
}

/// A classifier of three blocks.
fn small(device: &Device) -> GptModel {
    let model = torch_init(GptModel::new(&small_config(), device), &mut TorchRng::new(1));
    add_classification_head(model, &mut TorchRng::new(2), device)
}

fn classifier_config() -> ClassifierConfig {
    ClassifierConfig {
        model: small_config(),
        max_length: Some(10),
        readout: Readout::Last,
        causal_mask: true,
        labels: vec!["ham".into(), "spam".into()],
    }
}

fn logits(model: &GptModel) -> Vec<f32> {
    let inputs = Tensor::<2, Int>::from_ints([[1, 2, 3, 50256], [9, 8, 7, 6]], &Device::flex());
    model.forward(inputs, &mut Mode::Eval).into_data().iter().collect()
}

#[test]
fn a_saved_classifier_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deep/er");
    let model = small(&Device::flex());
    for causal_mask in [true, false] {
        let config = ClassifierConfig { causal_mask, ..classifier_config() };
        let model = if causal_mask { model.clone() } else { without_causal_mask(model.clone()) };
        save_classifier(&path, &config, &model).unwrap();
        let (found_config, found) = load_classifier(&path, &Device::flex()).unwrap();
        assert_eq!(found_config, config);
        assert_eq!(logits(&found), logits(&model), "causal mask: {causal_mask}");
    }
    let mut files: Vec<_> = fs::read_dir(&path).unwrap().map(|file| file.unwrap().file_name()).collect();
    files.sort();
    assert_eq!(files, ["config.json", "model.safetensors"], "nothing else is left");
}

#[test]
fn a_classifier_is_told_from_a_model_that_writes() {
    let folder = tempfile::tempdir().unwrap();
    assert!(!is_classifier(folder.path()));
    let model = small(&Device::flex());
    save_classifier(&folder.path().join("classifier"), &classifier_config(), &model).unwrap();
    assert!(is_classifier(&folder.path().join("classifier")));
    let writer = torch_init(GptModel::new(&small_config(), &Device::flex()), &mut TorchRng::new(123));
    save_model(&folder.path().join("writer"), &small_config(), &writer).unwrap();
    assert!(!is_classifier(&folder.path().join("writer")));
}

#[test]
fn what_is_no_classifier() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let error = || load_classifier(path, &Device::flex()).unwrap_err().to_string();
    assert!(error().ends_with("holds no classifier: config.json is missing"), "{}", error());

    let language_model = torch_init(GptModel::new(&small_config(), &Device::flex()), &mut TorchRng::new(1));
    save_model(path, &small_config(), &language_model).unwrap();
    assert!(error().contains("writes text and has no classification head"), "{}", error());

    save_classifier(path, &classifier_config(), &small(&Device::flex())).unwrap();
    let (config, weights) = (path.join("config.json"), path.join("model.safetensors"));
    let (json, bytes) = (fs::read_to_string(&config).unwrap(), fs::read(&weights).unwrap());

    for (from, to, part) in [
        (
            "\"emb_dim\": 8",
            "\"emb_dim\": 6",
            "tok_emb.weight: its shape is [50257, 8], but the configuration asks for [50257, 6]",
        ),
        ("\"n_layers\": 3", "\"n_layers\": 2", "trf_blocks.2.att.W_key.bias: there is no such tensor"),
        ("\"n_layers\": 3", "\"n_layers\": 4", "tensor trf_blocks.3.att.W_query.weight: it is missing"),
        ("\"n_layers\": 3", "\"n_layers\": 400000000000", "tensor trf_blocks.3.att.W_query.weight: it is missing"),
        (
            "\"context_length\": 12",
            "\"context_length\": 100000",
            "pos_emb.weight: its shape is [12, 8], but the configuration asks for [100000, 8]",
        ),
        ("\"ham\",\n    \"spam\"", "\"spam\",\n    \"ham\"", "labels is spam, ham, but must be ham, spam"),
        ("\"spam\"", "\"eggs\"", "labels is ham, eggs, but must be ham, spam"),
        ("\"n_heads\": 2", "\"n_heads\": 3", "n_heads is 3, but must be a divisor of emb_dim"),
        ("\"max_length\": 10", "\"max_length\": 13", "max_length is 13, but must be at least 1 and at most 12"),
        ("\"readout\": \"last\"", "\"readout\": \"middle\"", "unknown variant `middle`"),
        ("{", "[", "holds no classifier: config.json does not describe one"),
    ] {
        assert!(json.contains(from), "{json}");
        fs::write(&config, json.replacen(from, to, 1)).unwrap();
        assert!(error().contains(part), "'{part}' is missing in: {}", error());
    }
    fs::write(&config, &json).unwrap();
    fs::write(&weights, &bytes[..bytes.len() / 2]).unwrap();
    assert!(error().contains("model.safetensors is not a whole safetensors file"), "{}", error());
    fs::remove_file(&weights).unwrap();
    assert!(error().ends_with("holds no model: model.safetensors is missing"), "{}", error());
}

/// PyTorch saves the causal masks too, and a file may hold numbers of 16 bits. 1/256 is the precision of BF16, 1/2048
/// that of F16; the logits are of the size of 1.
#[test]
fn a_classifier_that_pytorch_saved_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let (path, model) = (folder.path(), small(&Device::flex()));
    save_classifier(path, &classifier_config(), &model).unwrap();
    let file = path.join("model.safetensors");
    let bytes = fs::read(&file).unwrap();
    let saved = SafeTensors::deserialize(&bytes).unwrap();
    let f32s = |view: &TensorView| view.data().as_chunks().0.iter().map(|b| f32::from_le_bytes(*b)).collect::<Vec<_>>();
    let expected = logits(&model);
    for (dtype, tolerance) in [(Dtype::F32, 0.0), (Dtype::F16, 0.01), (Dtype::BF16, 0.05)] {
        let encode = |x: f32| match dtype {
            Dtype::F16 => half::f16::from_f32(x).to_le_bytes().to_vec(),
            Dtype::BF16 => half::bf16::from_f32(x).to_le_bytes().to_vec(),
            _ => x.to_le_bytes().to_vec(),
        };
        let mut tensors: Vec<(String, Vec<usize>, Vec<u8>)> = saved
            .tensors()
            .iter()
            .map(|(name, view)| {
                (name.clone(), view.shape().to_vec(), f32s(view).into_iter().flat_map(encode).collect())
            })
            .collect();
        for block in 0..3 {
            let mask = vec![1.0; 12 * 12].into_iter().flat_map(encode).collect();
            tensors.push((format!("trf_blocks.{block}.att.mask"), vec![12, 12], mask));
        }
        let views = tensors.iter().map(|(name, shape, bytes)| {
            (name.clone(), TensorView::new(dtype, shape.clone(), bytes).expect("as many bytes as values"))
        });
        fs::write(&file, safetensors::serialize(views, None).unwrap()).unwrap();
        let found = logits(&load_classifier(path, &Device::flex()).unwrap().1);
        assert_eq!(found.len(), expected.len());
        let difference = found.iter().zip(&expected).map(|(f, e)| (f - e).abs()).fold(0.0, f32::max);
        assert!(difference <= tolerance, "{dtype:?}: {difference}");
    }
}
