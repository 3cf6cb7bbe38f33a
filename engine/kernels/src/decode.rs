//! Text generation on a CPU, limited only by memory bandwidth.
//!
//! To generate one token, a model reads every weight once and does two arithmetic operations with it. So the time for a
//! token is at least the size of the weights divided by the memory bandwidth, and everything here serves to come close to
//! that bound:
//!
//! | file | what |
//! |---|---|
//! | `weights` | the model's weights, shared with the model and not copied |
//! | `matrix` | a weight matrix in 32, 16, 8 or 4 bits |
//! | `input`, `vector_product` | some vectors times a matrix, as fast as the matrix can be read |
//! | `compressed` | the layout of weights in 16 bits |
//! | `bf16_product` | many vectors times such weights |
//! | `integers` | weights in 8 and 4 bits, and products with them |
//! | `blocks` | weights as GGUF files hold them |
//! | `thread_pool` | threads that wait for work in a spinning loop, because waking one takes longer than a product |
//! | `transposed` | a token embedding that is the output layer as well |
//! | `partial_sums` | how threads with some rows of a matrix each add up their results |
//! | `cache` | the cached keys and values of a head, and the attention of one token over them |
//! | `attention` | attention of many new tokens over the cached keys and values |
//! | `state`, `task` | what the threads share, what each of them owns, and what they compute |
//! | `token` | one token of each text: the work of each thread |
//! | `prompt` | many tokens at once |
//! | `decoder` | what the decoders of all models have in common |
//! | [`llama`] | the same for Llama, Qwen3 and Gemma 3 |
//!
//! [`Decoder`] puts them together: ids in, the logits after the last of them out. It can hold several texts and compute the next
//! token of each of them together. That takes little longer than one token, because the weights are read once for all.

mod attention;
mod bf16_product;
mod blocks;
mod cache;
mod compressed;
mod decoder;
mod input;
mod integers;
pub mod llama;
mod matrix;
mod partial_sums;
mod prompt;
mod state;
mod task;
mod thread_pool;
mod token;
mod transposed;
mod vector_product;
mod weights;

pub use blocks::Blocks;
pub use decoder::{Decoder, Text, TextDecoder};
pub use integers::Columns;
pub use matrix::{Matrix, Precision};
pub use weights::{BlockWeights, Norm, Projection, Weights};

#[cfg(test)]
mod tests;
