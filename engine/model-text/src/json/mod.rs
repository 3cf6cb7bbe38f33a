//! The tokenizer in a `tokenizer.json` of Hugging Face.
//!
//! The file describes a chain of steps, each of one of many kinds. Those of the models here are known, and a file with
//! any other is refused: a step that is skipped gives other ids, and nothing else would show it.

mod steps;

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::encoder::{Encoder, Rules};
use crate::gguf::{two_tokens, user_defined};
use crate::vocabulary::{Kind, Spelling, Token, Vocabulary, byte_of};
use crate::{ModelTokenizer, TokenizerError};

#[derive(Deserialize)]
struct File<'f> {
    #[serde(default)]
    added_tokens: Vec<Added>,
    #[serde(default)]
    normalizer: Value,
    #[serde(default)]
    pre_tokenizer: Value,
    #[serde(default)]
    post_processor: Value,
    #[serde(borrow)]
    model: &'f RawValue,
}

#[derive(Deserialize)]
struct Added {
    id: u64,
    content: String,
    #[serde(default)]
    single_word: bool,
    #[serde(default)]
    lstrip: bool,
    #[serde(default)]
    rstrip: bool,
    #[serde(default)]
    special: bool,
}

#[derive(Deserialize)]
struct ModelKind {
    #[serde(rename = "type", default)]
    kind: Option<String>,
}

#[derive(Deserialize)]
struct Model {
    vocab: HashMap<String, u64>,
    merges: Vec<Merge>,
    #[serde(default)]
    unk_token: Option<String>,
    #[serde(default)]
    dropout: Option<f32>,
    #[serde(default)]
    continuing_subword_prefix: Option<String>,
    #[serde(default)]
    end_of_word_suffix: Option<String>,
    #[serde(default)]
    byte_fallback: bool,
    #[serde(default)]
    ignore_merges: bool,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Merge {
    Pair(String, String),
    Text(String),
}

/// See [`ModelTokenizer::from_json`].
pub(crate) fn tokenizer(json: &[u8]) -> Result<ModelTokenizer, TokenizerError> {
    let file: File = serde_json::from_slice(json)?;
    let model = model(file.model)?;
    let (cuts, spelling) = steps::cuts(&file.pre_tokenizer, model.byte_fallback)?;
    let normalizer = steps::normalizer(&file.normalizer, spelling)?;
    let vocabulary = vocabulary(&model, &file.added_tokens, spelling)?;
    let begin = begin(&file.post_processor, &file.added_tokens)?;
    let merges = model.merges.into_iter().enumerate().map(|(at, merge)| match merge {
        Merge::Pair(left, right) => Ok((left, right)),
        Merge::Text(text) => two_tokens(at + 1, &text),
    });
    let merges = merges.collect::<Result<_, _>>()?;
    let rules = Rules { normalizer, cuts, merges, whole_pieces: model.ignore_merges };
    let encoder = Encoder::new(&vocabulary, rules)?;
    ModelTokenizer::new(vocabulary, encoder, begin, vec![])
}

fn model(json: &RawValue) -> Result<Model, TokenizerError> {
    let kind: ModelKind = serde_json::from_str(json.get())?;
    let refused = |found: String| {
        Err(TokenizerError::Unsupported { part: "model", found, known: "BPE without dropout, prefix and suffix" })
    };
    if let Some(kind) = kind.kind.filter(|kind| kind != "BPE") {
        return refused(format!("{kind:?}"));
    }
    let model: Model = serde_json::from_str(json.get())?;
    let is_set = |text: &Option<String>| text.as_ref().is_some_and(|text| !text.is_empty());
    if model.dropout.is_some_and(|dropout| dropout != 0.0) {
        return refused("BPE with dropout".into());
    }
    if is_set(&model.continuing_subword_prefix) || is_set(&model.end_of_word_suffix) {
        return refused("BPE with a prefix or suffix for parts of words".into());
    }
    Ok(model)
}

fn vocabulary(model: &Model, added: &[Added], spelling: Spelling) -> Result<Vocabulary, TokenizerError> {
    let count = model.vocab.len() + added.len();
    let mut tokens: Vec<Option<Token>> = Vec::new();
    for token in added {
        if token.lstrip || token.rstrip || token.single_word {
            let reason = format!("{:?} looks at the text beside it, which is not supported", token.content);
            return Err(TokenizerError::BadAddedTokens(reason));
        }
        let first = model.vocab.get(&token.content).copied();
        if let Some(first) = first.filter(|&first| first != token.id) {
            let (first, second) = (id(&token.content, first, count)?, id(&token.content, token.id, count)?);
            return Err(TokenizerError::TokenTwice { token: token.content.clone(), first, second });
        }
        let kind = if token.special { Kind::Control } else { user_defined(&token.content, first.is_some()) };
        insert(&mut tokens, token.id, Token { text: token.content.clone(), kind }, count)?;
    }
    for (text, &at) in &model.vocab {
        let is_added = tokens
            .get(id(text, at, count)? as usize)
            .is_some_and(|token| token.as_ref().is_some_and(|token| token.text == *text));
        if !is_added {
            let byte = byte_of(text).filter(|_| spelling == Spelling::SpaceMarks);
            let kind = match byte {
                Some(byte) => Kind::Byte(byte),
                None if model.unk_token.as_ref() == Some(text) => Kind::Unused,
                None => Kind::Normal,
            };
            insert(&mut tokens, at, Token { text: text.clone(), kind }, count)?;
        }
    }
    no_text_twice(&tokens)?;
    Vocabulary::new(tokens, spelling)
}

/// An id that is not far beyond the number of tokens: the list of all ids must not be larger than the file justifies.
fn id(token: &str, id: u64, tokens: usize) -> Result<u32, TokenizerError> {
    let small = u32::try_from(id).ok().filter(|&id| (id as usize) < tokens.saturating_mul(2));
    small.ok_or_else(|| TokenizerError::IdOutside { what: format!("the token {token:?}"), id, tokens })
}

fn insert(tokens: &mut Vec<Option<Token>>, at: u64, token: Token, count: usize) -> Result<(), TokenizerError> {
    let id = id(&token.text, at, count)?;
    let place = id as usize;
    if place >= tokens.len() {
        tokens.resize(place + 1, None);
    }
    match &tokens[place] {
        Some(first) => Err(TokenizerError::IdTwice { id, first: first.text.clone(), second: token.text }),
        None => {
            tokens[place] = Some(token);
            Ok(())
        }
    }
}

fn no_text_twice(tokens: &[Option<Token>]) -> Result<(), TokenizerError> {
    let mut ids = HashMap::with_capacity(tokens.len());
    for (second, token) in (0..).zip(tokens) {
        if let Some(token) = token
            && let Some(first) = ids.insert(token.text.as_str(), second)
        {
            return Err(TokenizerError::TokenTwice { token: token.text.clone(), first, second });
        }
    }
    Ok(())
}

/// The ids that the last step puts before a text.
fn begin(post_processor: &Value, added: &[Added]) -> Result<Vec<u32>, TokenizerError> {
    let tokens = steps::before_text(post_processor)?;
    let id = |name: &String| {
        let token = added.iter().find(|token| token.content == *name);
        let id = token.and_then(|token| u32::try_from(token.id).ok());
        id.ok_or_else(|| TokenizerError::BadAddedTokens(format!("{name:?} begins every text and is not among them")))
    };
    tokens.iter().map(id).collect()
}
