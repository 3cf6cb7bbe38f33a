//! Text to ids and back, with small vocabularies.

mod common;

use common::{bytes, json, pieces, smollm_cuts, tokenizer};
use model_text::{GgufVocabulary, Kind, ModelTokenizer};
use serde_json::{Value, json};

#[test]
fn only_a_template_has_control_tokens_and_tags() {
    let tokenizer = tokenizer(&bytes());
    let text = "the<|im_end|><think>";
    let ids = tokenizer.encode(text);
    assert!(ids.iter().all(|&id| tokenizer.kind(id) == Some(Kind::Normal)), "{ids:?}");
    assert_eq!(tokenizer.decode(&ids).unwrap(), text);
    let ids = tokenizer.encode_template(text);
    let the = tokenizer.token_id("the").unwrap();
    assert_eq!(ids, [the, 2, 264]);
    assert_eq!(tokenizer.decode(&ids).unwrap(), "the<think>", "a control token is not shown, a tag is");
    assert_eq!(tokenizer.decode_with_control_tokens(&ids).unwrap(), text);
    assert_eq!((tokenizer.token(2), tokenizer.token_id("<think>")), (Some("<|im_end|>"), Some(264)));
}

#[test]
fn a_control_token_that_is_a_word_is_text_for_a_user() {
    // Llama 3 takes a piece that is a token whole.
    let mut vocabulary = bytes();
    vocabulary.pre = Some("llama-bpe".into());
    vocabulary.tokens[0] = "stop".into();
    vocabulary.tokens[1] = "x".into();
    let x = vocabulary.tokens.iter().rposition(|token| token == "x").unwrap();
    vocabulary.tokens[x] = "unused".into();
    let error = ModelTokenizer::from_gguf(&vocabulary).unwrap_err();
    assert_eq!(error.to_string(), "the vocabulary has no token for the byte 0x78");
    vocabulary.tokens[x] = "x".into();
    vocabulary.tokens[1] = "stop it".into();
    let tokenizer = tokenizer(&vocabulary);
    assert!(!tokenizer.encode("stop it").iter().any(|id| [0, 1].contains(id)));
    assert_eq!(tokenizer.encode_template("stop it"), [1], "of two beginnings the longer");
}

#[test]
fn merges_that_make_a_control_token_are_left_out() {
    let mut vocabulary = bytes();
    vocabulary.tokens[0] = "<||>".into();
    vocabulary.merges.push("<| |>".into());
    let tokenizer = tokenizer(&vocabulary);
    assert_eq!(tokenizer.encode("<||>"), [tokenizer.token_id("<|").unwrap(), tokenizer.token_id("|>").unwrap()]);
    assert_eq!(tokenizer.encode_template("<||>"), [0]);
}

#[test]
fn begin_and_stop_ids_are_those_of_the_file() {
    let mut vocabulary = bytes();
    assert_eq!(tokenizer(&vocabulary).encode_document("the"), tokenizer(&vocabulary).encode("the"));
    vocabulary.add_bos_token = Some(true);
    let with_begin = tokenizer(&vocabulary);
    assert_eq!(with_begin.encode_document("the")[0], 1);
    assert_eq!((with_begin.begin_ids(), with_begin.stop_ids()), ([1].as_slice(), [2, 0].as_slice()));
    vocabulary.add_bos_token = None;
    vocabulary.pre = Some("llama-bpe".into());
    assert_eq!(
        tokenizer(&vocabulary).encode_document("the")[0],
        1,
        "Llama 3 begins with a token unless the file says no"
    );
    assert_eq!(tokenizer(&pieces()).encode_document("a")[0], 2, "and so do pieces with scores");
}

#[test]
fn a_stream_holds_half_characters_back() {
    let tokenizer = tokenizer(&bytes());
    let ids = tokenizer.encode_template("a茶<|im_end|>👩 b");
    let mut stream = tokenizer.stream();
    let texts: Vec<String> = ids.iter().map(|&id| stream.push(id).unwrap()).collect();
    assert_eq!(texts, ["a", "", "", "茶", "", "", "", "", "👩", " ", "b"]);
    assert_eq!(stream.finish(), "");

    let mut stream = tokenizer.stream();
    for &id in &tokenizer.encode("茶")[..2] {
        assert_eq!(stream.push(id).unwrap(), "");
    }
    assert_eq!(stream.push(tokenizer.encode("b")[0]).unwrap(), "\u{fffd}b", "no byte can complete it any more");
    stream.push(tokenizer.encode("茶")[0]).unwrap();
    assert_eq!(stream.finish(), "\u{fffd}");
}

#[test]
fn ids_outside_the_vocabulary_are_refused() {
    let tokenizer = tokenizer(&bytes());
    let error = tokenizer.decode(&[5, 266]).unwrap_err();
    assert_eq!(error.to_string(), "no token has the id 266; the vocabulary has the ids 0 to 265");
    assert!(tokenizer.decode_with_control_tokens(&[u32::MAX]).is_err());
    assert!(tokenizer.stream().push(266).is_err());
    assert_eq!((tokenizer.kind(266), tokenizer.token(266)), (None, None));
}

#[test]
fn neighbours_with_the_best_score_are_joined() {
    let tokenizer = tokenizer(&pieces());
    let spelled = |text: &str| -> Vec<String> {
        tokenizer.encode(text).iter().map(|&id| tokenizer.token(id).unwrap().to_string()).collect()
    };
    // "ab" has a better score than "▁a" and "bc"; "▁ab" is made of "▁" and "ab".
    assert_eq!(spelled("abc ab"), ["abc", "▁ab"]);
    assert_eq!(spelled("aaaaa"), ["aa", "aaa"], "pairs from the left, then the last pair and what is left");
    assert_eq!(spelled("a  \n\nb"), ["a", "  ", "\n\n", "b"], "runs are found first");
    assert_eq!(spelled("aéc"), ["a", "<0xC3>", "<0xA9>", "c"]);
    assert_eq!(spelled("<eos>"), ["<", "<0x65>", "os", ">"], "text of a user");
    assert_eq!(tokenizer.encode_template("<eos>"), [1]);
    for text in ["abc ab  \n\n aé<eos>", " a", ""] {
        assert_eq!(tokenizer.decode(&tokenizer.encode(text)).unwrap(), text);
    }
    let mut vocabulary = pieces();
    vocabulary.add_space_prefix = None;
    let with_space = common::tokenizer(&vocabulary);
    assert_eq!(with_space.encode("ab"), tokenizer.encode(" ab"), "a space before a text is the default");
}

#[test]
fn accents_are_composed_where_the_model_wants_it() {
    let qwen = tokenizer(&bytes());
    assert_eq!(qwen.encode("e\u{301}"), qwen.encode("é"));
    let plain = tokenizer(&GgufVocabulary { pre: Some("smollm".into()), ..bytes() });
    assert_ne!(plain.encode("e\u{301}"), plain.encode("é"));
}

#[test]
fn a_tokenizer_json_gives_the_ids_of_the_gguf_file() {
    let gguf = GgufVocabulary { pre: Some("smollm".into()), ..bytes() };
    let json = json(&gguf, Value::Null, smollm_cuts()).to_string();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tokenizer.json");
    std::fs::write(&path, &json).unwrap();
    let (gguf, from_json) = (tokenizer(&gguf), ModelTokenizer::read(&path).unwrap());
    for text in ["the   5 <|the|> cat", "<|im_start|>the<think>1\n</think><|im_end|>", "é茶\u{0}"] {
        assert_eq!(gguf.encode(text), from_json.encode(text));
        assert_eq!(gguf.encode_template(text), from_json.encode_template(text));
    }
    assert_eq!(gguf.vocab_size(), from_json.vocab_size());
}

/// The steps of a `tokenizer.json` give the ids that the crate `tokenizers` gives, which runs them all.
#[test]
fn every_familys_steps_are_those_of_the_crate() {
    let split = |pattern: &str| json!({"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": false});
    let bytes_only = json!({"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": false, "use_regex": false});
    let sequence = |pattern| json!({"type": "Sequence", "pretokenizers": [split(pattern), bytes_only]});
    let llama = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
    let qwen = llama.replace("{1,3}", "");
    let families =
        [(Value::Null, smollm_cuts()), (Value::Null, sequence(llama)), (json!({"type": "NFC"}), sequence(&qwen))];
    for (normalizer, cuts) in families {
        let json = json(&bytes(), normalizer, cuts).to_string();
        let ours = ModelTokenizer::from_json(json.as_bytes()).unwrap();
        let reference: tokenizers::Tokenizer = json.parse().unwrap();
        for text in [
            include_str!("tokenizer.rs"),
            include_str!("golden/tokens.json"),
            "e\u{301} \u{1100}\u{1161} <|im_end|> <think>the</think>",
        ] {
            assert_eq!(ours.encode_template(text), reference.encode(text, false).unwrap().get_ids());
        }
    }
}

#[test]
fn pieces_in_a_tokenizer_json_are_those_of_the_crate() {
    let vocabulary = pieces();
    let mut json = json(
        &vocabulary,
        json!({"type": "Replace", "pattern": {"String": " "}, "content": "▁"}),
        json!({
        "type": "Split", "pattern": {"String": " "}, "behavior": "MergedWithPrevious", "invert": false}),
    );
    json["model"]["merges"] = json!([["a", "b"], ["▁", "a"], ["▁", "ab"], ["ab", "c"], ["a", "a"], ["aa", "a"]]);
    json["model"]["byte_fallback"] = json!(true);
    let model = json["model"]["vocab"].as_object_mut().unwrap();
    model.insert("\n\n".into(), json!(4));
    json["added_tokens"].as_array_mut().unwrap().retain(|token| token["special"] == true || token["id"] == 4);
    json["post_processor"] = json!({"type": "TemplateProcessing",
        "single": [{"SpecialToken": {"id": "<bos>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
        "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
        "special_tokens": {"<bos>": {"id": "<bos>", "ids": [2], "tokens": ["<bos>"]}}});
    json["decoder"] = Value::Null;
    let json = json.to_string();
    let ours = ModelTokenizer::from_json(json.as_bytes()).unwrap();
    let mut reference: tokenizers::Tokenizer = json.parse().unwrap();
    reference.set_encode_special_tokens(true);
    for text in ["abc ab  aa aaaa\n\nb\n\n\n", "a b  é▁茶 <eos>", ""] {
        assert_eq!(ours.encode_document(text), reference.encode(text, true).unwrap().get_ids(), "{text:?}");
    }
}
