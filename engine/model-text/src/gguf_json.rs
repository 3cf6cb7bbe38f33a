//! A GGUF file's tokenizer as the `tokenizer.json` that means the same: what [`json`](crate::json) reads, and the crate
//! `tokenizers` too.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use crate::encoder::possible_merges;
use crate::gguf::{PreTokenizer, byte_merges, score_merges};
use crate::vocabulary::{Kind, SPACE_MARK, Spelling, Token, Vocabulary};
use crate::{GgufVocabulary, ModelTokenizer, TokenizerError};

impl GgufVocabulary {
    /// The text of a `tokenizer.json` that gives every text the ids that this tokenizer gives it.
    ///
    /// # Errors
    /// As [`ModelTokenizer::from_gguf`]; and if a tag stands among the tokens of text, or two unused tokens are alike,
    /// which such a file cannot say.
    pub fn tokenizer_json(&self) -> Result<String, TokenizerError> {
        let tokenizer = ModelTokenizer::from_gguf(self)?;
        let vocabulary = tokenizer.vocabulary();
        let spelling = vocabulary.spelling();
        let (vocab, added) = tokens(self, vocabulary)?;
        let (merges, steps) = match spelling {
            Spelling::Bytes => (byte_merges(self)?, byte_steps(PreTokenizer::of(self.pre.as_deref())?)),
            Spelling::SpaceMarks => {
                (score_merges(self, vocabulary)?, mark_steps(self.add_space_prefix.unwrap_or(true)))
            }
        };
        let mut merges = possible_merges(vocabulary, merges)?;
        merges.retain(|(left, right)| vocab.contains_key(left) && vocab.contains_key(right));
        let unknown = self.unknown_token_id.filter(|_| spelling == Spelling::SpaceMarks);
        let unknown = unknown.and_then(|id| tokenizer.token(id));
        let model = json!({
            "type": "BPE", "dropout": null, "unk_token": unknown, "continuing_subword_prefix": null,
            "end_of_word_suffix": null, "fuse_unk": spelling == Spelling::SpaceMarks,
            "byte_fallback": spelling == Spelling::SpaceMarks, "ignore_merges": steps.whole_pieces,
            "vocab": vocab, "merges": merges,
        });
        let begin = tokenizer.begin_ids().iter().filter_map(|&id| Some((id, tokenizer.token(id)?))).collect::<Vec<_>>();
        let file = json!({
            "version": "1.0", "truncation": null, "padding": null, "added_tokens": added,
            "normalizer": steps.normalizer, "pre_tokenizer": steps.pre_tokenizer,
            "post_processor": post_processor(&begin), "decoder": steps.decoder, "model": model,
        });
        Ok(file.to_string())
    }
}

/// What happens to a text before and after the merging.
struct Steps {
    normalizer: Value,
    pre_tokenizer: Value,
    decoder: Value,
    whole_pieces: bool,
}

fn byte_steps(pre: PreTokenizer) -> Steps {
    let bytes = |use_regex: bool| json!({"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": use_regex});
    let sequence = |first: Value, use_regex| json!({"type": "Sequence", "pretokenizers": [first, bytes(use_regex)]});
    let pattern =
        json!({"type": "Split", "pattern": {"Regex": pre.pattern()}, "behavior": "Isolated", "invert": false});
    Steps {
        normalizer: if pre == PreTokenizer::Qwen2 { json!({"type": "NFC"}) } else { Value::Null },
        pre_tokenizer: match pre {
            PreTokenizer::Gpt2 => bytes(true),
            PreTokenizer::Smollm => sequence(json!({"type": "Digits", "individual_digits": true}), true),
            PreTokenizer::Llama3 | PreTokenizer::Qwen2 => sequence(pattern, false),
        },
        decoder: json!({"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true}),
        whole_pieces: pre == PreTokenizer::Llama3,
    }
}

/// `before`: whether a space is put before a text.
fn mark_steps(before: bool) -> Steps {
    let mark = SPACE_MARK.to_string();
    let marks = json!({"type": "Replace", "pattern": {"String": " "}, "content": mark});
    let prepend = json!({"type": "Prepend", "prepend": mark});
    let spaces = json!({"type": "Replace", "pattern": {"String": mark}, "content": " "});
    let strip = before.then(|| json!({"type": "Strip", "content": " ", "start": 1, "stop": 0}));
    let decoders = [spaces, json!({"type": "ByteFallback"}), json!({"type": "Fuse"})].into_iter().chain(strip);
    Steps {
        normalizer: if before { json!({"type": "Sequence", "normalizers": [prepend, marks]}) } else { marks },
        // It finds no spaces any more, and is in the published files.
        pre_tokenizer: json!({"type": "Split", "pattern": {"String": " "}, "behavior": "MergedWithPrevious", "invert": false}),
        decoder: json!({"type": "Sequence", "decoders": decoders.collect::<Vec<_>>()}),
        whole_pieces: false,
    }
}

/// The vocabulary by text, and the tokens that are cut out of a text before.
///
/// The crate numbers added tokens that the vocabulary does not have one after the other, behind it. Tags are such ones:
/// among the tokens of text they would be taken for pieces of text.
fn tokens(file: &GgufVocabulary, all: &Vocabulary) -> Result<(Map<String, Value>, Vec<Value>), TokenizerError> {
    let is_text = |kind| matches!(kind, Kind::Normal | Kind::Byte(_));
    let (mut behind, mut end) = (0, 0);
    for (id, token) in all.iter() {
        if is_text(token.kind) || all.spelling() == Spelling::SpaceMarks {
            behind = id + 1;
        }
        if token.kind != Kind::Unused {
            end = id + 1;
        }
    }
    let (mut vocab, mut added, mut seen) = (Map::new(), Vec::new(), HashSet::new());
    for (id, token) in all.iter().take_while(|&(id, _)| id < end) {
        let in_vocab = id < behind && (token.kind != Kind::Unused || is_kept(file, id, all.spelling()));
        let is_added = !is_text(token.kind) && (token.kind != Kind::Unused || id >= behind);
        if in_vocab && token.kind == Kind::Tag && all.spelling() == Spelling::Bytes {
            let reason =
                format!("{:?} is a tag among the tokens of text, which a tokenizer.json cannot say", token.text);
            return Err(TokenizerError::BadAddedTokens(reason));
        }
        if (in_vocab || is_added) && !seen.insert(token.text.as_str()) {
            let first = all.iter().find(|(_, other)| other.text == token.text).map_or(id, |(first, _)| first);
            return Err(TokenizerError::TokenTwice { token: token.text.clone(), first, second: id });
        }
        if in_vocab {
            vocab.insert(token.text.clone(), json!(id));
        }
        if is_added {
            added.push(added_token(id, token));
        }
    }
    Ok((vocab, added))
}

/// Whether an unused token stays: as the sign for unknown characters, or so that no number is left out.
fn is_kept(file: &GgufVocabulary, id: u32, spelling: Spelling) -> bool {
    spelling == Spelling::Bytes || file.unknown_token_id == Some(id)
}

fn added_token(id: u32, token: &Token) -> Value {
    let special = matches!(token.kind, Kind::Control | Kind::Unused);
    json!({"id": id, "content": token.text, "single_word": false, "lstrip": false, "rstrip": false, "normalized": false,
        "special": special})
}

/// Puts these tokens before a text.
fn post_processor(begin: &[(u32, &str)]) -> Value {
    if begin.is_empty() {
        return Value::Null;
    }
    let part = |sequence: &str, number: u8| -> Vec<Value> {
        let tokens = begin.iter().map(|(_, token)| json!({"SpecialToken": {"id": token, "type_id": number}}));
        tokens.chain([json!({"Sequence": {"id": sequence, "type_id": number}})]).collect()
    };
    let pair = [part("A", 0), part("B", 1)].concat();
    let special =
        begin.iter().map(|(id, token)| (token.to_string(), json!({"id": token, "ids": [id], "tokens": [token]})));
    let special: Map<_, _> = special.collect();
    json!({"type": "TemplateProcessing", "single": part("A", 0), "pair": pair, "special_tokens": special})
}
