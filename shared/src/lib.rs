//! What every chapter needs and none teaches.
//!
//! | module | what |
//! |---|---|
//! | [`rng`] | PyTorch's and numpy's random numbers |
//! | [`init`] | first values of layers, drawn as PyTorch draws them |
//! | [`Linear`] | the layer that models are mostly made of |
//! | [`Mode`], [`Dropout`] | training or evaluation, and the layer that cares |
//! | [`config`] | sizes of a model, settings of a training run |
//! | [`device`] | CPU or GPU, by name |
//! | [`data`] | the book's data sets and the embedded stories |
//! | [`download`] | files from the network, resumed and checked |
//! | [`BatchLoader`] | batches in the order of PyTorch's `DataLoader` |
//! | [`files`] | files written whole or not at all |
//! | [`progress`] | a bar on a terminal, plain lines elsewhere |
//! | [`plot`] | pictures as SVG |

#![warn(clippy::unwrap_used)]

pub mod config;
pub mod data;
pub mod device;
pub mod download;
mod dropout;
pub mod files;
pub mod init;
mod linear;
mod loader;
mod mode;
pub mod plot;
pub mod progress;
pub mod rng;

pub use config::{GptConfig, TrainingConfig};
pub use dropout::Dropout;
pub use linear::{Linear, LowRank};
pub use loader::BatchLoader;
pub use mode::Mode;
