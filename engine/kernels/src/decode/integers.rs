//! Weights in 8 and in 4 bits, and their products, which are computed with integers.
//!
//! A vector is rounded as well: every [`BLOCK`] of its numbers becomes 8-bit integers with a common scale. Sums of products
//! of integers are exact, so all instruction sets give the same bits, and a processor multiplies four times as many
//! 8-bit integers at once as 32-bit numbers. Weights are stored in panels of columns and blocks of rows, four rows
//! of a column beside each other, as the instructions want them:
//!
//! | file | what |
//! |---|---|
//! | `vectors` | vectors in 8 bits |
//! | `int8`, `int4` | the two formats of weights |
//! | `pack` | panels from the columns of a matrix |
//! | `kernel` | the products of a block, for any instruction set |
//! | `avx512`, `avx2`, `portable` | the instruction sets |
//! | `product` | a vector, or many, times a matrix |

#![allow(unsafe_code, reason = "instructions are chosen at run time, and threads write parts of one matrix")]

mod avx2;
mod avx512;
pub mod half;
mod int4;
mod int8;
mod kernel;
mod pack;
mod portable;
mod product;
mod vectors;

pub use int4::Int4Matrix;
pub use int8::Int8Matrix;
pub use kernel::Block;
pub use pack::{Columns, RowMajor, Rows, filled, panels};
pub use product::{InstructionSet, STREAMS, TILE};
pub use vectors::VectorBlock;

/// Rows of a block.
pub const BLOCK: usize = 32;

/// Rows of a column that lie beside each other.
const GROUP: usize = 4;

/// Groups of a block.
const GROUPS: usize = BLOCK / GROUP;
