//! Tests that need a data set are ignored where it is missing; that is decided when they are compiled.

use std::env;
use std::fs::File;
use std::path::Path;
use std::time::SystemTime;

/// Makes cargo compile these tests again, now that a data set is there, if `cargo run` has started this program. Cargo does
/// not watch files that did not exist, so the crate that looks for them gets the time of now.
pub fn look_again() {
    // The folder of this package in the checkout.
    if let Some(package) = env::var_os("CARGO_MANIFEST_DIR") {
        touch(&Path::new(&package).join("../engine/needs-data/src/lib.rs"));
    }
}

/// Nothing is lost if the file is not there or belongs to someone else: `cargo clean -p needs-data` does the same.
fn touch(file: &Path) {
    let _ = File::options().append(true).open(file).and_then(|file| file.set_modified(SystemTime::now()));
}
