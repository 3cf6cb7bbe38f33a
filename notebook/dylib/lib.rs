//! The crate `notebook` as a shared library, for Jupyter.
//!
//! Jupyter's kernel builds each cell as a library of its own. If each of them held a copy of burn, gradients would be recorded in
//! one and looked for in another. A shared library gives all of them the same burn.

pub use notebook::*;
