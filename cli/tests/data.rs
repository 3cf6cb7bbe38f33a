//! `llm data`.

mod common;

use common::{assert_one_line_error, llm, run, stdout};

#[test]
fn the_list_names_every_data_set_with_licence_and_source() {
    let folder = tempfile::tempdir().unwrap();
    let list = stdout(&run(folder.path(), &["data", "list"]));
    for part in ["lamp", "station-tea", "the-verdict", "sms-spam", "CC BY 4.0", "embedded", "not on this machine"] {
        assert!(list.contains(part), "{part} is missing");
    }
}

#[test]
fn a_path_is_found_in_the_data_folder_and_checked() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| llm(folder.path(), &["data", "path", name]).env("LLM_DATA_DIR", ".").output().unwrap();
    assert_one_line_error(&path("the-verdict"), 1, &["'the-verdict' is not on this machine", "LLM_DATA_DIR"]);
    std::fs::write(folder.path().join("the-verdict.txt"), "another text").unwrap();
    assert_one_line_error(&path("the-verdict"), 1, &["the-verdict.txt is not the data set", "SHA-256", "b41e41a6"]);
    assert_one_line_error(&path("nothing"), 1, &["no data set 'nothing'", "the-verdict"]);
    assert_one_line_error(&path("lamp"), 1, &["'lamp' is embedded", "llm data show lamp"]);
}

#[test]
fn an_embedded_story_can_be_shown() {
    let folder = tempfile::tempdir().unwrap();
    let english = stdout(&run(folder.path(), &["data", "show", "lamp"]));
    let chinese = stdout(&run(folder.path(), &["data", "show", "station-tea"]));
    assert!((19_000..21_000).contains(&english.chars().count()) && english.is_ascii());
    assert!((7_500..8_500).contains(&chinese.chars().count()));
}

/// Every data set is where the catalogue says and has the right checksum.
#[testkit::needs_data]
#[test]
fn the_book_s_data_sets_match_the_catalogue() {
    let folder = testkit::data_folder();
    for set in shared::data::CATALOGUE.iter().filter(|set| set.embedded.is_none()) {
        let path = folder.join(set.file);
        let bytes = std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        assert_eq!(shared::data::sha256(&bytes), set.sha256, "{}", set.name);
    }
}
