//! What the threads compute in a round.

/// A token of one of the texts.
#[derive(Clone, Copy, Debug)]
pub struct Token {
    /// The place of its text.
    pub place: usize,
    /// How many tokens of the text come before it.
    pub position: usize,
    /// Its id.
    pub id: u32,
}

/// Some tokens that are computed together, each a row of the vectors. Those of the same text follow one another.
#[derive(Debug)]
pub struct Task {
    /// The tokens.
    pub tokens: Vec<Token>,
    /// Whether the vectors of the tokens before the last block are known: they are in the state of every worker.
    pub only_last_block: bool,
    /// The tokens whose logits are computed, by their index.
    pub logits_of: Vec<usize>,
}

impl Task {
    /// No token.
    pub fn none() -> Self {
        Self { tokens: Vec::new(), only_last_block: false, logits_of: Vec::new() }
    }

    /// Of the vectors of all tokens, `[tokens, width]`, those whose logits are computed.
    pub fn for_logits(&self, x: &[f32], width: usize) -> Vec<f32> {
        self.logits_of.iter().flat_map(|token| &x[token * width..][..width]).copied().collect()
    }
}
