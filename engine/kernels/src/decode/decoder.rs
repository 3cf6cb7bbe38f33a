//! The decoder: ids in, logits out.

use std::sync::Arc;

use super::Matrix;
use super::bf16_product;
use super::prompt::prompt;
use super::state::{SharedState, TokenTask, lock};
use super::thread_pool::ThreadPool;
use super::weights::Weights;

/// Minimum number of new tokens for which matrix products are faster than one token after the other.
const PROMPT: usize = 2;

/// The same for weights in 16 or 8 bits, whose layout must be changed for the products.
const COMPRESSED_PROMPT: usize = 4;

/// The same where they must also be expanded to 32 bits.
const EXPANDED_PROMPT: usize = 6;

/// Minimum number of new tokens that are read together by a model with matrices like this one.
pub(super) fn minimum_prompt(matrix: &Matrix) -> usize {
    match matrix.is_full() {
        true => PROMPT,
        false if bf16_product::in_hardware() => COMPRESSED_PROMPT,
        false => EXPANDED_PROMPT,
    }
}

/// A model that reads or generates one text, with the keys and values of the tokens so far.
///
/// The numbers are those of the model's own forward pass up to rounding, and identical in every run with the same number of
/// threads.
pub struct Decoder {
    state: Arc<SharedState>,
    pool: ThreadPool,
    tokens: usize,
}

impl Decoder {
    /// A decoder for `weights` that computes on `threads` threads, the caller's included.
    ///
    /// # Panics
    /// If `threads` is 0.
    pub fn new(weights: Arc<Weights>, threads: usize) -> Self {
        assert!(threads > 0, "a decoder needs a thread");
        let state = Arc::new(SharedState::new(weights, threads));
        let shared = Arc::clone(&state);
        Self { state, pool: ThreadPool::start(threads, move |worker| shared.token(worker)), tokens: 0 }
    }

    /// Number of tokens that were read so far.
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
        let (vocab_size, context_length) = (self.state.weights.vocab_size(), self.state.weights.context_length());
        let to = self.tokens + ids.len();
        assert!(!ids.is_empty(), "no token to read");
        assert!(to <= context_length, "{to} tokens do not fit into a context of {context_length}");
        assert!(ids.iter().all(|&id| (id as usize) < vocab_size), "an id outside of the vocabulary of {vocab_size}");

        if ids.len() >= minimum_prompt(&self.state.weights.head.weight) {
            self.read_prompt(ids);
        } else {
            ids.iter().for_each(|&id| self.compute(TokenTask::Token(id, self.tokens), 1));
        }
        let mut logits = Vec::with_capacity(vocab_size);
        self.state.workers.iter().for_each(|worker| logits.extend_from_slice(&lock(worker).logits));
        logits
    }

    /// Runs a task on all threads; `tokens` more tokens are read afterwards.
    fn compute(&mut self, task: TokenTask, tokens: usize) {
        *lock(&self.state.task) = task;
        self.pool.run();
        self.tokens += tokens;
    }

    fn read_prompt(&mut self, ids: &[u32]) {
        let mut guards: Vec<_> = self.state.workers.iter().map(lock).collect();
        let mut workers: Vec<_> = guards.iter_mut().map(|worker| &mut **worker).collect();
        let last = prompt(&self.state.weights, ids, self.tokens, &mut workers);
        workers.iter_mut().for_each(|worker| worker.x.copy_from_slice(&last));
        drop(guards);
        self.compute(TokenTask::LastBlock(self.tokens + ids.len() - 1), ids.len());
    }
}
