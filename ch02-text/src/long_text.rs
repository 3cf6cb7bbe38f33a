//! Reading one long text by several threads, and runs of blanks that are too long for `tiktoken-rs` (bonus of
//! section 2.5).
//!
//! GPT-2's pattern splits a text into pieces before any pair is merged: an optional blank and letters, or digits, or
//! other signs; a contraction; a run of whitespace. No piece has whitespace after anything else, so a piece always ends
//! in front of whitespace that follows a visible sign. And since the pattern never looks back, what comes after reads
//! the same with the text before it and without. In the same way a piece always ends between a letter and a comma or a
//! full stop, which is where a text without blanks is cut, such as a Chinese one.

use std::num::NonZero;
use std::thread;

use crate::bonus::pre_split::pre_split;
use crate::bpe::{END_OF_TEXT, END_OF_TEXT_ID};

/// Bytes of text from which on another thread saves more time than it takes to start.
const WORTH_A_THREAD: usize = 50_000;

/// The number of threads that a text is worth: at most one per core, and 0 or 1 for a short text.
pub(crate) fn threads_for(text: &str) -> usize {
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    cores.min(text.len() / WORTH_A_THREAD)
}

/// The ids of a text that is [`cut`] into a piece for each thread. The ids do not depend on the number of threads.
pub(crate) fn encode_on(text: &str, threads: usize, encode: impl Fn(&str) -> Vec<u32> + Sync) -> Vec<u32> {
    if threads <= 1 {
        return encode(text);
    }
    thread::scope(|scope| {
        let readers: Vec<_> = cut(text, threads).into_iter().map(|piece| scope.spawn(|| encode(piece))).collect();
        let ids = readers.into_iter().map(|reader| match reader.join() {
            Ok(ids) => ids,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        ids.collect::<Vec<_>>().concat()
    })
}

/// The ids of a text with a run of a million blanks or more, on which tiktoken's pattern gives up: the text is cut into
/// GPT-2's pieces first, so that no blank of such a run has to be taken back. `encode` gives the ids of a piece.
pub(crate) fn encode_in_pieces(text: &str, encode: impl Fn(&str) -> Vec<u32>) -> Vec<u32> {
    let mut ids = Vec::new();
    for (i, document) in text.split(END_OF_TEXT).enumerate() {
        if i > 0 {
            ids.push(END_OF_TEXT_ID);
        }
        ids.extend(pre_split(document).into_iter().flat_map(&encode));
    }
    ids
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
            && (ends_before_blank(character, next) || ends_before_stop(character, next))
        {
            return from + at;
        }
    }
    text.len()
}

fn ends_before_blank(character: char, next: char) -> bool {
    !character.is_whitespace() && next.is_whitespace()
}

/// Only characters whose class is beyond doubt, and none of those that `<|endoftext|>` is made of.
fn ends_before_stop(character: char, next: char) -> bool {
    let is_letter = matches!(character,
        'a'..='z' | 'A'..='Z' | 'ぁ'..='ゖ' | 'ァ'..='ヺ' | '一'..='鿿' | '가'..='힣');
    is_letter && matches!(next, '.' | ',' | ';' | '!' | '?' | '。' | '，' | '、' | '；' | '！' | '？')
}
