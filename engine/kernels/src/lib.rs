//! The operations of a GPT and of a Llama, fast. The chapters show the formulas; this crate computes the same numbers faster.
//!
//! Each operation has a file of its own, with its formula, the arithmetic on plain slices, its gradient, and a test that
//! compares both with the chapter's own function. The operations take 32-bit numbers on burn's CPU backend; [`fits`] says
//! whether a tensor is of that kind.
//!
//! | module | operation |
//! |---|---|
//! | [`mod@embedding`] | one row of a table for every id |
//! | [`mod@linear`], [`mod@linear_transposed`] | `x W + b`, and `x Wᵀ` with a table of embeddings |
//! | [`lora`] | `x W + b + s (x A) B` |
//! | [`mod@layer_norm`], [`mod@rms_norm`] | layer normalization, and a Llama's without the mean |
//! | [`mod@gelu`], [`gate`] | GPT-2's activation, and a Llama's gate |
//! | [`rotation`] | rotary positions |
//! | [`attention`] | causal attention of all heads, which can share keys and values and have a window |
//! | [`mod@dropout`] | dropout, alone or together with the addition of the shortcut |
//! | [`mod@cross_entropy`] | the loss |
//! | [`adamw`] | a step of the optimizer, in place |
//! | [`decode`] | a whole model for one new token, for generation on a CPU |
//! | [`gpu`] | a transformer block for one new token, for generation on a GPU |
//! | [`mask`] | dropout masks with one bit for each element |
//! | [`product`] | matrix products |
//! | [`memory`] | whether the allocator keeps freed memory |
//!
//! The operations are burn operations for its CPU backend, flex, with hand-written gradients. Matrix products go to the
//! crates `gemm` and `private-gemm-x86` ([`product`]); everything else is loops that the compiler vectorizes. Each loop is compiled for
//! AVX-512, for AVX2 and for the baseline instruction set, and the best one that the processor supports is chosen at run
//! time. The loops add in a fixed order and round after each operation, so all three give the same bits. Products with
//! weights of 8 and 4 bits, and of 16 bits for prompts, are written with intrinsics ([`decode`]). [`gpu`] shares nothing with the rest.

#![warn(clippy::unwrap_used)]

pub mod adamw;
pub mod attention;
mod autodiff;
pub mod cross_entropy;
pub mod decode;
pub mod dropout;
pub mod embedding;
pub mod gate;
pub mod gelu;
pub mod gpu;
pub mod layer_norm;
pub mod linear;
pub mod linear_transposed;
pub mod lora;
pub mod mask;
mod math;
pub mod memory;
mod parts;
pub mod product;
pub mod rms_norm;
pub mod rotation;
mod tensor;
#[cfg(test)]
mod testing;

pub use adamw::AdamWStep;
pub use attention::{Heads, causal_attention, shared_attention};
pub use cross_entropy::cross_entropy;
pub use dropout::{dropout, dropout_add};
pub use embedding::embedding;
pub use gate::{GateKind, gated};
pub use gelu::gelu;
pub use layer_norm::layer_norm;
pub use linear::linear;
pub use linear_transposed::linear_transposed;
pub use lora::linear_with_lora;
pub use mask::Mask;
pub use rms_norm::rms_norm;
pub use rotation::rotate;
pub use tensor::fits;
