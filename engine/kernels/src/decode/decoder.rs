//! The decoder: ids in, logits out.

use std::sync::{Arc, Mutex};

use super::llama::LlamaState;
use super::matrix::Values;
use super::state::{GptState, TokenTask, lock};
use super::thread_pool::{ThreadPool, Worker};
use super::{Matrix, bf16_product};

/// Minimum number of new tokens for which matrix products are faster than one token after the other.
const PROMPT: usize = 2;

/// The same for weights in 16 bits, whose layout must be changed for the products.
const COMPRESSED_PROMPT: usize = 4;

/// The same where they must also be expanded to 32 bits.
const EXPANDED_PROMPT: usize = 6;

/// Minimum number of new tokens that are read together by a model with matrices like this one.
fn minimum_prompt(matrix: &Matrix) -> usize {
    match matrix.values {
        Values::F32(_) | Values::Int8(_) | Values::Int4(_) => PROMPT,
        Values::Bf16(_) if bf16_product::in_hardware() => COMPRESSED_PROMPT,
        Values::Bf16(_) => EXPANDED_PROMPT,
    }
}

/// What the threads of a decoder share: a model of some kind, and the keys and values of the text.
pub trait DecoderState: Send + Sync + Sized + 'static {
    /// The weights of the model.
    type Weights;

    /// The state for this many threads, with empty caches.
    fn new(weights: Arc<Self::Weights>, threads: usize) -> Self;

    /// The weights.
    fn weights(&self) -> &Self::Weights;

    /// Number of ids in the vocabulary.
    fn vocab_size(&self) -> usize;

    /// Maximum number of tokens in the context.
    fn context_length(&self) -> usize;

    /// One of the matrices of a block.
    fn a_matrix(&self) -> &Matrix;

    /// What the threads compute in the next round.
    fn task(&self) -> &Mutex<TokenTask>;

    /// One worker's part of a token.
    fn token(&self, worker: &Worker);

    /// Reads some tokens, at least two, behind the first `kept`, as far as the last block. The vector of the last token
    /// before that block is then in the state of every worker.
    fn prompt(&self, ids: &[u32], kept: usize);

    /// Appends the parts of the logits that the workers have computed.
    fn collect_logits(&self, logits: &mut Vec<f32>);
}

/// A model that reads or generates one text, with the keys and values of the tokens so far.
///
/// The numbers are those of the model's own forward pass up to rounding, and identical in every run with the same number of
/// threads.
pub struct TextDecoder<S> {
    state: Arc<S>,
    pool: ThreadPool,
    tokens: usize,
}

/// The decoder of a GPT.
pub type Decoder = TextDecoder<GptState>;

/// The decoder of a Llama, Qwen3 or Gemma 3.
pub type LlamaDecoder = TextDecoder<LlamaState>;

impl<S: DecoderState> TextDecoder<S> {
    /// A decoder for `weights` that computes on `threads` threads, the caller's included.
    ///
    /// # Panics
    /// If `threads` is 0.
    pub fn new(weights: Arc<S::Weights>, threads: usize) -> Self {
        assert!(threads > 0, "a decoder needs a thread");
        let state = Arc::new(S::new(weights, threads));
        let shared = Arc::clone(&state);
        Self { state, pool: ThreadPool::start(threads, move |worker| shared.token(worker)), tokens: 0 }
    }

    /// The weights.
    pub fn weights(&self) -> &S::Weights {
        self.state.weights()
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
        let (vocab_size, context_length) = (self.state.vocab_size(), self.state.context_length());
        let to = self.tokens + ids.len();
        assert!(!ids.is_empty(), "no token to read");
        assert!(to <= context_length, "{to} tokens do not fit into a context of {context_length}");
        assert!(ids.iter().all(|&id| (id as usize) < vocab_size), "an id outside of the vocabulary of {vocab_size}");

        if ids.len() >= minimum_prompt(self.state.a_matrix()) {
            self.state.prompt(ids, self.tokens);
            self.compute(TokenTask::LastBlock(to - 1), ids.len());
        } else {
            ids.iter().for_each(|&id| self.compute(TokenTask::Token(id, self.tokens), 1));
        }
        let mut logits = Vec::with_capacity(vocab_size);
        self.state.collect_logits(&mut logits);
        logits
    }

    /// Runs a task on all threads; `tokens` more tokens are read afterwards.
    fn compute(&mut self, task: TokenTask, tokens: usize) {
        *lock(self.state.task()) = task;
        self.pool.run();
        self.tokens += tokens;
    }
}
