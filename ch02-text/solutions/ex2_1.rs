//! # Solution 2.1: Byte pair encoding of an unknown word
//!
//! "Akwirw ier" becomes six ids: 33901 `Ak`, 86 `w`, 343 `ir`, 86 `w`, 220 a blank, 959 `ier`. Pieces that occur often
//! in English have an id of their own, the rest is spelled letter by letter. Put together, the pieces are the text
//! again, byte for byte, so no token for unknown words is needed.
//!
//! The blank is a token of its own because no token `Ġier` (blank and `ier`) was learnt.
//!
//! # 解答 2.1：用字节对编码处理未知单词
//!
//! "Akwirw ier" 变成六个 ID：33901 `Ak`、86 `w`、343 `ir`、86 `w`、220 空格、959 `ier`。英语中常见的片段有自己的 ID，
//! 其余部分逐个字母拼出。把这些片段拼起来，就逐字节地得到原文，因此不需要表示未知单词的词元。
//!
//! 空格单独成为一个词元，因为训练时没有学到 `Ġier`（空格加 `ier`）这个词元。

use ch02_text::{Gpt2Tokenizer, TokenizerError};

/// The ids of `text`.
///
/// # Errors
/// If the text contains the end-of-text marker.
pub fn encode(tokenizer: &Gpt2Tokenizer, text: &str) -> Result<Vec<u32>, TokenizerError> {
    tokenizer.encode(text)
}

/// For each id the piece of text that it stands for.
///
/// # Errors
/// If an id is unknown.
pub fn pieces(tokenizer: &Gpt2Tokenizer, ids: &[u32]) -> Result<Vec<String>, TokenizerError> {
    ids.iter().map(|&id| tokenizer.decode(&[id])).collect()
}

/// The text of all ids together.
///
/// # Errors
/// If an id is unknown.
pub fn decode(tokenizer: &Gpt2Tokenizer, ids: &[u32]) -> Result<String, TokenizerError> {
    tokenizer.decode(ids)
}
