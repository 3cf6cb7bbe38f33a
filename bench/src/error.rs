//! Why something cannot be measured.

use ch05_pretrain::GenerateError;
use fast::LlamaError;
use model_files::CheckpointError;
use pretrained::PretrainedError;
use server::ServerError;
use shared::data::DataError;

/// Why something cannot be measured.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// The training sequences are longer than the model's context.
    #[error("{tokens} tokens do not fit into a context of {context_length}; give --tokens with fewer")]
    TooLong {
        /// Tokens of a sequence.
        tokens: usize,
        /// The model's context.
        context_length: usize,
    },
    /// The text to generate is longer than the model's context, or has no tokens.
    #[error("a prompt of {prompt} and {tokens} new tokens do not fit into a context of {context_length}; take fewer")]
    TextTooLong {
        /// Tokens of the prompt.
        prompt: usize,
        /// New tokens.
        tokens: usize,
        /// The model's context.
        context_length: usize,
    },
    /// The training step is wrong.
    #[error("the loss is {0}")]
    Loss(f32),
    /// The model generated nothing.
    #[error("no token was generated")]
    NoToken,
    /// Generation failed.
    #[error(transparent)]
    Generate(#[from] GenerateError),
    /// A model cannot be saved or opened.
    #[error(transparent)]
    Model(#[from] CheckpointError),
    /// A published model cannot be opened.
    #[error(transparent)]
    Published(#[from] PretrainedError),
    /// A published model cannot read a text.
    #[error(transparent)]
    Llama(#[from] LlamaError),
    /// The text is missing.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The system refused a temporary folder or a connection.
    #[error("cannot use a temporary folder or a connection: {0}")]
    Io(#[from] std::io::Error),
    /// The server cannot be started.
    #[error(transparent)]
    Server(#[from] ServerError),
    /// The server does not answer.
    #[error("the server does not answer: {0}")]
    Request(#[from] ureq::Error),
    /// The server answers otherwise than expected.
    #[error("the server's answer is no JSON: {0}")]
    Answer(#[from] serde_json::Error),
}
