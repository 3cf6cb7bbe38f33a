//! Random numbers that match those of the book's Python code.
//!
//! The book fixes seeds (`torch.manual_seed(123)`) and prints what comes out. [`TorchRng`] is PyTorch's CPU generator
//! in Rust, so that this edition prints the same; [`NumpyRng`] is the generator behind pandas' sampling, which
//! chapter 6 needs.

mod mt19937;
mod numpy;
mod torch;

pub use mt19937::Mt19937;
pub use numpy::NumpyRng;
pub use torch::TorchRng;
