//! What the thread that computes is asked for, and what it answers.

use std::time::Duration;

use ch06_classify::{ClassifyError, Prediction};
use fast::LlamaOptions;
use tokio::sync::{mpsc, oneshot};

use crate::keep_alive::KeepAlive;

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
}

/// A text to continue.
pub struct Generation {
    pub continuation: Continuation,
    /// Texts that end the answer before them.
    pub stop: Vec<String>,
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

/// A part of an answer.
#[derive(Debug)]
pub enum Piece {
    Text(String),
    Done(Summary),
    Failed(String),
}

/// How an answer came about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Number of new tokens.
    pub tokens: usize,
    /// Whether the limit ended it, and not the model or a stop text.
    pub at_limit: bool,
    /// Time to load the model, if it was not in memory.
    pub loading: Duration,
    /// Time to the first token, in which the model reads the prompt.
    pub reading: Duration,
    /// Time from the first token on.
    pub writing: Duration,
}
