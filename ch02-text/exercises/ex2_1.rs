//! # Exercise 2.1: Byte pair encoding of an unknown word
//!
//! GPT-2's tokenizer was not made for the words "Akwirw ier", but it encodes them all the same. Find out how:
//!
//! 1. `encode` a text to its ids;
//! 2. decode every id on its own with `pieces`, to see which part of the text it stands for;
//! 3. `decode` the whole list, to get the text back.
//!
//! Print all three for "Akwirw ier" if you like, and compare with the drawing in section 2.5.
//!
//! Hint: `Gpt2Tokenizer::decode` takes a slice, and a slice can have one element: `&[id]`.
//!
//! # 练习 2.1：用字节对编码处理未知单词
//!
//! GPT-2 的分词器从来没有见过 "Akwirw ier" 这样的词，但照样能给它编码。请弄清它是怎么做到的：
//!
//! 1. 用 `encode` 把一段文本变成词元 ID；
//! 2. 用 `pieces` 把每个 ID 单独解码，看看它代表文本的哪一部分；
//! 3. 用 `decode` 把整个列表解码，还原出原文。
//!
//! 可以把 "Akwirw ier" 的这三个结果打印出来，与 2.5 节的插图对照。
//!
//! 提示：`Gpt2Tokenizer::decode` 接受切片，而切片可以只有一个元素：`&[id]`。
//!
//! Check it: `cargo run -- exercise check 2.1`

use ch02_text::{Gpt2Tokenizer, TokenizerError};

/// The ids of `text`.
///
/// # Errors
/// If the text contains the end-of-text marker.
pub fn encode(tokenizer: &Gpt2Tokenizer, text: &str) -> Result<Vec<u32>, TokenizerError> {
    todo!("exercise 2.1")
}

/// For each id the piece of text that it stands for.
///
/// # Errors
/// If an id is unknown.
pub fn pieces(tokenizer: &Gpt2Tokenizer, ids: &[u32]) -> Result<Vec<String>, TokenizerError> {
    todo!("exercise 2.1")
}

/// The text of all ids together.
///
/// # Errors
/// If an id is unknown.
pub fn decode(tokenizer: &Gpt2Tokenizer, ids: &[u32]) -> Result<String, TokenizerError> {
    todo!("exercise 2.1")
}
