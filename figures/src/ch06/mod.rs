//! The figures of chapter 6.

use crate::Figure;
use crate::theme::Role;

mod choice;
mod collection;
mod confusion;
mod contributions;
mod curves;
mod experiments;
mod head;
mod last_token;
mod overview;
mod padding;
mod trained;

/// All of them, in the order of the pages.
pub fn figures() -> Vec<Figure> {
    vec![
        overview::road_map(),
        choice::two_kinds(),
        collection::balanced_and_cut(),
        collection::three_jobs(),
        padding::three_messages(),
        padding::one_batch(),
        head::before_and_after(),
        trained::trained_and_frozen(),
        last_token::who_has_seen_all(),
        confusion::matrix(),
        curves::loss_and_accuracy(),
        curves::fine_tuning(),
        experiments::experiments(),
        contributions::contributions(),
    ]
}

/// The two labels have the same colors in the whole chapter, and their names beside them.
const HAM: Role = Role::Token;
const SPAM: Role = Role::Score;
