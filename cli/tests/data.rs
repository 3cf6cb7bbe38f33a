//! `llm data`.

mod common;

use std::fs;

use common::{assert_one_line_error, llm, run, stdout};
use serde_json::Value;
use shared::data::CATALOGUE;

#[test]
fn the_list_names_every_data_set_with_licence_and_source() {
    let folder = tempfile::tempdir().unwrap();
    let list = stdout(&run(folder.path(), &["data", "list"]));
    for part in ["lamp", "station-tea", "the-verdict", "sms-spam", "CC BY 4.0", "embedded", "not on this machine"] {
        assert!(list.contains(part), "{part} is missing");
    }
}

#[test]
fn the_list_is_json_too() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("the-verdict.txt"), "another text").unwrap();
    fs::write(folder.path().join("the-clockmakers-lamp.txt"), "my own lamp").unwrap();
    let list = llm(folder.path(), &["data", "list", "--json"]).env("LLM_DATA_DIR", ".").output().unwrap();
    let sets: Vec<Value> = serde_json::from_str(&stdout(&list)).unwrap();
    assert_eq!(sets.len(), CATALOGUE.len());
    let of = |name: &str| sets.iter().find(|set| set["name"] == name).unwrap();
    assert_eq!((&of("sms-spam")["state"], &of("sms-spam")["licence"]), (&"missing".into(), &"CC BY 4.0".into()));
    assert_eq!((&of("lamp")["state"], &of("lamp")["path"]), (&"file".into(), &"./the-clockmakers-lamp.txt".into()));
    assert_eq!(of("station-tea")["state"], "embedded");
    assert!((7_500..8_500).contains(&of("station-tea")["characters"].as_u64().unwrap()));
    assert_eq!(of("the-verdict")["state"], "unusable");
    assert!(of("the-verdict")["error"].as_str().unwrap().contains("SHA-256"));
}

/// A story of another place is not what the user asked for.
#[test]
fn a_data_folder_that_is_not_there_is_named() {
    let folder = tempfile::tempdir().unwrap();
    for command in [
        &["data", "list"][..],
        &["data", "list", "--json"],
        &["data", "show", "lamp"],
        &["data", "path", "sms-spam"],
        &["pretrain"],
    ] {
        let output = llm(folder.path(), command).env("LLM_DATA_DIR", "absent").output().unwrap();
        assert_one_line_error(&output, 1, &["LLM_DATA_DIR names absent, but there is no such folder", "unset it"]);
    }
    let unset = llm(folder.path(), &["data", "show", "lamp"]).env("LLM_DATA_DIR", "").output().unwrap();
    assert!(unset.status.success());
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
