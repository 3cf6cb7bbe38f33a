//! What the notebooks of `book/notebooks` use: burn, the crates of the chapters, tensors on paper and pictures.
//!
//! A notebook asks for this crate in its first cell and for nothing else. Its cells come from `examples/chNN_notebook.rs`,
//! which is an ordinary program: `cargo run -p notebook --example ch03_notebook`.
//!
//! | module | what |
//! |---|---|
//! | [`prelude`] | what every notebook begins with |
//! | [`cells`] | where cells begin, and what they show besides text |
//! | [`pictures`] | heat maps, curves and bars |

#![warn(clippy::unwrap_used)]

pub mod cells;
pub mod pictures;
pub mod prelude;
