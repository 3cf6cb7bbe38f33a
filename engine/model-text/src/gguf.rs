//! The tokenizer in the metadata of a GGUF file: the keys `tokenizer.ggml.*`.

use std::collections::HashMap;

use crate::encoder::{Encoder, Rules};
use crate::normalize::Normalizer;
use crate::pieces::{Cut, GPT2, LLAMA3, Pattern, QWEN2};
use crate::vocabulary::{Kind, Spelling, Token, Vocabulary, byte_of};
use crate::{ModelTokenizer, TokenizerError, scores};

/// What a GGUF file says about its tokenizer. The names are those of the keys, after `tokenizer.ggml.`; lists that the
/// file does not have are empty.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs, reason = "the names of the keys say what the fields are")]
pub struct GgufVocabulary {
    pub model: String,
    pub pre: Option<String>,
    pub tokens: Vec<String>,
    pub merges: Vec<String>,
    pub scores: Vec<f32>,
    pub token_type: Vec<i32>,
    pub bos_token_id: Option<u32>,
    pub eos_token_id: Option<u32>,
    pub eot_token_id: Option<u32>,
    pub unknown_token_id: Option<u32>,
    pub padding_token_id: Option<u32>,
    pub add_bos_token: Option<bool>,
    pub add_space_prefix: Option<bool>,
}

/// See [`ModelTokenizer::from_gguf`].
pub(crate) fn tokenizer(file: &GgufVocabulary) -> Result<ModelTokenizer, TokenizerError> {
    match file.model.as_str() {
        "gpt2" => byte_pairs(file),
        "llama" => with_scores(file),
        other => {
            let known = "gpt2 (byte pairs) and llama (pieces with scores)";
            Err(TokenizerError::Unsupported { part: "tokenizer.ggml.model", found: format!("{other:?}"), known })
        }
    }
}

fn byte_pairs(file: &GgufVocabulary) -> Result<ModelTokenizer, TokenizerError> {
    let pre = PreTokenizer::of(file.pre.as_deref())?;
    let vocabulary = vocabulary(file, Spelling::Bytes)?;
    let (is_llama3, merges) = (pre == PreTokenizer::Llama3, byte_merges(file)?);
    let rules = Rules { normalizer: pre.normalizer(), cuts: pre.cuts()?, merges, whole_pieces: is_llama3 };
    let encoder = Encoder::new(&vocabulary, rules)?;
    finish(file, vocabulary, encoder, is_llama3)
}

fn with_scores(file: &GgufVocabulary) -> Result<ModelTokenizer, TokenizerError> {
    same_length(file, "scores", file.scores.len())?;
    let vocabulary = vocabulary(file, Spelling::SpaceMarks)?;
    let normalizer = Normalizer::SpaceMarks { before: file.add_space_prefix.unwrap_or(true) };
    let merges = score_merges(file, &vocabulary)?;
    let encoder = Encoder::new(&vocabulary, Rules { normalizer, cuts: vec![], merges, whole_pieces: false })?;
    finish(file, vocabulary, encoder, true)
}

/// How text is cut into pieces, by the name in `tokenizer.ggml.pre`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PreTokenizer {
    Smollm,
    Gpt2,
    Llama3,
    Qwen2,
}

impl PreTokenizer {
    pub fn of(name: Option<&str>) -> Result<Self, TokenizerError> {
        Ok(match name {
            Some("smollm") => Self::Smollm,
            Some("gpt-2" | "default") => Self::Gpt2,
            Some("llama-bpe" | "llama3" | "llama-v3") => Self::Llama3,
            Some("qwen2") => Self::Qwen2,
            other => {
                let found = other.map_or_else(|| "not given".to_string(), |name| format!("{name:?}"));
                let known = "smollm, llama-bpe, llama3, llama-v3, qwen2, gpt-2 and default";
                return Err(TokenizerError::Unsupported { part: "tokenizer.ggml.pre", found, known });
            }
        })
    }

    /// The pattern that pieces match.
    pub fn pattern(self) -> &'static str {
        match self {
            Self::Smollm | Self::Gpt2 => GPT2,
            Self::Llama3 => LLAMA3,
            Self::Qwen2 => QWEN2,
        }
    }

    fn cuts(self) -> Result<Vec<Cut>, TokenizerError> {
        let digits = (self == Self::Smollm).then_some(Cut::Digits);
        Ok(digits.into_iter().chain([Cut::Pattern(Pattern::new(self.pattern())?)]).collect())
    }

    fn normalizer(self) -> Normalizer {
        if self == Self::Qwen2 { Normalizer::Composed } else { Normalizer::None }
    }
}

/// The merges of a file with byte pairs.
pub(crate) fn byte_merges(file: &GgufVocabulary) -> Result<Vec<(String, String)>, TokenizerError> {
    file.merges.iter().enumerate().map(|(at, merge)| two_tokens(at + 1, merge)).collect()
}

/// The merges that follow from the scores of a file.
pub(crate) fn score_merges(
    file: &GgufVocabulary,
    vocabulary: &Vocabulary,
) -> Result<Vec<(String, String)>, TokenizerError> {
    let mut tokens = Vec::new();
    for ((_, token), &score) in vocabulary.iter().zip(&file.scores) {
        if !score.is_finite() {
            return Err(TokenizerError::BadScore { token: token.text.clone(), score });
        }
        if token.kind == Kind::Normal {
            tokens.push((token.text.as_str(), score));
        }
    }
    scores::merges(&tokens)
}

fn same_length(file: &GgufVocabulary, list: &'static str, found: usize) -> Result<(), TokenizerError> {
    let tokens = file.tokens.len();
    if found == tokens { Ok(()) } else { Err(TokenizerError::OtherLength { list, tokens, found }) }
}

fn vocabulary(file: &GgufVocabulary, spelling: Spelling) -> Result<Vocabulary, TokenizerError> {
    if !file.token_type.is_empty() {
        same_length(file, "token types", file.token_type.len())?;
    }
    let ends = [("bos", file.bos_token_id), ("eos", file.eos_token_id), ("eot", file.eot_token_id)];
    let others = [("unknown", file.unknown_token_id), ("padding", file.padding_token_id)];
    for (name, id) in ends.into_iter().chain(others) {
        if let Some(id) = id.filter(|&id| id as usize >= file.tokens.len()) {
            let (what, tokens) = (format!("the {name} token"), file.tokens.len());
            return Err(TokenizerError::IdOutside { what, id: id.into(), tokens });
        }
    }
    let mut tokens = Vec::with_capacity(file.tokens.len());
    let mut ids = HashMap::with_capacity(file.tokens.len());
    for (id, text) in (0..).zip(&file.tokens) {
        let mut kind = kind(text, file.token_type.get(id as usize).copied().unwrap_or(1), spelling)?;
        if ends.iter().any(|(_, end)| *end == Some(id)) {
            kind = Kind::Control;
        }
        if kind != Kind::Unused
            && let Some(first) = ids.insert(text.as_str(), id)
        {
            return Err(TokenizerError::TokenTwice { token: text.clone(), first, second: id });
        }
        tokens.push(Some(Token { text: text.clone(), kind }));
    }
    Vocabulary::new(tokens, spelling)
}

/// What a token of this type is for.
fn kind(text: &str, token_type: i32, spelling: Spelling) -> Result<Kind, TokenizerError> {
    let wrong = || TokenizerError::TokenType { token: text.to_string(), found: token_type };
    Ok(match token_type {
        1 => Kind::Normal,
        2 | 5 => Kind::Unused,
        3 => Kind::Control,
        4 => user_defined(text, spelling == Spelling::SpaceMarks),
        6 => Kind::Byte(byte_of(text).ok_or_else(wrong)?),
        _ => return Err(wrong()),
    })
}

/// A token that was added by hand and is no control token: a tag such as Qwen's `<think>`, or a piece of text such as
/// Gemma's `<table>`, which was in the vocabulary when the model learned to read.
pub(crate) fn user_defined(text: &str, learned: bool) -> Kind {
    let looks_like_control = text.starts_with("<|") && text.ends_with("|>");
    let is_space = text.chars().all(char::is_whitespace);
    if is_space || (learned && !looks_like_control) { Kind::Whole } else { Kind::Tag }
}

pub(crate) fn two_tokens(number: usize, merge: &str) -> Result<(String, String), TokenizerError> {
    match merge.split_once(' ') {
        Some((left, right)) if !left.is_empty() && !right.is_empty() && !right.contains(' ') => {
            Ok((left.to_string(), right.to_string()))
        }
        _ => Err(TokenizerError::BadMerge { number, merge: merge.to_string() }),
    }
}

/// `begins`: whether a text gets a begin token when the file does not say it.
fn finish(
    file: &GgufVocabulary,
    vocabulary: Vocabulary,
    encoder: Encoder,
    begins: bool,
) -> Result<ModelTokenizer, TokenizerError> {
    let begin = file.bos_token_id.filter(|_| file.add_bos_token.unwrap_or(begins));
    let mut stop: Vec<u32> = [file.eos_token_id, file.eot_token_id].into_iter().flatten().collect();
    stop.dedup();
    ModelTokenizer::new(vocabulary, encoder, begin.into_iter().collect(), stop)
}
