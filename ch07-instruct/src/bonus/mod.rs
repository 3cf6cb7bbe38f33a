//! The bonus material of the chapter.
//!
//! | module | what |
//! |---|---|
//! | [`near_duplicates`] | entries with almost the same text |
//! | [`correlation`] | whether two judges agree |
//! | [`reflection`] | better tasks and answers, parsed from a larger model's reply |
//! | [`preference`] | tasks with a preferred and a rejected answer |
//! | [`dpo`] | training on such pairs: direct preference optimization |

pub mod correlation;
pub mod dpo;
pub mod near_duplicates;
pub mod preference;
pub mod reflection;
