//! What all examples need.

use ch07_instruct::entry::EMBEDDED_NAME;
use ch07_instruct::{Entries, Entry, EntryError};

/// The book's entries, or the embedded ones.
pub fn entries() -> Result<Vec<Entry>, EntryError> {
    Entries::load("instructions").or_else(|missing| {
        println!("{missing}\nWith the embedded tasks instead, the numbers are not the book's.\n");
        Entries::load(EMBEDDED_NAME)
    })
}
