//! Appendix A: what the book teaches about PyTorch, in burn.
//!
//! Read the modules in this order:
//!
//! | section | module | what |
//! |---|---|---|
//! | A.3, A.4 | [`logistic`] | a computation graph, its gradient by hand and by `backward()` |
//! | A.5 | [`network`] | a network of three layers |
//! | A.6 | [`dataset`] | a data set and its batches |
//! | A.7 | [`mod@train`] | the training loop and the accuracy |
//! | A.9 | [`parallel`] | gradients of several devices, averaged |
//!
//! Tensors (A.2), saving (A.8) and devices (A.9.1) need no code of our own: see the examples `a_2_tensors`,
//! `a_7_train` and `a_9_devices`.

#![warn(clippy::unwrap_used)]

pub mod dataset;
pub mod logistic;
pub mod network;
pub mod parallel;
pub mod train;

pub use dataset::{ToyBatch, ToyDataset, ToyLoader};
pub use network::NeuralNetwork;
pub use train::{compute_accuracy, train};
