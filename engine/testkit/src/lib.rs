//! What the tests of several crates share. No crate depends on it but for its tests.
//!
//! | module | what |
//! |---|---|
//! | [`close`] | numbers within a tolerance |
//! | [`data`] | the book's data and GPT-2's weights, for tests that need them |

pub mod close;
pub mod data;

pub use close::{assert_close, assert_near, assert_relatively_close, values};
pub use data::{data_folder, for_test, gpt2_for_test};
pub use needs_data::{needs_data, needs_file};
