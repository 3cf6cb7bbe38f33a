//! # Solution 2.1: Byte pair encoding of an unknown word
//!
//! ```text
//! 33901 -> "Ak"
//! 86 -> "w"
//! 343 -> "ir"
//! 86 -> "w"
//! 220 -> " "
//! 959 -> "ier"
//! ```
//!
//! Pieces that occur often in English have an id of their own, the rest is spelled letter by letter. The space is a token
//! of its own because no token ` ier` (space and `ier`) was learned. Put together, the pieces are the text again, byte for
//! byte, so no token for unknown words is needed.
//!
//! All six pieces stand alone. The pieces of 🦀 do not: its four bytes are spread over three ids, and none of them is a
//! character. Decoded alone, each gives the replacement character `�`, which has other ids; decoded together, the
//! three give the crab. So a program that shows a text while it is being generated must wait until a character is complete.
//!
//! # 解答 2.1：用字节对编码处理未知单词
//!
//! ```text
//! 33901 -> "Ak"
//! 86 -> "w"
//! 343 -> "ir"
//! 86 -> "w"
//! 220 -> " "
//! 959 -> "ier"
//! ```
//!
//! 英语中常见的片段有自己的 ID，其余部分逐个字母拼出。空格单独成为一个词元，因为训练时没有学到 ` ier`（空格加 `ier`）
//! 这个词元。把片段拼起来，就逐字节地得到原文，因此不需要表示未知单词的词元。
//!
//! 这六个片段都能独立存在。🦀 的片段则不能：它的四个字节分散在三个 ID 中，没有一个是完整的字符。单独解码时，每个都得到替换字符 `�`，
//! 而替换字符的 ID 与之不同；三个 ID 一起解码，才得到螃蟹。所以，边生成边显示文本的程序必须等到一个字符完整之后再显示。

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
    let piece = |id| {
        let text = tokenizer.decode(&[id])?;
        let ids_again = tokenizer.encode(&text)?;
        Ok(Piece { id, text, ids_again })
    };
    tokenizer.encode(text)?.into_iter().map(piece).collect()
}

/// Whether the text of the piece, encoded alone, gives the id of the piece and nothing else.
pub fn stands_alone(piece: &Piece) -> bool {
    piece.ids_again == [piece.id]
}

/// One line per piece, each with a line break at its end: the id, an arrow, the text in quotes.
pub fn table(pieces: &[Piece]) -> String {
    pieces.iter().map(|piece| format!("{} -> {:?}\n", piece.id, piece.text)).collect()
}
