//! Vocabularies that contradict themselves, and kinds of tokenizers that are not known.

mod common;

use common::{bytes, json, pieces, smollm_cuts};
use model_text::{GgufVocabulary, ModelTokenizer};
use serde_json::{Value, json};

fn refused(change: impl FnOnce(&mut GgufVocabulary), mut vocabulary: GgufVocabulary) -> String {
    change(&mut vocabulary);
    ModelTokenizer::from_gguf(&vocabulary).unwrap_err().to_string()
}

#[test]
fn unknown_kinds_are_named() {
    let error = refused(|v| v.model = "bert".into(), bytes());
    assert_eq!(
        error,
        "the tokenizer's tokenizer.ggml.model is \"bert\", and known are gpt2 (byte pairs) and llama (pieces with scores)"
    );
    let error = refused(|v| v.pre = Some("deepseek-coder".into()), bytes());
    assert_eq!(
        error,
        "the tokenizer's tokenizer.ggml.pre is \"deepseek-coder\", and known are smollm, llama-bpe, llama3, llama-v3, \
         qwen2, gpt-2 and default"
    );
    assert!(refused(|v| v.pre = None, bytes()).contains("is not given"));
}

#[test]
fn lists_of_another_length_are_refused() {
    let error = refused(|v| v.token_type.truncate(5), bytes());
    assert_eq!(error, "the vocabulary has 266 tokens, but 5 token types");
    let error = refused(|v| v.scores.push(0.0), pieces());
    assert_eq!(error, "the vocabulary has 277 tokens, but 278 scores");
    assert_eq!(
        refused(|v| *v = GgufVocabulary { model: "llama".into(), ..Default::default() }, pieces()),
        "the vocabulary has no tokens"
    );
}

#[test]
fn ids_and_types_outside_are_refused() {
    let error = refused(|v| v.eos_token_id = Some(266), bytes());
    assert_eq!(error, "the eos token has the id 266, but the vocabulary has only 266 tokens");
    for change in [
        (|v| v.bos_token_id = Some(u32::MAX)) as fn(&mut GgufVocabulary),
        |v| v.eot_token_id = Some(266),
        |v| v.unknown_token_id = Some(266),
        |v| v.padding_token_id = Some(266),
    ] {
        assert!(refused(change, bytes()).contains("but the vocabulary has only 266 tokens"));
    }
    let error = refused(|v| v.token_type[3] = 7, bytes());
    assert_eq!(error, "the token \"Ā\" is of type 7; there are the types 1 to 6");
    let error = refused(|v| v.tokens[5] = "<0xZZ>".into(), pieces());
    assert_eq!(error, "the token \"<0xZZ>\" is of type 6; there are the types 1 to 6");
}

#[test]
fn damaged_tokens_and_merges_are_refused() {
    assert_eq!(refused(|v| v.tokens[259].clear(), bytes()), "the token with the id 259 is empty");
    let error = refused(|v| v.tokens[259] = "a".into(), bytes());
    assert_eq!(error, "the token \"a\" has two ids, 100 and 259");
    for merge in ["th", " th", "t ", "t h e"] {
        let error = refused(|v| v.merges[1] = merge.into(), bytes());
        assert_eq!(error, format!("merge 2 is {merge:?}, not two tokens with a space between them"));
    }
    let error = refused(|v| v.merges[2] = "a b".into(), bytes());
    assert_eq!(error, "merge 3 needs the token \"ab\", which the vocabulary does not have");
    assert_eq!(refused(|v| v.scores[261] = f32::NAN, pieces()), "the token \"ab\" has the score NaN");
    let error = refused(|v| v.token_type[70] = 5, pieces());
    assert_eq!(error, "the vocabulary has no token for the byte 0x41");
}

#[test]
fn a_small_file_does_not_take_a_large_memory() {
    let error = refused(
        |v| {
            v.tokens.push("a".repeat(1_000_000));
            v.token_type.push(1);
            v.scores.push(0.0);
        },
        pieces(),
    );
    assert_eq!(error, "the vocabulary cannot be used: a token has 1000000 bytes, more than 512");
    let error = refused(
        |v| {
            for length in 4..500 {
                v.tokens.push("a".repeat(length));
                v.token_type.push(1);
                v.scores.push(0.0);
            }
        },
        pieces(),
    );
    assert_eq!(error, "the vocabulary cannot be used: its tokens need more than 16 merges each");
}

fn refused_json(change: impl FnOnce(&mut Value)) -> String {
    let mut json = json(&bytes(), Value::Null, smollm_cuts());
    change(&mut json);
    ModelTokenizer::from_json(json.to_string().as_bytes()).unwrap_err().to_string()
}

#[test]
fn unknown_steps_of_a_tokenizer_json_are_named() {
    let error = refused_json(|json| json["model"] = json!({"type": "Unigram", "vocab": [["a", 0.0]]}));
    assert_eq!(error, "the tokenizer's model is \"Unigram\", and known are BPE without dropout, prefix and suffix");
    let error = refused_json(|json| json["model"]["dropout"] = json!(0.1));
    assert!(error.contains("is BPE with dropout"), "{error}");
    let error = refused_json(|json| json["model"]["end_of_word_suffix"] = json!("</w>"));
    assert!(error.contains("is BPE with a prefix or suffix"), "{error}");
    let error = refused_json(|json| json["normalizer"] = json!({"type": "Lowercase"}));
    assert_eq!(
        error,
        "the tokenizer's normalizer is {\"type\":\"Lowercase\"}, and known are none, NFC and the replacement of spaces by ▁"
    );
    let error = refused_json(|json| json["pre_tokenizer"] = json!({"type": "Metaspace", "replacement": "▁"}));
    assert!(error.starts_with("the tokenizer's pre_tokenizer is {\""), "{error}");
    let error = refused_json(|json| json["pre_tokenizer"] = Value::Null);
    assert!(error.starts_with("the tokenizer's pre_tokenizer is null"), "{error}");
    let error = refused_json(|json| json["post_processor"] = json!({"type": "BertProcessing"}));
    assert!(error.starts_with("the tokenizer's post_processor is {\"type\":\"BertProcessing\"}"), "{error}");
}

#[test]
fn damaged_tokenizer_json_is_refused() {
    for text in ["", "[]", "{", "{}", r#"{"model": 3}"#, r#"{"model": {"type": "BPE"}}"#] {
        let error = ModelTokenizer::from_json(text.as_bytes()).unwrap_err().to_string();
        assert!(error.starts_with("this is not a tokenizer.json: "), "{error}");
    }
    let error = refused_json(|json| json["model"]["vocab"]["a"] = json!(4_000_000_000_u64));
    assert_eq!(error, "the token \"a\" has the id 4000000000, but the vocabulary has only 269 tokens");
    let error = refused_json(|json| json["added_tokens"][4]["id"] = json!(u64::MAX));
    assert!(error.ends_with("has the id 18446744073709551615, but the vocabulary has only 269 tokens"), "{error}");
    let error = refused_json(|json| json["model"]["vocab"]["a"] = json!(101));
    assert!(error.contains("both have the id 101"), "{error}");
    let error = refused_json(|json| json["added_tokens"][0]["lstrip"] = json!(true));
    assert!(error.contains("\"<|end|>\" looks at the text beside it"), "{error}");
    let error = refused_json(|json| json["model"]["merges"][0] = json!(["t", "q"]));
    assert_eq!(error, "merge 1 needs the token \"tq\", which the vocabulary does not have");
    let error = refused_json(|json| {
        json["post_processor"] = json!({"type": "TemplateProcessing",
            "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}]});
    });
    assert!(error.contains("\"<s>\" begins every text and is not among them"), "{error}");
}

#[test]
fn deep_nesting_is_no_stack_overflow() {
    let mut text = String::from("null");
    for _ in 0..100 {
        text = format!(r#"{{"type": "Sequence", "pretokenizers": [{text}]}}"#);
    }
    let error = refused_json(|json| json["pre_tokenizer"] = serde_json::from_str(&text[..]).unwrap_or(json!("deep")));
    assert!(error.starts_with("the tokenizer's pre_tokenizer is "), "{error}");
    let text = format!(r#"{{"normalizer": {}{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
    assert!(ModelTokenizer::from_json(text.as_bytes()).is_err());
}

#[test]
fn the_message_names_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tokenizer.json");
    let error = ModelTokenizer::read(&path).unwrap_err().to_string();
    assert!(error.starts_with(&format!("cannot read {}: ", path.display())), "{error}");
    std::fs::write(&path, "{}").unwrap();
    let error = ModelTokenizer::read(&path).unwrap_err().to_string();
    assert!(error.starts_with(&format!("{}: this is not a tokenizer.json", path.display())), "{error}");
}
