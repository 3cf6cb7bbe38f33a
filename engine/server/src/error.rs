//! Why a server cannot be started.

use std::error::Error;
use std::io;
use std::iter::successors;

/// Why a server cannot be started, or ended early.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The models cannot be opened.
    #[error(transparent)]
    Models(Box<dyn Error + Send + Sync>),
    /// Opening the models has panicked; the reason is on standard error.
    #[error("opening the models failed; see above")]
    Panic,
    /// The system refused a thread or the network.
    #[error("cannot start the server")]
    Io(#[from] io::Error),
}

/// An error and its causes in one line.
pub fn with_causes(error: &(dyn Error + 'static)) -> String {
    let causes = successors(Some(error), |&error| error.source()).map(ToString::to_string);
    causes.collect::<Vec<_>>().join(": ")
}
