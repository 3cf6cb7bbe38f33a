//! The attribute `needs_data` knows the data sets and the user's folder as the program does. (It depends on no other
//! crate, so it cannot ask.)

use shared::data::{CATALOGUE, users_folder};
use testkit::needs_data;

#[path = "../../needs-data/src/files.rs"]
mod files;

#[test]
fn every_data_set_that_can_be_fetched_is_known() {
    let expected: Vec<_> =
        CATALOGUE.iter().filter(|set| set.origin.is_some()).map(|set| (set.name, set.file)).collect();
    assert_eq!(files::FILES, expected);
}

#[test]
fn the_users_folder_is_the_same() {
    assert_eq!(files::users_folder(), users_folder());
}

/// Without the data set, it does not run.
#[needs_data("the-verdict")]
#[test]
fn a_test_that_runs_has_its_data() {
    assert_eq!(testkit::for_test("the-verdict").chars().count(), 20479);
}

/// The tests of this file that are ignored now.
#[test]
fn a_test_without_its_data_is_ignored() {
    let program = std::env::current_exe().unwrap();
    let output = std::process::Command::new(program).args(["--list", "--ignored"]).output().unwrap();
    let ignored = String::from_utf8(output.stdout).unwrap().contains("a_test_that_runs_has_its_data: test");
    let file = users_folder().map(|folder| folder.join("the-verdict.txt"));
    // Known when this was compiled; the attribute makes cargo compile it again when the variable changes.
    let named = option_env!("LLM_DATA_DIR").is_some_and(|folder| !folder.is_empty());
    assert_eq!(ignored, !named && !file.is_some_and(|file| file.is_file()));
}
