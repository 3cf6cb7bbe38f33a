//! The figures of chapter 6.
use crate::Figure;
/// All of them, in the order of the pages.
pub fn figures() -> Vec<Figure> {
    vec![]
}
