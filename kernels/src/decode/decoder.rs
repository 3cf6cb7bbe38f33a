//! The decoder: ids in, logits out.

use std::sync::Arc;

use super::halves_product;
use super::prompt::prompt;
use super::team::Team;
use super::token::{Office, Task, lock};
use super::weights::Weights;

/// From this many new tokens on, matrix products are faster than one token after the other.
const PROMPT: usize = 2;

/// The same for weights in fewer bits, which have to be laid out anew for the products.
const COMPRESSED_PROMPT: usize = 4;

/// The same where they have to be expanded to 32 bits.
const EXPANDED_PROMPT: usize = 6;

/// A model that is reading or writing one text, with the keys and values of what it has seen.
///
/// The numbers are those of the model's own forward pass up to rounding, and the same at every run with as many threads.
pub struct Decoder {
    office: Arc<Office>,
    team: Team,
    tokens: usize,
}

impl Decoder {
    /// A decoder for `weights` that computes on `threads` threads, the caller's among them.
    ///
    /// # Panics
    /// If `threads` is 0.
    pub fn new(weights: Arc<Weights>, threads: usize) -> Self {
        assert!(threads > 0, "a decoder needs a thread");
        let office = Arc::new(Office::new(weights, threads));
        let shared = Arc::clone(&office);
        Self { office, team: Team::start(threads, move |member| shared.token(member)), tokens: 0 }
    }

    /// Number of tokens that were read.
    pub fn tokens(&self) -> usize {
        self.tokens
    }

    /// Forgets the text.
    pub fn clear(&mut self) {
        self.tokens = 0;
    }

    /// Reads more of the text and returns the logits for the token after it, `[vocab_size]`.
    ///
    /// # Panics
    /// If there is no id, an id is not in the vocabulary, or the text does not fit into the context.
    pub fn read(&mut self, ids: &[u32]) -> Vec<f32> {
        let (vocab_size, context_length) = (self.office.weights.vocab_size(), self.office.weights.context_length());
        let to = self.tokens + ids.len();
        assert!(!ids.is_empty(), "no token to read");
        assert!(to <= context_length, "{to} tokens do not fit into a context of {context_length}");
        assert!(ids.iter().all(|&id| (id as usize) < vocab_size), "an id outside of the vocabulary of {vocab_size}");

        let enough = match self.office.weights.head.weight.is_full() {
            true => PROMPT,
            false if halves_product::in_hardware() => COMPRESSED_PROMPT,
            false => EXPANDED_PROMPT,
        };
        if ids.len() >= enough {
            self.read_prompt(ids);
        } else {
            ids.iter().for_each(|&id| self.compute(Task::Token(id, self.tokens), 1));
        }
        let mut logits = Vec::with_capacity(vocab_size);
        self.office.desks.iter().for_each(|desk| logits.extend_from_slice(&lock(desk).logits));
        logits
    }

    /// Has the team do its part, and counts the tokens that are read then.
    fn compute(&mut self, task: Task, tokens: usize) {
        *lock(&self.office.task) = task;
        self.team.run();
        self.tokens += tokens;
    }

    fn read_prompt(&mut self, ids: &[u32]) {
        let mut guards: Vec<_> = self.office.desks.iter().map(lock).collect();
        let mut desks: Vec<_> = guards.iter_mut().map(|desk| &mut **desk).collect();
        let last = prompt(&self.office.weights, ids, self.tokens, &mut desks);
        desks.iter_mut().for_each(|desk| desk.x.copy_from_slice(&last));
        drop(guards);
        self.compute(Task::LastBlock(self.tokens + ids.len() - 1), ids.len());
    }
}
