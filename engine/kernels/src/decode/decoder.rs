//! The decoder: ids in, logits out.

use std::sync::{Arc, RwLock};

use super::llama::LlamaState;
use super::matrix::Values;
use super::prompt::Wanted;
use super::state::{GptState, put, write};
use super::task::{Task, Token};
use super::thread_pool::{ThreadPool, Worker};
use super::{Matrix, bf16_product};

/// Minimum number of new tokens for which matrix products are faster than one token after the other.
const PROMPT: usize = 2;

/// The same for weights in 8 and 4 bits, whose products with a few vectors are nearly as fast as with one.
const INTEGER_PROMPT: usize = 9;

/// The same for weights in 16 bits, whose layout must be changed for the products.
const COMPRESSED_PROMPT: usize = 4;

/// The same where they must also be expanded to 32 bits.
const EXPANDED_PROMPT: usize = 6;

/// Minimum number of new tokens that are read together by a model with matrices like this one.
fn minimum_prompt(matrix: &Matrix) -> usize {
    match matrix.values {
        Values::F32(_) => PROMPT,
        Values::Int8(_) | Values::Int4(_) => INTEGER_PROMPT,
        Values::Bf16(_) if bf16_product::in_hardware() => COMPRESSED_PROMPT,
        Values::Bf16(_) => EXPANDED_PROMPT,
    }
}

/// What the threads of a decoder share: a model of some kind, and the keys and values of the texts.
pub trait DecoderState: Send + Sync + Sized + 'static {
    /// The weights of the model.
    type Weights;

    /// The state for this many threads, without a text.
    fn new(weights: Arc<Self::Weights>, threads: usize) -> Self;

    /// The weights.
    fn weights(&self) -> &Self::Weights;

    /// Number of ids in the vocabulary.
    fn vocab_size(&self) -> usize;

    /// Maximum number of tokens in the context.
    fn context_length(&self) -> usize;

    /// One of the matrices of a block.
    fn a_matrix(&self) -> &Matrix;

    /// Empties the caches in a place for a text, and frees their memory. The place may be one behind the last.
    fn clear(&self, place: usize);

    /// Copies the keys and values of the first `tokens` tokens of a text into a place. The place may be one behind the last.
    fn copy(&self, from: usize, place: usize, tokens: usize);

    /// Bytes of the keys and values of a token.
    fn cache_bytes_per_token(&self) -> usize;

    /// What the threads compute in the next round.
    fn task(&self) -> &RwLock<Task>;

    /// One worker's part of the task.
    fn compute(&self, worker: &Worker);

    /// Reads some tokens of the text in a place behind the first `kept`, and returns what is wanted of them. The vector of the
    /// last one, if it is wanted, is then in the state of every worker too.
    fn prompt(&self, place: usize, ids: &[u32], kept: usize, wanted: Wanted) -> Vec<f32>;

    /// Appends the logits of the last `tokens` tokens of the task, of which the workers have computed parts.
    fn collect_logits(&self, tokens: usize, logits: &mut Vec<f32>);
}

/// One of the texts of a [`TextDecoder`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Text {
    place: usize,
    /// How many texts were opened before: no two texts are equal.
    opened: usize,
}

/// A text that was opened.
#[derive(Clone, Copy, Debug)]
struct OpenText {
    text: Text,
    tokens: usize,
}

/// A model that reads or generates texts, with the keys and values of their tokens so far.
///
/// The numbers are those of the model's own forward pass up to rounding, and identical in every run with the same number of
/// threads, whatever other texts there are.
pub struct TextDecoder<S> {
    state: Arc<S>,
    pool: ThreadPool,
    /// The text in each place.
    texts: Vec<Option<OpenText>>,
    opened: usize,
}

/// The decoder of a GPT.
pub type Decoder = TextDecoder<GptState>;

/// The decoder of a Llama, Qwen3 or Gemma 3.
pub type LlamaDecoder = TextDecoder<LlamaState>;

impl<S: DecoderState> TextDecoder<S> {
    /// A decoder for `weights` that computes on `threads` threads, the caller's included. It has no text yet.
    ///
    /// # Panics
    /// If `threads` is 0.
    pub fn new(weights: Arc<S::Weights>, threads: usize) -> Self {
        assert!(threads > 0, "a decoder needs a thread");
        let state = Arc::new(S::new(weights, threads));
        let shared = Arc::clone(&state);
        let pool = ThreadPool::start(threads, move |worker| shared.compute(worker));
        Self { state, pool, texts: Vec::new(), opened: 0 }
    }

    /// The weights.
    pub fn weights(&self) -> &S::Weights {
        self.state.weights()
    }

    /// Begins a text. Its memory grows with its tokens.
    pub fn open(&mut self) -> Text {
        let text = self.add(0);
        self.state.clear(text.place);
        text
    }

    /// Begins a text with the first `tokens` tokens of another, or with all if it has fewer: their keys and values are copied.
    ///
    /// # Panics
    /// If the other text is not open.
    pub fn fork(&mut self, text: Text, tokens: usize) -> Text {
        let tokens = self.tokens(text).min(tokens);
        let copy = self.add(tokens);
        self.state.copy(text.place, copy.place, tokens);
        copy
    }

    /// Bytes of the keys and values of a token of a text.
    pub fn bytes_per_token(&self) -> usize {
        self.state.cache_bytes_per_token()
    }

    /// Forgets a text and frees its memory.
    ///
    /// # Panics
    /// If the text is not open.
    pub fn close(&mut self, text: Text) {
        self.check(text);
        self.state.clear(text.place);
        self.texts[text.place] = None;
    }

    /// Number of tokens of a text that were read so far.
    ///
    /// # Panics
    /// If the text is not open.
    pub fn tokens(&self, text: Text) -> usize {
        self.check(text).tokens
    }

    /// Forgets all tokens of a text after the first `tokens`. The memory is kept for later ones.
    ///
    /// # Panics
    /// If the text is not open.
    pub fn truncate(&mut self, text: Text, tokens: usize) {
        let kept = self.tokens(text).min(tokens);
        self.set_tokens(text, kept);
    }

    /// Reads more of a text and returns the logits for the token after it, `[vocab_size]`.
    ///
    /// # Panics
    /// If the text is not open, there is no id, an id is not in the vocabulary, or the text does not fit into the context.
    pub fn read(&mut self, text: Text, ids: &[u32]) -> Vec<f32> {
        assert!(!ids.is_empty(), "no token to read");
        self.read_part(text, ids, true);
        self.logits(1)
    }

    /// As [`read`](Self::read), without the logits.
    ///
    /// # Panics
    /// As [`read`](Self::read), but there may be no id.
    pub fn read_on(&mut self, text: Text, ids: &[u32]) {
        self.read_part(text, ids, false);
    }

    /// Whether this many tokens of a text are so few that they can be read together with others, in a [`step`](Self::step).
    pub fn are_few(&self, tokens: usize) -> bool {
        tokens < minimum_prompt(self.state.a_matrix())
    }

    /// Reads one or a [few](Self::are_few) more tokens of each text, all together, and returns the logits after the last one of each,
    /// `[texts, vocab_size]`. The numbers of a text are those that it gets alone.
    ///
    /// # Panics
    /// If a text is not open or given twice, has no id or more than a few, an id is not in the vocabulary, or a text does not fit
    /// into the context.
    pub fn step(&mut self, next: &[(Text, &[u32])]) -> Vec<f32> {
        let (mut tokens, mut logits_of): (Vec<Token>, _) = (Vec::with_capacity(next.len()), Vec::new());
        for &(text, ids) in next {
            let kept = self.tokens(text);
            assert!(tokens.iter().all(|token| token.place != text.place), "a text is given twice");
            assert!(!ids.is_empty() && (ids.len() == 1 || self.are_few(ids.len())), "{} tokens in a step", ids.len());
            self.check_ids(ids, kept + ids.len());
            tokens.extend(following(text, kept, ids));
            logits_of.push(tokens.len() - 1);
        }
        if tokens.is_empty() {
            return Vec::new();
        }
        self.compute(Task { tokens, only_last_block: false, logits_of });
        next.iter().for_each(|&(text, ids)| self.set_tokens(text, self.tokens(text) + ids.len()));
        self.logits(next.len())
    }

    /// As [`read_on`](Self::read_on), and returns the vectors of these tokens after the final norm, `[tokens, emb_dim]`.
    ///
    /// # Panics
    /// As [`read_on`](Self::read_on).
    pub fn read_hidden(&mut self, text: Text, ids: &[u32]) -> Vec<f32> {
        let kept = self.tokens(text);
        self.check_ids(ids, kept + ids.len());
        if ids.is_empty() {
            return Vec::new();
        }
        let hidden = self.state.prompt(text.place, ids, kept, Wanted::All);
        self.set_tokens(text, kept + ids.len());
        hidden
    }

    fn read_part(&mut self, text: Text, ids: &[u32], with_logits: bool) {
        let kept = self.tokens(text);
        let to = kept + ids.len();
        self.check_ids(ids, to);
        let mut tokens: Vec<_> = following(text, kept, ids).collect();
        if self.are_few(ids.len()) {
            let logits_of = if with_logits { vec![ids.len() - 1] } else { Vec::new() };
            self.compute(Task { tokens, only_last_block: false, logits_of });
        } else {
            let wanted = if with_logits { Wanted::Last } else { Wanted::Nothing };
            self.state.prompt(text.place, ids, kept, wanted);
            if with_logits {
                let last = tokens.split_off(ids.len() - 1);
                self.compute(Task { tokens: last, only_last_block: true, logits_of: vec![0] });
            }
        }
        self.set_tokens(text, to);
    }

    /// The logits of the last tokens that were computed.
    fn logits(&self, tokens: usize) -> Vec<f32> {
        let mut logits = Vec::with_capacity(tokens * self.state.vocab_size());
        self.state.collect_logits(tokens, &mut logits);
        logits
    }

    /// A new text in the first place that is free.
    fn add(&mut self, tokens: usize) -> Text {
        let place = self.texts.iter().position(Option::is_none).unwrap_or(self.texts.len());
        let text = Text { place, opened: self.opened };
        self.opened += 1;
        put(&mut self.texts, place, Some(OpenText { text, tokens }));
        text
    }

    /// The state of an open text.
    fn check(&self, text: Text) -> OpenText {
        let open = self.texts.get(text.place).copied().flatten().filter(|open| open.text == text);
        open.expect("the text is open")
    }

    fn set_tokens(&mut self, text: Text, tokens: usize) {
        self.texts[text.place] = Some(OpenText { text, tokens });
    }

    /// Checks ids that extend a text to this many tokens.
    fn check_ids(&self, ids: &[u32], tokens: usize) {
        let (vocab_size, context_length) = (self.state.vocab_size(), self.state.context_length());
        assert!(tokens <= context_length, "{tokens} tokens do not fit into a context of {context_length}");
        assert!(ids.iter().all(|&id| (id as usize) < vocab_size), "an id outside of the vocabulary of {vocab_size}");
    }

    /// Runs a task on all threads.
    fn compute(&mut self, task: Task) {
        if !task.tokens.is_empty() {
            *write(self.state.task()) = task;
            self.pool.run();
        }
    }
}

/// Tokens of a text that follow the first `kept`.
fn following(text: Text, kept: usize, ids: &[u32]) -> impl Iterator<Item = Token> {
    (kept..).zip(ids).map(move |(position, &id)| Token { place: text.place, position, id })
}
