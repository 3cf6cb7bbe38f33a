//! Text generation at the speed of the memory.
//!
//! A model that writes one token reads every weight once and does two operations with it, so the time of a token is
//! the size of the weights over the bandwidth of the memory, and everything else is to be kept out of the way:
//!
//! | file | what |
//! |---|---|
//! | `weights` | the model's weights, shared with the model and not copied |
//! | `matrix` | a vector times a matrix, as fast as the matrix can be read |
//! | `compressed` | weights of 16 and of 8 bits |
//! | `halves_product` | many vectors times such weights |
//! | `team` | threads that stand ready, because waking one takes longer than a product |
//! | `token` | one token: what each thread of the team does |
//! | `prompt` | many tokens at once |
//!
//! [`Decoder`] puts them together: give it ids, get the logits after the last of them.

mod compressed;
mod decoder;
mod halves_product;
mod matrix;
mod prompt;
mod team;
mod token;
mod weights;

pub use decoder::Decoder;
pub use matrix::{Matrix, Precision};
pub use weights::{Block, Norm, Projection, Weights};
