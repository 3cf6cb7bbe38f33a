//! What the thread that computes is asked for, and what it answers.

use std::time::Duration;

use burn::tensor::Device;
use ch06_classify::{ClassifyError, Prediction};
use fast::LlamaOptions;
use tokio::sync::{mpsc, oneshot};

use crate::card::ModelCard;
use crate::keep_alive::KeepAlive;
use crate::loaded::LoadedModel;

pub use fast::TokenScore;

/// Something to compute with one of the models.
pub struct Job {
    /// Index of the model.
    pub model: usize,
    pub task: Task,
    /// How long the model stays in memory afterwards.
    pub keep_alive: KeepAlive,
}

pub enum Task {
    Generate(Generation),
    Classify(Classification),
    Load(Loading),
    Embed(Embedding),
    Look(Look),
}

/// A text to continue.
pub struct Generation {
    pub continuation: Continuation,
    /// Texts that end the answer before them.
    pub stop: Vec<String>,
    /// Log probabilities of the tokens, with those of this many of the most likely ones; `None` if they are not wanted.
    pub scores: Option<usize>,
    /// Where the pieces go. When it is closed, generation ends. It is unbounded, so that a client that has stopped reading
    /// does not stop the thread; the number of tokens is limited.
    pub pieces: mpsc::UnboundedSender<Piece>,
}

/// Ids, and how they go on.
#[derive(Clone, Debug)]
pub struct Continuation {
    /// Checked against the model.
    pub prompt: Vec<u32>,
    /// Of the stop ids a GPT has one.
    pub options: LlamaOptions,
    /// Maximum number of tokens that the model sees. Only a GPT can go on when there are more.
    pub context_size: usize,
    pub seed: u64,
}

/// A message to classify.
pub struct Classification {
    pub text: String,
    /// Closed without an answer when the computation has panicked.
    pub answer: oneshot::Sender<Result<Result<Prediction, ClassifyError>, String>>,
}

/// A model that is to be loaded, or unloaded.
pub struct Loading {
    /// Closed without an answer when loading has panicked.
    pub answer: oneshot::Sender<Result<(), String>>,
}

/// Texts, as ids, whose meaning is to be a vector. None is empty, has an unknown id or is longer than the context.
pub struct Embedding {
    pub texts: Vec<Vec<u32>>,
    /// The mean of the last hidden states, `[emb_dim]` for each text. Closed without an answer when the computation has
    /// panicked.
    pub answer: oneshot::Sender<Result<Vec<Vec<f32>>, String>>,
}

/// Something else to compute with a loaded model, between the steps of the texts. It returns what sends its answer; when it
/// panics, the channel that it owns is closed without one. It gets an error if the model cannot be loaded.
pub type Look = Box<dyn FnOnce(Result<Seen<'_>, String>) -> Reply + Send>;

/// Sends an answer.
pub type Reply = Box<dyn FnOnce()>;

/// A model that is looked at.
#[derive(Clone, Copy)]
pub struct Seen<'m> {
    pub card: &'m ModelCard,
    pub loaded: &'m LoadedModel,
    pub device: &'m Device,
}

/// A part of an answer.
#[derive(Debug)]
pub enum Piece {
    Text(TextPiece),
    Done(Summary),
    Failed(String),
}

/// A part of the text of an answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TextPiece {
    pub text: String,
    /// The tokens that it consists of, if their log probabilities are wanted. Characters can be spread over several tokens, and
    /// what may be the beginning of a stop text waits: a token comes with the piece that has its text. A special token has
    /// none.
    pub scores: Vec<TokenScore>,
}

/// Why an answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The model chose one of the ids that end a text.
    StopId,
    /// One of the request's stop texts.
    StopText,
    /// There are as many tokens as were asked for.
    Length,
    /// The context of the model has no more room.
    ContextFull,
    /// The server is ending.
    Interrupted,
}

/// How an answer came about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Number of new tokens.
    pub tokens: usize,
    /// Why there are no more.
    pub end: End,
    /// Tokens of the prompt that need not be read, because another text began with them.
    pub reused: usize,
    /// Time to load the model, if it was not in memory.
    pub loading: Duration,
    /// Time to the first token, in which the model reads the prompt.
    pub reading: Duration,
    /// Time from the first token on.
    pub writing: Duration,
}

impl Summary {
    /// Whether a limit ended the answer, and not the model or a stop text.
    pub fn at_limit(&self) -> bool {
        matches!(self.end, End::Length | End::ContextFull)
    }
}
