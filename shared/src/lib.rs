//! What every chapter needs and none teaches.
//!
//! | module | what |
//! |---|---|
//! | [`rng`] | PyTorch's and numpy's random numbers, bit for bit |
//! | [`init`] | first values of layers, drawn as PyTorch draws them |
//! | [`data`] | the book's data sets and the embedded stories |
//! | [`files`] | files written whole or not at all |
//! | [`Mode`], [`Dropout`] | training or evaluation, and the layer that cares |

pub mod data;
mod dropout;
pub mod files;
pub mod init;
mod loader;
mod mode;
pub mod rng;

pub use dropout::Dropout;
pub use loader::BatchLoader;
pub use mode::Mode;
