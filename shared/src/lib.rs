//! What every chapter needs and none teaches.
//!
//! | module | what |
//! |---|---|
//! | [`rng`] | PyTorch's and numpy's random numbers |
//! | [`init`] | first values of layers, drawn as PyTorch draws them |
//! | [`Linear`] | a linear layer |
//! | [`cross_entropy`](fn@cross_entropy) | the loss |
//! | [`Mode`], [`Dropout`] | training or evaluation, and the layer that depends on it |
//! | [`LanguageModel`], [`Tokenizer`] | what the chapters need of a model and its tokenizer |
//! | [`config`] | sizes of a model, settings of a training run |
//! | [`data`] | the book's data sets and the embedded stories |
//! | [`BatchLoader`], [`Batches`] | batches in the order of PyTorch's `DataLoader` |
//! | [`text`] | how text is read: encoding, line breaks |
//! | [`files`] | files written whole or not at all |

#![warn(clippy::unwrap_used)]

pub mod config;
mod cross_entropy;
pub mod data;
mod dropout;
pub mod files;
pub mod init;
mod language_model;
pub mod linear;
mod loader;
mod math;
mod mode;
pub mod rng;
pub mod text;

pub use config::{GptConfig, TrainingConfig};
pub use cross_entropy::{IGNORE_INDEX, cross_entropy};
pub use dropout::Dropout;
pub use language_model::{LanguageModel, Tokenizer};
pub use linear::Linear;
pub use loader::{BatchLoader, Batches};
pub use math::tanh;
pub use mode::Mode;
