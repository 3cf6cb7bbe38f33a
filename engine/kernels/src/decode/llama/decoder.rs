//! The decoder: ids in, logits out.

use std::sync::Arc;

use super::prompt::prompt;
use super::state::LlamaState;
use super::weights::LlamaWeights;
use crate::decode::decoder::minimum_prompt;
use crate::decode::state::{TokenTask, lock};
use crate::decode::thread_pool::ThreadPool;

/// A model that reads or generates one text, with the keys and values of the tokens so far.
///
/// The numbers are those of the model's own forward pass up to rounding, and identical in every run with the same number of
/// threads.
pub struct LlamaDecoder {
    state: Arc<LlamaState>,
    pool: ThreadPool,
    tokens: usize,
}

impl LlamaDecoder {
    /// A decoder for `weights` that computes on `threads` threads, the caller's included.
    ///
    /// # Panics
    /// If `threads` is 0.
    pub fn new(weights: Arc<LlamaWeights>, threads: usize) -> Self {
        assert!(threads > 0, "a decoder needs a thread");
        let state = Arc::new(LlamaState::new(weights, threads));
        let shared = Arc::clone(&state);
        Self { state, pool: ThreadPool::start(threads, move |worker| shared.token(worker)), tokens: 0 }
    }

    /// The weights.
    pub fn weights(&self) -> &LlamaWeights {
        &self.state.weights
    }

    /// Number of tokens that were read so far.
    pub fn tokens(&self) -> usize {
        self.tokens
    }

    /// Forgets all tokens after the first `tokens`. The memory is kept for later ones.
    pub fn truncate(&mut self, tokens: usize) {
        self.tokens = self.tokens.min(tokens);
    }

    /// Reads more of the text and returns the logits for the token after it, `[vocab_size]`.
    ///
    /// # Panics
    /// If there is no id, an id is not in the vocabulary, or the text does not fit into the context.
    pub fn read(&mut self, ids: &[u32]) -> Vec<f32> {
        let (vocab_size, context_length) = (self.weights().vocab_size(), self.weights().context_length);
        let to = self.tokens + ids.len();
        assert!(!ids.is_empty(), "no token to read");
        assert!(to <= context_length, "{to} tokens do not fit into a context of {context_length}");
        assert!(ids.iter().all(|&id| (id as usize) < vocab_size), "an id outside of the vocabulary of {vocab_size}");

        if ids.len() >= minimum_prompt(&self.weights().blocks[0].out) {
            let last = prompt(&self.state, ids, self.tokens);
            self.state.workers.iter().for_each(|worker| lock(worker).x.copy_from_slice(&last));
            self.compute(TokenTask::LastBlock(to - 1), ids.len());
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
}
