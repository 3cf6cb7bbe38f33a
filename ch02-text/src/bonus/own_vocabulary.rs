//! A vocabulary of one's own in tiktoken's encoder, so that [`Gpt2Tokenizer`](crate::Gpt2Tokenizer) works with it.
//!
//! tiktoken does not know which two tokens a merge takes: it merges any two neighbours whose bytes together are a token,
//! those with the smallest id first. That comes to the same as long as a token can come about in one way only. In a
//! vocabulary that was trained it can: what happens to the bytes of a token before its own merge depends on these bytes
//! alone. A token of a file that its merges never make is therefore left out, and only decoded.

use tiktoken_rs::CoreBPE;

use super::gpt2_files::{BpeFileError, Gpt2Files};
use super::pairs::merge_before;
use crate::special_tokens::{END_OF_TEXT, VOCAB_SIZE};

/// GPT-2's pieces (see [`pre_split`](super::pre_split)), as tiktoken writes its pattern.
const PATTERN: &str = r"'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s";

/// The encoder of a vocabulary, and the id of [`END_OF_TEXT`].
pub(crate) fn core_bpe(files: &Gpt2Files) -> Result<(CoreBPE, u32), BpeFileError> {
    let byte_ids = files.byte_ids()?;
    let end_of_text_id = files.id(END_OF_TEXT).ok_or(BpeFileError::NoEndOfText)?;
    let single = byte_ids.iter().zip(0..=255).map(|(&id, byte)| (vec![byte], id));
    let merged = files.merges.iter().filter_map(|(&(left, right), &id)| {
        let bytes = files.bytes(id)?;
        let ids = bytes.iter().map(|&byte| byte_ids[usize::from(byte)]).collect();
        (merge_before(ids, &files.merges, id) == [left, right]).then_some((bytes, id))
    });
    let special = [(END_OF_TEXT.to_string(), end_of_text_id)];
    let bpe = CoreBPE::new(single.chain(merged).collect(), special.into_iter().collect(), PATTERN);
    Ok((bpe.expect("the pattern is well formed"), end_of_text_id))
}

/// Whether this is GPT-2's vocabulary.
pub(crate) fn is_gpt2(files: &Gpt2Files, gpt2: &CoreBPE) -> bool {
    let is_the_same = |id: u32| gpt2.decode_bytes(&[id]).ok() == files.bytes(id);
    files.tokens.len() == VOCAB_SIZE && (0..VOCAB_SIZE as u32).all(is_the_same)
}
