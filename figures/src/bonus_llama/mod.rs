//! The figures of the chapter on Llama.

use crate::Figure;

mod lens;

/// All of them, in the order of the pages.
pub fn figures() -> Vec<Figure> {
    vec![lens::smollm2()]
}
