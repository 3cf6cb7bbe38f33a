//! Where cells begin, and what they show besides text.

use std::env::var_os;

/// With this variable an example marks its cells in what it prints, and prints pictures whole, as `cargo book` wants it.
const RECORD: &str = "NOTEBOOK_RECORD";

/// Jupyter's kernel sets this variable where cells run.
const IN_JUPYTER: &str = "EVCXR_IS_RUNTIME";

/// A cell of the notebook begins here, and ends where the next one begins. The name is that of `{{cell NAME}}` in the page.
pub fn cell(name: &str) {
    if var_os(RECORD).is_some() {
        println!("%% {name}");
    }
}

/// Whether pictures can be shown.
pub(crate) fn shows_pictures() -> bool {
    var_os(IN_JUPYTER).is_some() || var_os(RECORD).is_some()
}
