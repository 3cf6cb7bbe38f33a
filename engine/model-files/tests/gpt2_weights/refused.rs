//! What is refused.

use std::fs;

use safetensors::Dtype;
use serde_json::{Value, json};

use crate::golden::{EXACT, assert_golden, error, open};
use crate::hugging_face::{golden_config, golden_tensors, hugging_face, with_config, with_tensors};
use crate::openai::{Checkpoint, Entry, checkpoint_error, number_field, openai_copy};

#[test]
fn a_folder_without_a_model_is_told_what_a_model_is() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(
        error(folder.path()),
        "FOLDER holds no model: there is neither config.json with model.safetensors (a model of this project, or GPT-2 \
         from Hugging Face) nor hparams.json with checkpoint and model.ckpt.* (GPT-2 from OpenAI)"
    );
    assert_eq!(error(&folder.path().join("none")).split(':').next(), Some("FOLDER holds no model"));

    for (there, missing) in [("model.safetensors", "config.json"), ("checkpoint", "hparams.json")] {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(there), "").unwrap();
        assert_eq!(error(folder.path()), format!("FOLDER holds no model: {missing} is missing"));
    }
}

#[test]
fn a_folder_with_something_else_says_what_it_is() {
    let folder = with_config("labels", json!(["ham", "spam"]));
    assert_eq!(error(folder.path()), "FOLDER holds a classifier, which does not write text");
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("adapter_config.json"), "{}").unwrap();
    assert_eq!(error(folder.path()), "FOLDER holds a LoRA adapter, and no model");
    // PyTorch's own format can run programs.
    for file in ["pytorch_model.bin", "pytorch_model.bin.index.json"] {
        let folder = with_tensors(|_| {});
        fs::write(folder.path().join(file), "").unwrap();
        assert_golden(&open(folder.path()).1, EXACT);
        fs::remove_file(folder.path().join("model.safetensors")).unwrap();
        let text = error(folder.path());
        assert!(
            text.starts_with(&format!("{file} is a pickle file")) && text.contains("safe_serialization=True"),
            "{text}"
        );
    }
}

#[test]
fn a_missing_file_is_named() {
    for missing in ["checkpoint", "model.ckpt.index", "model.ckpt.data-00000-of-00001"] {
        let folder = openai_copy();
        fs::remove_file(folder.path().join(missing)).unwrap();
        assert_eq!(error(folder.path()), format!("FOLDER holds no model: {missing} is missing"));
    }
    let folder = with_tensors(|_| {});
    fs::remove_file(folder.path().join("model.safetensors")).unwrap();
    assert_eq!(error(folder.path()), "FOLDER holds no model: model.safetensors is missing");
}

#[test]
fn what_the_model_cannot_compute_is_refused() {
    for (field, value, text) in [
        ("model_type", json!("llama"), "model_type is llama, but must be gpt2"),
        ("layer_norm_epsilon", json!(1e-6), "layer_norm_epsilon is 0.000001, but must be 0.00001"),
        ("n_inner", json!(64), "n_inner is 64, but must be 128"),
        ("scale_attn_weights", json!(false), "scale_attn_weights is false, but must be true"),
        ("scale_attn_by_inverse_layer_idx", json!(true), "scale_attn_by_inverse_layer_idx is true, but must be false"),
        ("add_cross_attention", json!(true), "add_cross_attention is true, but must be false"),
    ] {
        assert_eq!(error(with_config(field, value).path()), format!("config.json: {text}"));
    }
}

/// `gelu` and `gelu_python` are the exact GELU, whose values differ in the fourth digit.
#[test]
fn other_activations_are_refused() {
    for name in ["relu", "gelu", "gelu_python", "quick_gelu", "gelu_10", "silu"] {
        assert_eq!(
            error(with_config("activation_function", json!(name)).path()),
            format!(
                "config.json: activation_function is {name}, but must be GELU in its tanh approximation: gelu_new, \
                 gelu_pytorch_tanh, gelu_fast, gelu_accurate, gelu_python_tanh"
            )
        );
    }
}

#[test]
fn the_dropout_rate_is_the_file_s() {
    let mut config = golden_config();
    for field in ["resid_pdrop", "embd_pdrop", "attn_pdrop"] {
        config[field] = json!(0.25);
    }
    assert_eq!(open(hugging_face(&config, &golden_tensors()).path()).0.drop_rate, 0.25);
}

#[test]
fn impossible_sizes_are_refused() {
    for (field, value, text) in [
        ("n_head", json!(5), "config.json: n_heads is 5, but must be a divisor of emb_dim, which is 32"),
        ("n_layer", json!(0), "config.json: n_layers is 0, but must be at least 1"),
        ("n_layer", json!(2), "model.safetensors: tensor h.2.attn.c_attn.bias: there is no such tensor in this model"),
        ("n_layer", json!(4), "model.safetensors: tensor h.3.attn.c_attn.weight: it is missing"),
        ("n_layer", json!(100_000), "model.safetensors: tensor h.3.attn.c_attn.weight: it is missing"),
        ("n_layer", json!(u64::MAX), "model.safetensors: tensor h.3.attn.c_attn.weight: it is missing"),
        (
            "vocab_size",
            json!(50257),
            "model.safetensors: tensor wte.weight: its shape is [211, 32], but the configuration asks for [50257, 32]",
        ),
        (
            "n_positions",
            json!(1024),
            "model.safetensors: tensor wpe.weight: its shape is [24, 32], but the configuration asks for [1024, 32]",
        ),
        (
            "n_positions",
            json!(100_000),
            "model.safetensors: tensor wpe.weight: its shape is [24, 32], but the configuration asks for [100000, 32]",
        ),
    ] {
        assert_eq!(error(with_config(field, value).path()), text);
    }
    for value in [json!(-1), json!(2.5), json!("211"), json!(1e30), Value::Null] {
        let text = error(with_config("vocab_size", value).path());
        assert!(text.starts_with("config.json is not a model configuration: invalid"), "{text}");
    }
    let folder = openai_copy();
    fs::write(folder.path().join("hparams.json"), r#"{"n_vocab": 211, "n_ctx": 24}"#).unwrap();
    let text = error(folder.path());
    assert!(text.starts_with("hparams.json is not a model configuration: missing field `n_embd`"), "{text}");
    let hparams = json!({"n_vocab": 211, "n_ctx": 24, "n_embd": 32, "n_head": 4, "n_layer": 5});
    fs::write(folder.path().join("hparams.json"), hparams.to_string()).unwrap();
    assert_eq!(error(folder.path()), "model.ckpt.index: tensor model/h3/attn/c_attn/w: it is missing");
}

#[test]
fn tensors_that_do_not_fit_are_refused() {
    let changed = |name: &str, change: fn(&mut (Dtype, Vec<usize>, Vec<u8>))| {
        let folder = with_tensors(|tensors| change(tensors.get_mut(name).unwrap()));
        error(folder.path())
    };
    // The transpose of what it should be, as in a file with PyTorch's linear layers.
    assert_eq!(
        changed("h.1.mlp.c_fc.weight", |tensor| tensor.1.reverse()),
        "model.safetensors: tensor h.1.mlp.c_fc.weight: its shape is [128, 32], but the configuration asks for [32, 128]"
    );
    assert_eq!(
        changed("h.0.attn.c_attn.bias", |tensor| tensor.1 = vec![96, 1]),
        "model.safetensors: tensor h.0.attn.c_attn.bias: its shape is [96, 1], but the configuration asks for [96]"
    );
    assert_eq!(
        changed("ln_f.weight", |tensor| tensor.0 = Dtype::I32),
        "model.safetensors: tensor ln_f.weight: it holds I32 values, not F64, F32, F16 or BF16"
    );
    let missing = with_tensors(|tensors| drop(tensors.remove("h.2.ln_1.bias")));
    assert_eq!(error(missing.path()), "model.safetensors: tensor h.2.ln_1.bias: it is missing");
    let unknown = with_tensors(|tensors| {
        let bias = tensors["ln_f.bias"].clone();
        tensors.insert("score.weight".to_string(), bias);
    });
    assert_eq!(error(unknown.path()), "model.safetensors: tensor score.weight: there is no such tensor in this model");
}

#[test]
fn a_file_cut_short_is_refused() {
    let folder = with_tensors(|_| {});
    let path = folder.path().join("model.safetensors");
    let whole = fs::read(&path).unwrap();
    for length in [0, 5, 8, 100, whole.len() - 1] {
        fs::write(&path, &whole[..length]).unwrap();
        let text = error(folder.path());
        assert!(text.starts_with("model.safetensors is not a whole safetensors file: "), "{text}");
    }

    let folder = openai_copy();
    let path = folder.path().join("model.ckpt.index");
    let whole = fs::read(&path).unwrap();
    for (length, reason) in [
        (0, "it has 0 bytes, less than its last part needs"),
        (47, "it has 47 bytes, less than its last part needs"),
        (whole.len() - 1, "it does not end in the format's magic number"),
    ] {
        fs::write(&path, &whole[..length]).unwrap();
        assert_eq!(
            error(folder.path()),
            format!("model.ckpt.index is not a whole TensorFlow checkpoint index: {reason}")
        );
    }

    let folder = openai_copy();
    let path = folder.path().join("model.ckpt.data-00000-of-00001");
    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[..whole.len() - 1]).unwrap();
    assert_eq!(
        error(folder.path()),
        "model.ckpt.data-00000-of-00001: tensor model/wte: it should be 27008 bytes at byte 155776, but the file has \
         182783"
    );
}

/// The files written here are right where they are not changed.
#[test]
fn the_checkpoint_of_these_tests_is_whole() {
    assert_golden(&open(Checkpoint::golden().write().path()).1, EXACT);
}

#[test]
fn damage_in_a_checkpoint_is_found() {
    let index = |reason: &str| format!("model.ckpt.index is not a whole TensorFlow checkpoint index: {reason}");
    let data = |reason: &str| format!("model.ckpt.data-00000-of-00001: tensor model/wpe: {reason}");

    assert_eq!(checkpoint_error(|c| c.data[40_000] ^= 1), {
        let checkpoint = Checkpoint::golden();
        let hit = |entry: &&Entry| (entry.offset..entry.offset + entry.size).contains(&40_000);
        let name = &checkpoint.entries.iter().find(hit).unwrap().name;
        format!("model.ckpt.data-00000-of-00001: tensor {name}: its checksum is wrong")
    });
    let folder = openai_copy();
    let path = folder.path().join("model.ckpt.index");
    let mut bytes = fs::read(&path).unwrap();
    bytes[200] ^= 1;
    fs::write(&path, bytes).unwrap();
    assert_eq!(error(folder.path()), index("the block at byte 0: its checksum is wrong"));

    let header = |fields: &[Vec<u8>]| checkpoint_error(|c| c.header = fields.concat());
    let pieces = index("its values are spread over 4 files, but this program reads one");
    assert_eq!(header(&[number_field(1, 4)]), pieces);
    let big_endian = index("its numbers are big-endian, which this program does not read");
    assert_eq!(header(&[number_field(1, 1), number_field(2, 1)]), big_endian);

    assert_eq!(checkpoint_error(|c| c.entry("model/wpe").slices = true), data(IN_PIECES));
    assert_eq!(checkpoint_error(|c| c.entry("model/wpe").shard = 1), data(IN_PIECES));
    assert_eq!(
        checkpoint_error(|c| c.entry("model/wpe").dtype = 9),
        data("it is of TensorFlow's type 9, not 1 (float), 14 (bfloat16) or 19 (half)")
    );
    assert_eq!(
        checkpoint_error(|c| c.entry("model/wpe").shape = vec![24, 33]),
        data("it has 3072 bytes, which does not fit its shape [24, 33]")
    );
    // A size that overflows to the right number of bytes, and a place beyond all numbers.
    let overflow = vec![1 << 62, 24, 32];
    assert!(checkpoint_error(|c| c.entry("model/wpe").shape = overflow).contains("which does not fit its shape"));
    assert_eq!(
        checkpoint_error(|c| c.entry("model/wpe").offset = u64::MAX),
        data("it should be 3072 bytes at byte 18446744073709551615, but the file has 182784")
    );
    let compressed = "the block at byte 0: it is compressed (method 1), which this program does not read";
    let text = checkpoint_error(|c| c.compression = 1);
    assert!(text.starts_with(&index("the block at byte")) && text.ends_with(&compressed[19..]), "{text}");
    let unsorted = checkpoint_error(|c| c.entries.swap(0, 1));
    assert_eq!(unsorted, index("the block at byte 0: its keys are not sorted"));
}

const IN_PIECES: &str = "it is stored in pieces, which this program does not read";

#[test]
fn a_checkpoint_file_that_names_none_is_refused() {
    for text in ["", "model_checkpoint_path: \"..\"", "model_checkpoint_path: model.ckpt", "{}"] {
        let folder = openai_copy();
        fs::write(folder.path().join("checkpoint"), text).unwrap();
        let expected = "checkpoint does not name a checkpoint in the form model_checkpoint_path: \"NAME\"";
        assert_eq!(error(folder.path()), expected, "{text:?}");
    }
}
