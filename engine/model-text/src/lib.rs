//! Text for published models: their tokenizers and chat templates.
//!
//! GPT-2's tokenizer is part of the lessons, and so is its vocabulary. Later models bring their own, in `tokenizer.json` or
//! in a GGUF file, with control tokens and a template that turns a conversation into a text.
//!
//! | module | what |
//! |---|---|
//! | [`ModelTokenizer`] | text to ids and back, for Llama 3, SmolLM2, Qwen3 and Gemma 3 |
//! | [`TextStream`] | ids to text while a model generates |
//! | [`GgufVocabulary`] | what a GGUF file says about its tokenizer, and the `tokenizer.json` that says the same |
//! | [`DocumentTokenizer`] | texts that stand alone, with a token that ends them |
//! | [`ChatTemplate`] | conversations to text and to ids |
//! | `json` | what a `tokenizer.json` says |
//! | `normalize`, `pieces`, `encoder` | the three steps from a text to ids |
//! | `added`, `vocabulary`, `scores` | control tokens, tokens by id, merges that follow from scores |
//!
//! The files may come from elsewhere, so nothing in them is trusted: a vocabulary that contradicts itself is refused with
//! the reason, and a text of a user never becomes a control token.

#![warn(clippy::unwrap_used)]

mod added;
mod chat;
mod documents;
mod encoder;
mod error;
mod gguf;
mod gguf_json;
mod json;
mod normalize;
mod pieces;
mod scores;
mod stream;
mod tokenizer;
mod vocabulary;

pub use chat::{ChatError, ChatOptions, ChatTemplate, Message, Role};
pub use documents::{DocumentTokenizer, end_of_text_id};
pub use error::TokenizerError;
pub use gguf::GgufVocabulary;
pub use stream::TextStream;
pub use tokenizer::ModelTokenizer;
pub use vocabulary::Kind;
