//! The book's real data for the tests that need it.

use std::path::{Path, PathBuf};

use shared::data::{DATA_DIR_VAR, find, named_folder, read_text, users_folder};

/// Environment variable with a folder of GPT-2's weights, for the tests that need them.
pub const GPT2_DIR_VAR: &str = "LLM_GPT2_DIR";

/// A data set for a test that needs the book's real file: from the folder that `LLM_DATA_DIR` names, or without the
/// variable from the user's data folder. A test that calls this says so with
/// [`#[needs_data("...")]`](crate::needs_data), so that it is ignored where the file is not.
///
/// # Panics
/// If the data set is not there, or if it is not the right one.
pub fn for_test(name: &str) -> String {
    read_for_test(name, named_for_test(DATA_DIR_VAR), users_folder())
}

/// The folder of the data sets: the one that `LLM_DATA_DIR` names, or the user's. For tests that look at the files
/// themselves.
pub fn data_folder() -> PathBuf {
    named_for_test(DATA_DIR_VAR).or_else(users_folder).unwrap_or_default()
}

fn read_for_test(name: &str, named: Option<PathBuf>, users: Option<PathBuf>) -> String {
    let set = find(name).unwrap_or_else(|e| panic!("{e}"));
    let path = named.or(users).unwrap_or_default().join(set.file);
    assert!(
        path.is_file(),
        "this test needs the data set '{name}': `cargo run -- data fetch {name}`, or set {DATA_DIR_VAR} to the folder that holds it"
    );
    set.check(&path).and_then(|()| read_text(&path)).unwrap_or_else(|e| panic!("{e}"))
}

/// The folder of GPT-2's weights that `LLM_GPT2_DIR` names, for a test that needs them.
///
/// # Panics
/// If the variable is not set.
pub fn gpt2_for_test() -> PathBuf {
    named_for_test(GPT2_DIR_VAR).unwrap_or_else(|| panic!("{GPT2_DIR_VAR} must name a folder with GPT-2's weights"))
}

/// The folder that a variable names. Tests run inside their crate's folder, so a relative path means the workspace's.
fn named_for_test(variable: &str) -> Option<PathBuf> {
    named_folder(variable).map(|folder| Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../..")).join(folder))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn read(named: Option<&Path>, users: Option<&Path>) -> String {
        read_for_test("lamp", named.map(Path::to_path_buf), users.map(Path::to_path_buf))
    }

    #[test]
    fn a_test_finds_its_data_where_the_program_does() {
        let (folder, empty) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::write(folder.path().join("the-clockmakers-lamp.txt"), "a lamp").unwrap();
        let (there, empty) = (Some(folder.path()), Some(empty.path()));
        assert_eq!(read(there, empty), "a lamp");
        assert_eq!(read(None, there), "a lamp");
        std::panic::catch_unwind(|| read(empty, there)).expect_err("the folder that is named must have the data");
        std::panic::catch_unwind(|| read(None, empty)).expect_err("nothing is in the user's folder");
    }

    #[test]
    #[should_panic(expected = "needs the data set 'lamp': `cargo run -- data fetch lamp`")]
    fn without_its_data_a_test_says_how_to_get_it() {
        read(None, None);
    }

    #[test]
    #[should_panic(expected = "is not the data set 'the-verdict'")]
    fn a_test_does_not_run_on_other_data() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("the-verdict.txt"), "another story").unwrap();
        read_for_test("the-verdict", None, Some(folder.path().into()));
    }
}
