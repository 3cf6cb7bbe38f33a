//! The figures of appendix D.

use crate::Figure;

mod clipping;
mod run;
mod schedules;

/// All of them, in the order of the pages.
pub fn figures() -> Vec<Figure> {
    vec![schedules::three_ways(), clipping::together_or_apart(), run::with_all_three()]
}
