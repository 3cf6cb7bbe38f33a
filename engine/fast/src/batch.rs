//! Continuous batching: the texts of many requests, computed together by one model.
//!
//! A token of one text takes as long as reading all weights from memory; a token of eight texts takes hardly longer, because
//! the weights are read once for all of them. So texts join at any step and leave when they have ended, and every
//! [step](Batch::step) computes
//! 1. one piece of one prompt that is still to be read. Long prompts are read piece by piece, so that they hold nobody up for
//!    long, and take turns: the one with the fewest tokens left, then the one that has waited longest;
//! 2. one token of every text that has read its prompt, all together, and with them what is left of prompts that are short.
//!
//! The ids of a text do not depend on the company: prompts are cut into pieces at fixed places ([`crate::prompt::pieces`]), and
//! the decoder's numbers for a text are those that it gets alone. With weights of 8 and 4 bits they are also those of
//! [`Generator`] and [`LlamaGenerator`]; with larger ones, these read a prompt at once, so the numbers after more than
//! [`PIECE`](crate::prompt::PIECE) tokens differ in the last digits. For the same reason, whole pieces that one text has read can be
//! used by another that begins with the same ids, also when the first has ended. Tokens that a model has written are computed by
//! other products than a prompt, so their keys and values are not used again.
//!
//! | file | what |
//! |---|---|
//! | `writing` | one text: its ids, how it goes on, when it ends |
//! | `together` | many texts on a decoder of the CPU |
//! | `known` | beginnings of ended texts that are kept for others |
//! | `in_turn` | models that the decoder does not compute: one text after the other, a token at a time |
//! | `decoders` | the decoders of a GPT and of models after it as one type |
//! | `score` | how likely a token was |

mod decoders;
mod in_turn;
mod known;
mod score;
mod together;
mod writing;

use ch05_pretrain::GenerateError;
use kernels::decode::Text;

use crate::batch::in_turn::InTurn;
use crate::batch::together::Together;
use crate::generator::Generator;
use crate::llama_error::LlamaError;
use crate::llama_generator::{Finish, LlamaGenerator, LlamaOptions};

pub use score::TokenScore;

/// A text to continue.
#[derive(Clone, Debug)]
pub struct TextToWrite {
    /// The ids that it begins with.
    pub prompt: Vec<u32>,
    /// How it goes on. A GPT has one stop id at most.
    pub options: LlamaOptions,
    /// Maximum number of tokens that a GPT sees, from the end of the text. The text of another model ends when the context is
    /// full.
    pub context_size: usize,
    /// Of the random numbers with which tokens are drawn.
    pub seed: u64,
    /// Log probabilities are wanted, with those of this many of the most likely tokens.
    pub scores: Option<usize>,
}

/// One of the texts of a [`Batch`]. No two are equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TextId(u64);

/// What happened to a text in a step.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// The prompt was read.
    Read {
        /// Number of its tokens that were not computed, because another text began with them.
        reused: usize,
    },
    /// The next token was chosen.
    Token {
        /// Its id.
        id: u32,
        /// How likely it was, if that is wanted.
        score: Option<TokenScore>,
    },
    /// There are no more tokens, for this reason, and the text has left.
    End(Finish),
    /// No token can be chosen, and the text has left.
    Failed(GenerateError),
}

/// The texts that one model writes at the same time.
pub struct Batch {
    kind: Kind,
    joined: u64,
}

/// What computes.
enum Kind {
    Together(Together),
    InTurn(Box<InTurn>),
}

impl From<&Generator> for Batch {
    /// The texts of a GPT. If the CPU's decoder does not compute it, its texts take turns.
    fn from(generator: &Generator) -> Self {
        let kind = match generator.shared_weights() {
            Some(weights) => Kind::Together(Together::from(weights)),
            None => Kind::InTurn(Box::new(InTurn::new(generator.clone()))),
        };
        Self { kind, joined: 0 }
    }
}

impl From<&LlamaGenerator> for Batch {
    /// The texts of a Llama, Qwen3 or Gemma 3.
    fn from(generator: &LlamaGenerator) -> Self {
        Self { kind: Kind::Together(Together::from(generator.shared_weights())), joined: 0 }
    }
}

impl Batch {
    /// Keeps beginnings of ended texts for others, with at most this many bytes of keys and values; 0 keeps none.
    pub fn keeping(mut self, bytes: usize) -> Self {
        if let Kind::Together(together) = &mut self.kind {
            together.keep_up_to(bytes);
        }
        self
    }

    /// Number of texts that are being read or written.
    pub fn texts(&self) -> usize {
        match &self.kind {
            Kind::Together(together) => together.texts(),
            Kind::InTurn(in_turn) => in_turn.texts(),
        }
    }

    /// Bytes of the keys and values of all texts, those that have ended included; 0 where they are not known.
    pub fn cached_bytes(&self) -> usize {
        match &self.kind {
            Kind::Together(together) => together.cached_bytes(),
            Kind::InTurn(_) => 0,
        }
    }

    /// Adds a text. The next step begins to read it.
    ///
    /// # Errors
    /// If its prompt or an option does not suit the model.
    pub fn join(&mut self, text: TextToWrite) -> Result<TextId, LlamaError> {
        let id = TextId(self.joined);
        match &mut self.kind {
            Kind::Together(together) => together.join(id, text)?,
            Kind::InTurn(in_turn) => in_turn.join(id, text)?,
        }
        self.joined += 1;
        Ok(id)
    }

    /// Removes a text that nobody wants any more. Nothing happens if it has left already.
    pub fn leave(&mut self, id: TextId) {
        match &mut self.kind {
            Kind::Together(together) => together.leave(id),
            Kind::InTurn(in_turn) => in_turn.leave(id),
        }
    }

    /// One step, and what happened in it: at most one token of every text. Nothing happens without a text.
    pub fn step(&mut self) -> Vec<(TextId, Event)> {
        match &mut self.kind {
            Kind::Together(together) => together.step(),
            Kind::InTurn(in_turn) => in_turn.step(),
        }
    }

    /// Begins the mean of the last hidden states of some ids.
    ///
    /// # Errors
    /// If there is no id, an id is not in the vocabulary, or there are more than the context has room for.
    pub fn embed(&self, ids: Vec<u32>) -> Result<Embedding, LlamaError> {
        let limits = match &self.kind {
            Kind::Together(together) => together.limits(),
            Kind::InTurn(in_turn) => in_turn.limits(),
        };
        limits.check_whole(&ids)?;
        Ok(Embedding { ids, text: None, sums: vec![0.0; limits.emb_dim] })
    }

    /// Computes a piece of it, and returns the mean after the last one, `[emb_dim]`.
    pub fn embed_on(&mut self, embedding: &mut Embedding) -> Option<Vec<f32>> {
        let Embedding { ids, text, sums } = embedding;
        let hidden = match &mut self.kind {
            Kind::Together(together) => together.hidden_states(text, ids), // [tokens of the piece, emb_dim]
            Kind::InTurn(in_turn) => in_turn.hidden_states(ids),
        };
        for row in hidden.chunks_exact(sums.len()) {
            sums.iter_mut().zip(row).for_each(|(sum, &value)| *sum += f64::from(value));
        }
        let is_done = text.is_none();
        is_done.then(|| sums.iter().map(|sum| (sum / ids.len() as f64) as f32).collect())
    }

    /// Forgets one that nobody wants any more.
    pub fn forget(&mut self, mut embedding: Embedding) {
        if let Kind::Together(together) = &mut self.kind {
            together.close(&mut embedding.text);
        }
    }
}

/// The mean of the last hidden states of some ids, after the final norm, while it is computed piece by piece.
#[derive(Debug)]
pub struct Embedding {
    ids: Vec<u32>,
    /// What the decoder has read.
    text: Option<Text>,
    /// Of the hidden states so far, `[emb_dim]`.
    sums: Vec<f64>,
}
