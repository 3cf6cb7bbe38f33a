//! The tokenizer of a published model.

use std::path::Path;

use crate::added::{AddedTokens, Part};
use crate::encoder::Encoder;
use crate::vocabulary::{Kind, Vocabulary};
use crate::{GgufVocabulary, TextStream, TokenizerError, gguf, json};

/// The tokenizer of a published model: a byte pair encoder with the model's own vocabulary, and its control tokens.
///
/// Text comes from two sources, and each has its function. [`encode`](Self::encode) is for text of a user, in which
/// nothing is special: `<|im_end|>` is ten characters there. [`encode_template`](Self::encode_template) is for the text of a
/// template, in which it is one control token.
#[derive(Debug)]
pub struct ModelTokenizer {
    vocabulary: Vocabulary,
    encoder: Encoder,
    of_text: AddedTokens,
    of_template: AddedTokens,
    tags: AddedTokens,
    begin: Vec<u32>,
    stop: Vec<u32>,
}

impl ModelTokenizer {
    /// The tokenizer in the file `tokenizer.json` of a model from Hugging Face.
    ///
    /// # Errors
    /// If the file cannot be read, or holds a tokenizer of another kind than those of Llama 3, SmolLM2, Qwen3 and
    /// Gemma 3, or a damaged one.
    pub fn read(path: &Path) -> Result<Self, TokenizerError> {
        let json = std::fs::read(path).map_err(|source| TokenizerError::File { path: path.into(), source })?;
        Self::from_json(&json).map_err(|source| TokenizerError::InFile { path: path.into(), source: Box::new(source) })
    }

    /// The tokenizer in the text of a `tokenizer.json`.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn from_json(json: &[u8]) -> Result<Self, TokenizerError> {
        json::tokenizer(json)
    }

    /// The tokenizer in the metadata of a GGUF file.
    ///
    /// # Errors
    /// If it is of another kind than those of Llama 3, SmolLM2, Qwen3 and Gemma 3, or contradicts itself.
    pub fn from_gguf(vocabulary: &GgufVocabulary) -> Result<Self, TokenizerError> {
        gguf::tokenizer(vocabulary)
    }

    pub(crate) fn new(
        vocabulary: Vocabulary,
        encoder: Encoder,
        begin: Vec<u32>,
        stop: Vec<u32>,
    ) -> Result<Self, TokenizerError> {
        let of_text = AddedTokens::of(&vocabulary, &[Kind::Whole])?;
        let of_template = AddedTokens::of(&vocabulary, &[Kind::Whole, Kind::Control, Kind::Tag])?;
        let tags = AddedTokens::of(&vocabulary, &[Kind::Tag])?;
        Ok(Self { vocabulary, encoder, of_text, of_template, tags, begin, stop })
    }

    /// All tokens.
    pub(crate) fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }

    /// One more than the largest id.
    pub fn vocab_size(&self) -> usize {
        self.vocabulary.len()
    }

    /// The ids of a user's text, in which nothing is special. None of them is a control token or a tag. Bytes that the
    /// vocabulary lacks (in SmolLM2's, a few control characters) are left out.
    pub fn encode(&self, text: &str) -> Vec<u32> {
        self.encode_parts(&self.of_text, text)
    }

    /// As [`encode`](Self::encode), after the ids that the model expects before every text: a begin token for Llama 3 and
    /// Gemma 3, nothing for SmolLM2 and Qwen3.
    ///
    /// The text of a chat template must not be encoded like this: a template writes the begin token itself.
    pub fn encode_document(&self, text: &str) -> Vec<u32> {
        [self.begin.as_slice(), &self.encode(text)].concat()
    }

    /// The ids of the text of a template, in which control tokens and tags stand for themselves.
    pub fn encode_template(&self, text: &str) -> Vec<u32> {
        self.encode_parts(&self.of_template, text)
    }

    fn encode_parts(&self, added: &AddedTokens, text: &str) -> Vec<u32> {
        let mut ids = Vec::new();
        self.encode_split(added.split(text), &mut ids);
        ids
    }

    fn encode_split(&self, parts: Vec<Part<'_>>, ids: &mut Vec<u32>) {
        for part in parts {
            match part {
                Part::Token(id) => ids.push(id),
                Part::Text(text) => {
                    let before = ids.last().and_then(|&id| self.kind(id));
                    self.encoder.encode(text, matches!(before, None | Some(Kind::Control)), ids);
                }
            }
        }
    }

    /// The ids of a template's text in which other characters stand in for those of its contents: no stand-in is part of
    /// a control token or tag, and `restore` gives the real text back.
    pub(crate) fn encode_around(&self, text: &str, restore: impl Fn(&str) -> String) -> Vec<u32> {
        let mut ids = Vec::new();
        let mut run = String::new();
        for part in self.of_template.split(text) {
            match part {
                Part::Token(id) if matches!(self.kind(id), Some(Kind::Control | Kind::Tag)) => {
                    self.encode_split(self.of_text.split(&std::mem::take(&mut run)), &mut ids);
                    ids.push(id);
                }
                // Whole pieces are found again in the real text.
                Part::Token(id) => run.push_str(self.vocabulary.token(id).map_or("", |token| &token.text)),
                Part::Text(text) => run.push_str(&restore(text)),
            }
        }
        self.encode_split(self.of_text.split(&run), &mut ids);
        ids
    }

    /// The text of ids as it is shown, without control tokens. Bytes that form no character become U+FFFD.
    ///
    /// # Errors
    /// [`TokenizerError::UnknownId`]
    pub fn decode(&self, ids: &[u32]) -> Result<String, TokenizerError> {
        let mut bytes = Vec::new();
        for &id in ids {
            bytes.extend_from_slice(&self.shown_bytes(id)?);
        }
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// The text of ids with the names of the control tokens, for whoever wants to see what a model reads.
    ///
    /// # Errors
    /// [`TokenizerError::UnknownId`]
    pub fn decode_with_control_tokens(&self, ids: &[u32]) -> Result<String, TokenizerError> {
        let mut bytes = Vec::new();
        for &id in ids {
            bytes.extend_from_slice(&self.vocabulary.bytes(id)?);
        }
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Decoding id by id, while a model generates.
    pub fn stream(&self) -> TextStream<'_> {
        TextStream::new(self)
    }

    /// The bytes of one id, which can be a part of a character; of a control token, its name.
    ///
    /// # Errors
    /// [`TokenizerError::UnknownId`]
    pub fn token_bytes(&self, id: u32) -> Result<std::borrow::Cow<'_, [u8]>, TokenizerError> {
        self.vocabulary.bytes(id)
    }

    /// What one id adds to the text that is shown.
    pub(crate) fn shown_bytes(&self, id: u32) -> Result<std::borrow::Cow<'_, [u8]>, TokenizerError> {
        let bytes = self.vocabulary.bytes(id)?;
        let hidden = matches!(self.kind(id), Some(Kind::Control | Kind::Unused));
        Ok(if hidden { b"".into() } else { bytes })
    }

    /// What a token is for; `None` if there is no such id.
    pub fn kind(&self, id: u32) -> Option<Kind> {
        self.vocabulary.token(id).ok().map(|token| token.kind)
    }

    /// The id of a control token, a tag, or a token of text in the spelling of its vocabulary.
    pub fn token_id(&self, token: &str) -> Option<u32> {
        match self.of_template.split(token).as_slice() {
            [Part::Token(id)] => Some(*id),
            _ => self.encoder.id(token),
        }
    }

    /// A token in the spelling of its vocabulary, such as `<|im_end|>`; `None` if there is no such id.
    pub fn token(&self, id: u32) -> Option<&str> {
        self.vocabulary.token(id).ok().map(|token| token.text.as_str())
    }

    /// The ids that [`encode_document`](Self::encode_document) puts before a text.
    pub fn begin_ids(&self) -> &[u32] {
        &self.begin
    }

    /// The ids that end an answer, as far as the tokenizer's file says: GGUF does, and Hugging Face has them in
    /// `generation_config.json`.
    pub fn stop_ids(&self) -> &[u32] {
        &self.stop
    }

    /// Control tokens and tags: what has a meaning only in a template.
    pub(crate) fn template_tokens(&self) -> impl Iterator<Item = &str> {
        let tokens = self.vocabulary.iter().map(|(_, token)| token);
        tokens.filter(|token| matches!(token.kind, Kind::Control | Kind::Tag)).map(|token| token.text.as_str())
    }

    /// A text in the order of its tags and of what lies between them.
    pub(crate) fn split_at_tags<'s>(&self, text: &'s str) -> Vec<Part<'s>> {
        self.tags.split(text)
    }
}
