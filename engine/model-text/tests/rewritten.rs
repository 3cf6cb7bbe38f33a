//! A GGUF file's tokenizer as a `tokenizer.json`: the same ids, here and in the crate `tokenizers`, which transformers uses.

mod common;

use common::{bytes, pieces};
use model_text::{GgufVocabulary, Kind, ModelTokenizer};
use serde_json::Value;

/// Awkward texts, without the tags of the small vocabulary.
fn texts() -> Vec<String> {
    let golden: Value = serde_json::from_str(include_str!("golden/tokens.json")).unwrap();
    let golden = golden["smollm2"].as_array().unwrap().iter().map(|case| case["text"].as_str().unwrap().to_string());
    golden.chain(["the other <|im_end|> the", "abc ab  \n\n a", "", " a", "aaaa <eos>"].map(String::from)).collect()
}

fn assert_same_ids(vocabulary: &GgufVocabulary) {
    let name = format!("{:?} {:?}", vocabulary.pre, vocabulary.add_space_prefix);
    let original = ModelTokenizer::from_gguf(vocabulary).unwrap();
    let json = vocabulary.tokenizer_json().unwrap();
    let rewritten = ModelTokenizer::from_json(json.as_bytes()).unwrap();
    let mut reference: tokenizers::Tokenizer = json.parse().unwrap();
    assert_eq!(rewritten.begin_ids(), original.begin_ids(), "{name}");
    for id in 0..original.vocab_size() as u32 {
        if original.kind(id) != Some(Kind::Unused) {
            assert_eq!(
                (rewritten.kind(id), rewritten.token(id)),
                (original.kind(id), original.token(id)),
                "{name} {id}"
            );
            assert_eq!(reference.id_to_token(id).as_deref(), original.token(id), "{name} {id}");
        }
    }
    for text in texts() {
        let ids = original.encode(&text);
        assert_eq!(rewritten.encode(&text), ids, "{name}: {text:?}");
        assert_eq!(rewritten.encode_template(&text), original.encode_template(&text), "{name}: {text:?}");
        reference.set_encode_special_tokens(true);
        assert_eq!(reference.encode(text.as_str(), false).unwrap().get_ids(), ids, "{name}: {text:?}");
        let document = original.encode_document(&text);
        assert_eq!(reference.encode(text.as_str(), true).unwrap().get_ids(), document, "{name}: {text:?}");
        assert_eq!(reference.decode(&ids, true).unwrap(), original.decode(&ids).unwrap(), "{name}: {text:?}");
        if vocabulary.add_space_prefix != Some(true) {
            reference.set_encode_special_tokens(false);
            let ids = original.encode_template(&text);
            assert_eq!(reference.encode(text.as_str(), false).unwrap().get_ids(), ids, "{name}: {text:?}");
        }
    }
}

#[test]
fn every_way_to_cut_bytes() {
    for pre in ["smollm", "gpt-2", "default", "llama-bpe", "qwen2"] {
        for add_bos_token in [None, Some(true)] {
            assert_same_ids(&GgufVocabulary { pre: Some(pre.into()), add_bos_token, ..bytes() });
        }
    }
}

#[test]
fn pieces_with_scores() {
    let mut vocabulary = pieces();
    assert_same_ids(&vocabulary);
    // A sign for unknown characters, a tag, and an id that nothing has.
    for (token, kind) in [("<unk>", 2), ("<table>", 4), ("<unused0>", 5), ("abcab", 1)] {
        vocabulary.tokens.push(token.into());
        vocabulary.token_type.push(kind);
        vocabulary.scores.push(-100.0);
    }
    vocabulary.unknown_token_id = Some(vocabulary.tokens.len() as u32 - 4);
    vocabulary.add_bos_token = Some(false);
    assert_same_ids(&vocabulary);
}

/// Qwen3's files end in ids that nothing uses; those in between keep the numbers of the others.
#[test]
fn spare_ids() {
    let mut vocabulary = bytes();
    for (token, kind) in [("[PAD]", 5), ("</tool>", 4), ("<|new|>", 3), ("[PAD2]", 5), ("[PAD2]", 5)] {
        vocabulary.tokens.push(token.into());
        vocabulary.token_type.push(kind);
    }
    assert_same_ids(&vocabulary);
    let rewritten = ModelTokenizer::from_json(vocabulary.tokenizer_json().unwrap().as_bytes()).unwrap();
    assert_eq!(rewritten.vocab_size(), vocabulary.tokens.len() - 2);
}

#[test]
fn what_such_a_file_cannot_say_is_refused() {
    let mut vocabulary = bytes();
    vocabulary.tokens.push("thethe".into());
    vocabulary.token_type.push(1);
    let error = vocabulary.tokenizer_json().unwrap_err().to_string();
    assert!(error.contains("\"<think>\" is a tag among the tokens of text"), "{error}");
    let mut vocabulary = bytes();
    for (token, kind) in [("[PAD]", 5), ("[PAD]", 5), ("<|new|>", 3)] {
        vocabulary.tokens.push(token.into());
        vocabulary.token_type.push(kind);
    }
    let error = vocabulary.tokenizer_json().unwrap_err().to_string();
    assert_eq!(error, "the token \"[PAD]\" has two ids, 266 and 267");
}
