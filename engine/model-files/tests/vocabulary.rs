//! Models with a vocabulary of their own: its files travel with the model, and no other's stay behind.

use std::fs;
use std::path::Path;

use burn::tensor::Device;
use ch02_text::bonus::{Gpt2Files, train_bpe};
use ch02_text::{Gpt2Tokenizer, VOCAB_SIZE};
use ch04_gpt::GptModel;
use ch06_classify::{Readout, add_classification_head};
use model_files::{
    ClassifierConfig, open_tokenizer, read_vocabulary, save_classifier, save_classifier_with_vocabulary, save_model,
    save_model_with_vocabulary, tokenizer_of,
};
use shared::GptConfig;
use shared::init::torch_init;
use shared::rng::TorchRng;
use testkit::{for_test, needs_data};

/// A vocabulary of 260 tokens.
fn vocabulary(text: &str) -> Gpt2Files {
    let files = train_bpe(text, 260);
    assert_eq!(files.tokens.len(), 260);
    files
}

/// A model with this number of token ids.
fn model(vocab_size: usize) -> (GptConfig, GptModel) {
    let config = GptConfig {
        vocab_size,
        context_length: 8,
        emb_dim: 4,
        n_heads: 2,
        n_layers: 1,
        drop_rate: 0.0,
        qkv_bias: false,
    };
    let model = torch_init(GptModel::new(&config, &Device::flex()), &mut TorchRng::new(123));
    (config, model)
}

fn files(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

#[test]
fn a_saved_vocabulary_is_opened_with_its_model() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let (lamp, tea) = (vocabulary("the lamp and the lamp"), vocabulary("the tea and the tea"));
    let size = lamp.tokens.len();
    let (config, model) = model(size);
    save_model_with_vocabulary(path, &config, &model, Some(&lamp)).unwrap();
    assert_eq!(files(path), ["config.json", "merges.txt", "model.safetensors", "vocab.json"]);
    for tokenizer in [open_tokenizer(path, size).unwrap(), tokenizer_of(path).unwrap()] {
        assert_eq!(tokenizer.vocabulary(), Some(&lamp));
    }

    // The same again changes nothing; another vocabulary takes the old weights away first.
    let written = fs::metadata(path.join("vocab.json")).unwrap().modified().unwrap();
    save_model_with_vocabulary(path, &config, &model, Some(&lamp)).unwrap();
    assert_eq!(fs::metadata(path.join("vocab.json")).unwrap().modified().unwrap(), written);
    save_model_with_vocabulary(path, &config, &model, Some(&tea)).unwrap();
    assert_eq!(tokenizer_of(path).unwrap().vocabulary(), Some(&tea));

    // What is saved without a vocabulary has none.
    save_model(path, &config, &model).unwrap();
    assert_eq!(files(path), ["config.json", "model.safetensors"]);
}

/// A vocabulary cannot be written over a folder: the old weights are gone then, and no model is left that reads nonsense.
#[test]
fn weights_never_stand_beside_the_vocabulary_of_another_model() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let (lamp, tea) = (vocabulary("the lamp and the lamp"), vocabulary("the tea and the tea"));
    let (config, model) = model(lamp.tokens.len());
    save_model_with_vocabulary(path, &config, &model, Some(&lamp)).unwrap();
    fs::remove_file(path.join("merges.txt")).unwrap();
    fs::create_dir(path.join("merges.txt")).unwrap();
    let error = save_model_with_vocabulary(path, &config, &model, Some(&tea)).unwrap_err().to_string();
    assert!(error.contains("merges.txt"), "{error}");
    assert!(!path.join("model.safetensors").exists());
}

#[test]
fn a_classifier_keeps_the_vocabulary_of_its_model() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let lamp = vocabulary("the lamp and the lamp");
    let (sizes, model) = model(lamp.tokens.len());
    let model = add_classification_head(model, &mut TorchRng::new(2), &Device::flex());
    let config = ClassifierConfig {
        model: sizes,
        max_length: Some(6),
        readout: Readout::Last,
        causal_mask: true,
        labels: vec!["ham".into(), "spam".into()],
    };
    save_classifier_with_vocabulary(path, &config, &model, Some(&lamp)).unwrap();
    assert_eq!(files(path), ["config.json", "merges.txt", "model.safetensors", "vocab.json"]);
    assert_eq!(tokenizer_of(path).unwrap().vocabulary(), Some(&lamp));
    save_classifier(path, &config, &model).unwrap();
    assert_eq!(files(path), ["config.json", "model.safetensors"]);
}

#[test]
fn gpt2_s_vocabulary_needs_no_files() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    assert!(open_tokenizer(path, VOCAB_SIZE).unwrap().vocabulary().is_none());
    fs::write(path.join("vocab.json"), "{}").unwrap();
    assert!(open_tokenizer(path, VOCAB_SIZE).unwrap().vocabulary().is_none(), "half of a download");
    for (name, json) in [
        ("config.json", r#"{"model_type": "gpt2", "vocab_size": 50257}"#),
        ("config.json", r#"{"model": {"vocab_size": 50257}, "labels": ["ham", "spam"]}"#),
        ("hparams.json", r#"{"n_vocab": 50257}"#),
    ] {
        fs::write(path.join(name), json).unwrap();
        assert_eq!(tokenizer_of(path).unwrap().vocab_size(), VOCAB_SIZE, "{json}");
        fs::remove_file(path.join(name)).unwrap();
    }
}

/// GPT-2 as Hugging Face publishes it: the files are the same under other names.
#[needs_data("gpt2-encoder", "gpt2-merges")]
#[test]
fn gpt2_s_own_files_are_gpt2_s_vocabulary() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("vocab.json"), for_test("gpt2-encoder")).unwrap();
    fs::write(folder.path().join("merges.txt"), for_test("gpt2-merges")).unwrap();
    let tokenizer = open_tokenizer(folder.path(), VOCAB_SIZE).unwrap();
    assert!(tokenizer.vocabulary().is_none());
    assert_eq!(tokenizer.encode_ordinary("Hello, world"), [15496, 11, 995]);
    let error = open_tokenizer(folder.path(), 400).unwrap_err().to_string();
    assert!(error.ends_with("has 50257 tokens, but the model there has 400 token ids"), "{error}");
}

#[test]
fn what_is_wrong_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let open = |size: usize| open_tokenizer(path, size).unwrap_err().to_string();
    assert!(read_vocabulary(path).unwrap().is_none());
    let error = open(300);
    assert!(
        error.contains("300 token ids, not GPT-2's 50257") && error.contains("vocab.json and merges.txt"),
        "{error}"
    );
    assert!(tokenizer_of(path).unwrap_err().to_string().ends_with("has no whole vocabulary: vocab.json is missing"));

    let lamp = vocabulary("the lamp and the lamp");
    fs::write(path.join("vocab.json"), lamp.vocab_json()).unwrap();
    assert!(open(lamp.tokens.len()).ends_with("has no whole vocabulary: merges.txt is missing"));
    assert!(tokenizer_of(path).unwrap_err().to_string().ends_with("merges.txt is missing"));
    fs::write(path.join("merges.txt"), lamp.merges_txt()).unwrap();
    let tokenizer: Gpt2Tokenizer = tokenizer_of(path).unwrap();
    assert_eq!(tokenizer.vocabulary(), Some(&lamp));
    assert!(open(300).contains("tokens, but the model there has 300 token ids"));

    fs::write(path.join("vocab.json"), "[1, 2]").unwrap();
    let error = open(lamp.tokens.len());
    assert!(error.contains("the file of the vocabulary is not of the expected form"), "{error}");
    fs::write(path.join("vocab.json"), lamp.vocab_json()).unwrap();
    fs::write(path.join("merges.txt"), "a m\nq\n").unwrap();
    assert!(open(lamp.tokens.len()).contains("line 2 of the merges is not two tokens"));
    fs::write(path.join("config.json"), r#"{"sizes": 3}"#).unwrap();
    assert!(tokenizer_of(path).unwrap_err().to_string().ends_with("does not say how many token ids the model has"));
}
