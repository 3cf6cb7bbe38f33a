//! The two files that OpenAI published with GPT-2: the vocabulary (`encoder.json`) and the merges (`vocab.bpe`). In Hugging
//! Face's folders they are called `vocab.json` and `merges.txt`.

use std::collections::HashMap;
use std::path::Path;
use std::sync::LazyLock;

use shared::data::read_text;

use super::byte_table::{byte_table, bytes_of_characters};
use super::pairs::Merges;

/// The byte of each character of the byte table.
static BYTES: LazyLock<HashMap<char, u8>> = LazyLock::new(bytes_of_characters);

/// Why files cannot be read as a byte pair encoding.
#[derive(Debug, thiserror::Error)]
pub enum BpeFileError {
    /// Not JSON, or not of the expected form.
    #[error("the file of the {file} is not of the expected form: {source}")]
    Json {
        /// Vocabulary or merges.
        file: &'static str,
        /// What is wrong.
        source: serde_json::Error,
    },
    /// The ids leave a gap or occur twice.
    #[error("the vocabulary has {len} tokens, but none with the id {missing}")]
    Ids {
        /// Number of tokens.
        len: usize,
        /// The first id, below that number, that no token has.
        missing: usize,
    },
    /// A line that is not two tokens.
    #[error("line {line} of the merges is not two tokens with a space between")]
    Line {
        /// Number of the line, from 1.
        line: usize,
    },
    /// A merge uses a token that the vocabulary does not have.
    #[error("the merges need the token '{0}', which the vocabulary does not have")]
    UnknownToken(String),
    /// A merge uses an id that the vocabulary does not have.
    #[error("the merges need the id {0}, which the vocabulary does not have")]
    UnknownId(u32),
    /// A merge makes another token than its id says.
    #[error("the merge of {left} and {right} makes '{merged}', but its id {new_id} is that of '{token}'")]
    Merge {
        /// First id of the pair.
        left: u32,
        /// Second id of the pair.
        right: u32,
        /// What the two are together.
        merged: String,
        /// The id that the merge names.
        new_id: u32,
        /// The token with this id.
        token: String,
    },
    /// Two merges have the same pair.
    #[error("the merges have the pair {left} and {right} twice")]
    Twice {
        /// First id of the pair.
        left: u32,
        /// Second id of the pair.
        right: u32,
    },
    /// The ids do not tell which merge was learnt first.
    #[error("the merge that makes '{0}' is not in the order of the ids")]
    Order(String),
    /// A byte has no token, or a token is not made of bytes.
    #[error("'{0}' is not a byte of GPT-2's table, or that byte has no token")]
    Byte(char),
    /// There is no token that ends a text.
    #[error("the vocabulary has no token '{}'", crate::END_OF_TEXT)]
    NoEndOfText,
    /// A file cannot be read.
    #[error(transparent)]
    Read(#[from] shared::data::DataError),
    /// A file cannot be written.
    #[error(transparent)]
    Write(#[from] std::io::Error),
}

/// The contents of the two files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gpt2Files {
    /// Tokens in the characters of the [byte table](super::byte_table); the position is the id.
    pub tokens: Vec<String>,
    /// The new id of each pair of ids. Earlier merges have smaller ids.
    pub merges: Merges,
}

impl Gpt2Files {
    /// Reads the contents of `encoder.json` and `vocab.bpe`.
    ///
    /// # Errors
    /// If they are not of the expected form or do not fit together.
    pub fn parse(encoder_json: &str, vocab_bpe: &str) -> Result<Self, BpeFileError> {
        let ids: HashMap<String, u32> =
            serde_json::from_str(encoder_json).map_err(|source| BpeFileError::Json { file: "vocabulary", source })?;
        let id = |token: &str| ids.get(token).copied().ok_or_else(|| BpeFileError::UnknownToken(token.into()));

        let mut merges = Merges::new();
        let mut last = None;
        for (i, line) in vocab_bpe.lines().enumerate() {
            if line.is_empty() || (i == 0 && line.starts_with("#version")) {
                continue;
            }
            let (left, right) = line.split_once(' ').ok_or(BpeFileError::Line { line: i + 1 })?;
            let merged = [left, right].concat();
            let new_id = id(&merged)?;
            if last >= Some(new_id) {
                return Err(BpeFileError::Order(merged));
            }
            last = Some(new_id);
            merges.insert((id(left)?, id(right)?), new_id);
        }
        Ok(Self { tokens: in_order_of_ids(ids.into_iter().map(|(token, id)| (id, token)))?, merges })
    }

    /// Reads the two files.
    ///
    /// # Errors
    /// If one cannot be read, and as [`parse`](Self::parse).
    pub fn read(vocab_json: &Path, merges_txt: &Path) -> Result<Self, BpeFileError> {
        Self::parse(&read_text(vocab_json)?, &read_text(merges_txt)?)
    }

    /// The contents of `vocab.json`: a token and its id on every line.
    pub fn vocab_json(&self) -> String {
        let lines = (0..).zip(&self.tokens).map(|(id, token): (u32, _)| format!("{}:{id}", serde_json::json!(token)));
        format!("{{\n{}\n}}\n", lines.collect::<Vec<_>>().join(",\n"))
    }

    /// The contents of `merges.txt`: the two tokens of every merge, in the order of training.
    pub fn merges_txt(&self) -> String {
        let mut merges: Vec<_> = self.merges.iter().map(|(&pair, &new_id)| (new_id, pair)).collect();
        merges.sort_unstable();
        let token = |id: u32| &self.tokens[id as usize];
        let lines = merges.into_iter().map(|(_, (left, right))| format!("{} {}\n", token(left), token(right)));
        format!("#version: 0.2\n{}", lines.collect::<String>())
    }

    /// The id of a token, which is given in the characters of the byte table.
    pub fn id(&self, token: &str) -> Option<u32> {
        self.tokens.iter().position(|other| other == token).map(|id| id as u32)
    }

    /// The bytes of the token with this id. A character that stands for no byte, as one in a special token may, is itself.
    pub fn bytes(&self, id: u32) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        for c in self.tokens.get(id as usize)?.chars() {
            match BYTES.get(&c) {
                Some(&byte) => bytes.push(byte),
                None => bytes.extend(c.encode_utf8(&mut [0; 4]).bytes()),
            }
        }
        Some(bytes)
    }

    /// The id of each byte.
    ///
    /// # Errors
    /// [`BpeFileError::Byte`] with the character of the first byte that has no token.
    pub fn byte_ids(&self) -> Result<[u32; 256], BpeFileError> {
        let ids: HashMap<&str, u32> = self.tokens.iter().map(String::as_str).zip(0..).collect();
        let mut byte_ids = [0; 256];
        for (id, c) in byte_ids.iter_mut().zip(byte_table()) {
            *id = *ids.get(c.encode_utf8(&mut [0; 4]) as &str).ok_or(BpeFileError::Byte(c))?;
        }
        Ok(byte_ids)
    }
}

/// The tokens as a list in which the position is the id.
pub(super) fn in_order_of_ids(tokens: impl IntoIterator<Item = (u32, String)>) -> Result<Vec<String>, BpeFileError> {
    let mut tokens: Vec<(u32, String)> = tokens.into_iter().collect();
    tokens.sort_unstable();
    match tokens.iter().enumerate().find(|(place, (id, _))| *place != *id as usize) {
        Some((missing, _)) => Err(BpeFileError::Ids { len: tokens.len(), missing }),
        None => Ok(tokens.into_iter().map(|(_, token)| token).collect()),
    }
}
