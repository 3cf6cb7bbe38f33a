//! The bonus material of the chapter.
//!
//! | module | what |
//! |---|---|
//! | [`contributions`] | what each token contributed to a decision |

pub mod contributions;
