//! The operations of a GPT, fast on a CPU. The chapters show the formulas; here the same numbers come sooner.
//!
//! A model is made with one value, [`Kernels`], that says which of the two it uses. Each operation has a file of its own,
//! with its formula, the arithmetic on plain slices, its gradient, and a test that holds both against the clear version:
//!
//! | module | operation |
//! |---|---|
//! | [`mod@embedding`] | a row of a table for every id |
//! | [`mod@linear`] | `x W + b` |
//! | [`mod@layer_norm`] | layer normalization |
//! | [`mod@gelu`] | GPT-2's activation |
//! | [`attention`] | causal attention of all heads |
//! | [`mod@dropout`] | dropout, alone or together with the addition of the shortcut |
//! | [`mod@cross_entropy`] | the loss |
//! | [`adamw`] | a step of the optimizer, in place |
//! | [`decode`] | all of them for one new token, for generation |
//! | [`card`] | the same on a graphics card |
//! | [`mask`] | what dropout keeps, one bit for each element |
//! | [`memory`] | what the allocator does with freed memory |
//!
//! They are burn operations for its CPU backend, flex, with hand-written gradients. Matrix products go to the
//! crates `gemm` and `faer` ([`product`]), everything else is loops that the compiler turns into vector instructions. Each loop is
//! compiled for AVX-512, AVX2 and the plain instruction set, and the processor's best is taken when the program runs.
//! The loops add in a fixed order and round after each operation, so they give the same bits with each of the three. One
//! product is written by hand, for prompts in 16-bit numbers ([`decode`]). [`card`] is for graphics cards and stands apart from
//! all this.

#![warn(clippy::unwrap_used)]

pub mod adamw;
pub mod attention;
mod autodiff;
pub mod card;
pub mod cross_entropy;
pub mod decode;
pub mod dropout;
pub mod embedding;
pub mod gelu;
pub mod layer_norm;
pub mod linear;
pub mod mask;
mod math;
pub mod memory;
pub mod product;
mod switch;
mod tensor;
#[cfg(test)]
mod testing;

pub use adamw::AdamWStep;
pub use attention::causal_attention;
pub use cross_entropy::cross_entropy;
pub use dropout::{dropout, dropout_add};
pub use embedding::embedding;
pub use gelu::gelu;
pub use layer_norm::layer_norm;
pub use linear::linear;
pub use mask::Mask;
pub use switch::Kernels;
