//! The figures of chapter 1.

use crate::Figure;

mod counting;
mod data;
mod fields;
mod road;
mod rounds;
mod sizes;
mod slope;
mod stages;
mod transformer;

/// All of them, in the order of the pages.
pub fn figures() -> Vec<Figure> {
    vec![
        road::road(),
        counting::counting(),
        slope::four_steps(),
        fields::fields(),
        stages::two_kinds(),
        transformer::two_halves(),
        transformer::two_families(),
        data::shares(),
        rounds::rounds(),
        sizes::sizes(),
    ]
}
