//! A vocabulary of GPT-2's kind, trained on a text: 256 bytes, merges inside GPT-2's pieces, and the end-of-text marker.
//!
//! [`full_bpe`](super::full_bpe) counts all pairs again for every merge. But a merge changes only the words that contain
//! its pair. So the words of every pair are remembered, only those are counted again, and a queue holds the most frequent
//! pairs. A megabyte of text and 8,000 tokens take seconds.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap, HashMap};

use super::byte_table::byte_table;
use super::gpt2_files::Gpt2Files;
use super::pairs::{Merges, Pair, replace_pair};
use super::pre_split::pre_split;
use super::simple_bpe::joined;
use crate::special_tokens::END_OF_TEXT;

/// The smallest vocabulary: the bytes and the marker.
pub const MIN_VOCAB_SIZE: usize = 257;

/// A pair has to occur this often to be merged. A token that occurs once in the whole text has nothing to be learnt from.
const MIN_COUNT: usize = 2;

/// Learns a vocabulary of up to `vocab_size` tokens, at least [`MIN_VOCAB_SIZE`], from a text.
///
/// It has fewer tokens if all pairs that are left occur only once.
///
/// ```
/// use ch02_text::Gpt2Tokenizer;
/// use ch02_text::bonus::train_bpe;
///
/// let files = train_bpe("水开了，外婆泡茶。水开了，外婆不急。", 300);
/// let tokenizer = Gpt2Tokenizer::with_vocabulary(files)?;
/// assert_eq!(tokenizer.encode("外婆泡茶")?.len(), 7, "外婆 is one token, the bytes of 泡 and 茶 are one each");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn train_bpe(text: &str, vocab_size: usize) -> Gpt2Files {
    let mut trainer = BpeTrainer::new(text);
    while trainer.vocab_size() < vocab_size && trainer.merge_next().is_some() {}
    trainer.finish()
}

/// Training, one merge after the other.
#[derive(Clone, Debug)]
pub struct BpeTrainer {
    words: Vec<Word>,
    /// How often each pair occurs in the text.
    counts: HashMap<Pair, usize>,
    /// The words that have the pair, or had it once.
    words_with: HashMap<Pair, Vec<usize>>,
    /// The most frequent pair first; of several the one with the smallest ids. Counts in it can be too high.
    queue: BinaryHeap<(usize, Reverse<Pair>)>,
    tokens: Vec<String>,
    merges: Merges,
}

/// A piece of the text, and how often it occurs.
#[derive(Clone, Debug)]
struct Word {
    ids: Vec<u32>,
    times: usize,
}

impl BpeTrainer {
    /// Cuts the text into GPT-2's pieces and counts their pairs. What stands between two markers is a text of its own.
    pub fn new(text: &str) -> Self {
        // The bytes get GPT-2's ids: in the order of their characters.
        let (table, characters) = (byte_table(), BTreeSet::from(byte_table()));
        let ids: HashMap<char, u32> = characters.iter().copied().zip(0..).collect();

        // Words repeat: each is merged once and counted as often as it occurs.
        let mut places = HashMap::new();
        let mut words: Vec<Word> = Vec::new();
        for piece in text.split(END_OF_TEXT).flat_map(pre_split) {
            let place = *places.entry(piece).or_insert_with(|| {
                let ids = piece.bytes().map(|byte| ids[&table[usize::from(byte)]]).collect();
                words.push(Word { ids, times: 0 });
                words.len() - 1
            });
            words[place].times += 1;
        }

        let (mut counts, mut words_with) = (HashMap::<Pair, usize>::new(), HashMap::<Pair, Vec<usize>>::new());
        for (place, Word { ids, times }) in words.iter().enumerate() {
            for pair in pairs_of(ids) {
                *counts.entry(pair).or_insert(0) += times;
                words_with.entry(pair).or_default().push(place);
            }
        }
        let queue = counts.iter().map(|(&pair, &count)| (count, Reverse(pair))).collect();
        let tokens = characters.into_iter().map(String::from).collect();
        Self { words, counts, words_with, queue, tokens, merges: Merges::new() }
    }

    /// Number of tokens so far, with the marker.
    pub fn vocab_size(&self) -> usize {
        self.tokens.len() + 1
    }

    /// Merges the most frequent pair, of equally frequent ones the one whose first id is smallest, then the one whose
    /// second is. Pairs may overlap: `a a a` has `a a` twice. `None` if there is no pair that occurs twice.
    ///
    /// Returns the new token in the characters of the [byte table](super::byte_table).
    pub fn merge_next(&mut self) -> Option<&str> {
        let pair = self.most_frequent()?;
        let new_id = self.tokens.len() as u32;
        let mut new_pairs = BTreeSet::new();
        for place in self.words_with.remove(&pair).unwrap_or_default() {
            let Word { ids, times } = &mut self.words[place];
            let merged = replace_pair(ids, pair, new_id);
            if merged.len() == ids.len() {
                continue; // done already, or the word has lost the pair to another merge
            }
            for old in pairs_of(ids) {
                self.counts.entry(old).and_modify(|count| *count -= *times);
            }
            for new in pairs_of(&merged) {
                *self.counts.entry(new).or_insert(0) += *times;
                if new.0 == new_id || new.1 == new_id {
                    self.words_with.entry(new).or_default().push(place);
                    new_pairs.insert(new);
                }
            }
            *ids = merged;
        }
        self.counts.remove(&pair);
        self.queue.extend(new_pairs.into_iter().map(|pair| (self.counts[&pair], Reverse(pair))));
        self.merges.insert(pair, new_id);
        self.tokens.push(joined(&self.tokens, pair));
        self.tokens.last().map(String::as_str)
    }

    /// Only pairs with the new token become more frequent in a merge, and those are put into the queue then; all others
    /// can only have become rarer since.
    fn most_frequent(&mut self) -> Option<Pair> {
        while let Some((count, Reverse(pair))) = self.queue.pop() {
            let now = self.counts.get(&pair).copied().unwrap_or(0);
            if now == count {
                return (count >= MIN_COUNT).then_some(pair);
            }
            self.queue.push((now, Reverse(pair)));
        }
        None
    }

    /// The vocabulary so far, with the marker as its last token.
    pub fn finish(mut self) -> Gpt2Files {
        self.tokens.push(END_OF_TEXT.to_string());
        Gpt2Files { tokens: self.tokens, merges: self.merges }
    }
}

/// The neighbours in a word.
fn pairs_of(ids: &[u32]) -> impl Iterator<Item = Pair> {
    ids.iter().zip(ids.iter().skip(1)).map(|(&left, &right)| (left, right))
}
