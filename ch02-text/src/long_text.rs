//! Encoding one long text on several threads (bonus of section 2.5).
//!
//! GPT-2's pattern splits a text into pieces before any pair is merged: an optional space and letters, or digits, or
//! other characters; a contraction; a run of whitespace. No piece has whitespace after anything else, so a piece always
//! ends before whitespace that follows a visible character. And since the pattern never looks back, the rest of the
//! text is split in the same way with the text before it and without. In the same way a piece always ends between a
//! letter and a comma or a full stop, which is where a text without spaces is cut, such as a Chinese one.

use std::num::NonZero;
use std::thread;

use crate::Gpt2Tokenizer;

/// Bytes of text from which on another thread saves more time than it takes to start.
const WORTH_A_THREAD: usize = 50_000;

/// The ids of a text, as [`Gpt2Tokenizer::encode_with_end_of_text`] gives them. A long text is encoded by all cores.
pub fn encode(tokenizer: &Gpt2Tokenizer, text: &str) -> Vec<u32> {
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    encode_on(tokenizer, text, cores.min(text.len() / WORTH_A_THREAD))
}

/// As [`encode`], on this many threads, each of which gets a piece of the text (see [`cut`]). The ids do not depend on
/// the number of threads.
pub fn encode_on(tokenizer: &Gpt2Tokenizer, text: &str, threads: usize) -> Vec<u32> {
    if threads <= 1 {
        return tokenizer.encode_with_end_of_text(text);
    }
    thread::scope(|scope| {
        let encode = |piece| scope.spawn(move || tokenizer.encode_with_end_of_text(piece));
        let workers: Vec<_> = cut(text, threads).into_iter().map(encode).collect();
        let ids = workers.into_iter().map(|worker| match worker.join() {
            Ok(ids) => ids,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        ids.collect::<Vec<_>>().concat()
    })
}

/// The text in up to `parts` pieces of about the same length, whose ids put together are those of the whole.
///
/// There are fewer where the text offers no safe place, and none for an empty text.
///
/// ```
/// use ch02_text::long_text::cut;
///
/// assert_eq!(cut("one two three", 2), ["one two", " three"]);
/// assert_eq!(cut("水开了。泡茶。", 2), ["水开了。泡茶", "。"]);
/// assert_eq!(cut("inseparable", 2), ["inseparable"]);
/// ```
pub fn cut(text: &str, parts: usize) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = text;
    for left in (1..=parts).rev() {
        let end = if left == 1 { rest.len() } else { safe_place(rest, rest.len() / left) };
        let (piece, after) = rest.split_at(end);
        if !piece.is_empty() {
            pieces.push(piece);
        }
        rest = after;
    }
    pieces
}

/// The first safe place from byte `from` on, or the end.
fn safe_place(text: &str, from: usize) -> usize {
    let from = text.floor_char_boundary(from);
    let mut characters = text[from..].char_indices().peekable();
    while let Some((_, character)) = characters.next() {
        if let Some(&(at, next)) = characters.peek()
            && (ends_before_space(character, next) || ends_before_stop(character, next))
        {
            return from + at;
        }
    }
    text.len()
}

fn ends_before_space(character: char, next: char) -> bool {
    !character.is_whitespace() && next.is_whitespace()
}

/// Only characters whose class is beyond doubt, and none of those that `<|endoftext|>` is made of.
fn ends_before_stop(character: char, next: char) -> bool {
    let is_letter = matches!(character,
        'a'..='z' | 'A'..='Z' | 'ぁ'..='ゖ' | 'ァ'..='ヺ' | '一'..='鿿' | '가'..='힣');
    is_letter && matches!(next, '.' | ',' | ';' | '!' | '?' | '。' | '，' | '、' | '；' | '！' | '？')
}
