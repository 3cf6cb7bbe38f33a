//! # Exercise 2.1: Byte pair encoding of an unknown word
//!
//! "Akwirw ier" is not English, and no token of GPT-2 stands for one of its two words. Its tokenizer encodes them all the
//! same. Find out how: take the text apart, look at every piece on its own, and put the pieces together again.
//!
//! 1. Write `take_apart`. For each id of the text it makes a `Piece`: the id, the text that this id alone decodes to, and
//!    the ids that you get when you encode that text alone.
//! 2. Write `stands_alone`: whether a piece is encoded to the id that it came from.
//! 3. Write `table`, one line per piece, in the form `33901 -> "Ak"`, with quotes so that a space can be seen.
//!
//! Print the table of "Akwirw ier". How do its pieces come about? Section 2.5 shows it with the word `" tokenizer"`. Do
//! the pieces, put together, give the text again? Then take apart a text with an emoji or with Chinese characters.
//! Which pieces do not stand alone, and why?
//!
//! Hint: `Gpt2Tokenizer::decode` takes a slice, and a slice can have one element: `&[id]`. `{:?}` prints a text with
//! quotes. GPT-2's smallest pieces are bytes, and a character can have several.
//!
//! # 练习 2.1：用字节对编码处理未知单词
//!
//! "Akwirw ier" 不是英语，GPT-2 没有哪个词元代表其中的任何一个单词，但它的分词器照样能给它们编码。请弄清它是怎么做到的：把文本拆开，
//! 单独查看每一个片段，再把片段拼回去。
//!
//! 1. 编写 `take_apart`。它为文本的每个 ID 生成一个 `Piece`：这个 ID、单独解码这个 ID 得到的文本，以及单独编码这段文本得到的 ID。
//! 2. 编写 `stands_alone`：一个片段编码之后，是否恰好得到它原来的那个 ID。
//! 3. 编写 `table`：每个片段一行，形如 `33901 -> "Ak"`，带引号是为了让空格看得见。
//!
//! 打印 "Akwirw ier" 的表格。这些片段是怎么来的？2.5 节用单词 `" tokenizer"` 演示了这个过程。把片段拼起来，能否得到原文？然后拆开一段
//! 带表情符号或汉字的文本。哪些片段不能独立存在，为什么？
//!
//! 提示：`Gpt2Tokenizer::decode` 接受切片，而切片可以只有一个元素：`&[id]`。`{:?}` 打印带引号的文本。GPT-2 最小的片段是字节，
//! 而一个字符可能有好几个字节。
//!
//! Check it: `cargo run -- exercise check 2.1`

use ch02_text::{Gpt2Tokenizer, TokenizerError};

/// What one id of a text stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// The id.
    pub id: u32,
    /// The id alone, decoded.
    pub text: String,
    /// That text alone, encoded again.
    pub ids_again: Vec<u32>,
}

/// The pieces of `text`, one for each of its ids.
///
/// # Errors
/// If the text contains the end-of-text marker.
pub fn take_apart(tokenizer: &Gpt2Tokenizer, text: &str) -> Result<Vec<Piece>, TokenizerError> {
    todo!("exercise 2.1")
}

/// Whether the text of the piece, encoded alone, gives the id of the piece and nothing else.
pub fn stands_alone(piece: &Piece) -> bool {
    todo!("exercise 2.1")
}

/// One line per piece, each with a line break at its end: the id, an arrow, the text in quotes.
pub fn table(pieces: &[Piece]) -> String {
    todo!("exercise 2.1")
}
