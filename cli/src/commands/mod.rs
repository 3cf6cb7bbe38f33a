//! The commands, one module each.

pub mod bench;
pub mod book;
pub mod chat;
mod chat_input;
mod chat_line;
pub mod classify;
pub mod completions;
pub mod data;
pub mod eval;
pub mod exercise;
pub mod generate;
pub mod in_chinese;
pub mod info;
pub mod instruct;
pub mod man;
pub mod notebook;
pub mod pretrain;
pub mod serve;
pub mod tokenizer;
pub mod weights;
pub mod welcome;
