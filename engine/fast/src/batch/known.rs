//! Beginnings of ended texts that are kept for others that begin with the same ids.

use kernels::decode::Text;

use crate::prompt::PIECE;

/// Whole pieces of an ended text, and where their keys and values are.
#[derive(Debug)]
pub struct Beginning {
    pub text: Text,
    pub ids: Vec<u32>,
}

/// The beginnings that are kept, the least recently used one first.
#[derive(Debug, Default)]
pub struct Known {
    beginnings: Vec<Beginning>,
    /// Maximum number of tokens in all of them.
    pub max_tokens: usize,
}

/// Number of tokens in the whole pieces that two texts have in common.
pub fn common_pieces(a: &[u32], b: &[u32]) -> usize {
    a.chunks_exact(PIECE).zip(b.chunks_exact(PIECE)).take_while(|(a, b)| a == b).count() * PIECE
}

impl Known {
    /// The beginning that has the most in common with a text, and how many tokens that are.
    pub fn find(&self, ids: &[u32]) -> Option<(usize, usize)> {
        let common = self.beginnings.iter().map(|known| common_pieces(&known.ids, ids));
        common.enumerate().max_by_key(|(_, common)| *common).filter(|(_, common)| *common > 0)
    }

    /// Uses the first `tokens` tokens of a beginning. If these are all, its text is given away; if not, the text is an error, and
    /// is to be copied from.
    pub fn text_of(&mut self, index: usize, tokens: usize) -> Result<Text, Text> {
        let used = self.beginnings.remove(index);
        let text = used.text;
        if used.ids.len() == tokens {
            return Ok(text);
        }
        self.beginnings.push(used);
        Err(text)
    }

    /// Number of tokens in all beginnings.
    pub fn tokens(&self) -> usize {
        self.beginnings.iter().map(|known| known.ids.len()).sum()
    }

    /// Adds a beginning as the one that was used last. Returns those that are not kept any more: that have nothing of their
    /// own, or no room.
    pub fn keep(&mut self, new: Beginning) -> Vec<Text> {
        if self.beginnings.iter().any(|known| known.ids.starts_with(&new.ids)) {
            return vec![new.text];
        }
        let (within, mut kept): (Vec<_>, Vec<_>) =
            self.beginnings.drain(..).partition(|known| new.ids.starts_with(&known.ids));
        kept.push(new);
        let mut tokens: usize = kept.iter().map(|known| known.ids.len()).sum();
        let no_room = kept.iter().take_while(|known| {
            let too_many = tokens > self.max_tokens;
            tokens -= if too_many { known.ids.len() } else { 0 };
            too_many
        });
        let no_room = no_room.count();
        let oldest: Vec<_> = kept.drain(..no_room).collect();
        self.beginnings = kept;
        within.into_iter().chain(oldest).map(|gone| gone.text).collect()
    }
}
