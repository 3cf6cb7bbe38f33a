//! Training runs that can be observed, interrupted and continued bit for bit.
//!
//! The lessons have straight loops. This crate runs the same steps in the same order, draws the same random numbers,
//! and adds what a long run needs: an observer, a state that can be saved between two steps, an end when the numbers are
//! no longer finite, the fast loss and optimizer. `tests/` holds the runner to the lessons' loops, bit for bit.
//!
//! | module | what |
//! |---|---|
//! | [`run`] | a run between two steps |
//! | [`events`] | what an observer receives |
//! | [`runner`] | the loop, for any [`Task`] |
//! | [`tasks`] | language models (chapters 5 and 7, appendix D) and classifiers (chapter 6) |
//! | [`cropped`] | batches without the padding that nothing depends on |
//! | [`finite`] | runs that have diverged |
//! | [`checkpoint`] | a run in a folder |

#![warn(clippy::unwrap_used)]

pub mod checkpoint;
pub mod cropped;
pub mod events;
pub mod finite;
pub mod run;
pub mod runner;
pub mod tasks;

pub use checkpoint::{RunError, RunFile, load_checkpoint, load_run_file, newest_checkpoint, save_checkpoint};
pub use cropped::Cropped;
pub use events::{Event, ignore};
pub use finite::{Diverged, check_loss, check_model};
pub use run::{Masks, Run, RunState};
pub use runner::{Task, train};
pub use tasks::{Classifier, LanguageModel, train_classifier, train_language_model};
