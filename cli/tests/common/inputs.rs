//! Small inputs for training.

use std::fs;

use tempfile::TempDir;

/// A sentence for `llm pretrain`, to be repeated.
pub const SENTENCE: &str = "The boats went out and the boats came home again. ";

/// A folder with `config.json` and `text.txt` for `llm pretrain`.
pub fn folder_with(config: &str, text: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("config.json"), config).unwrap();
    fs::write(folder.path().join("text.txt"), text).unwrap();
    folder
}

/// The arguments of a run on these files, with a model and a log in the same folder.
pub fn pretrain<'a>(extra: &[&'a str]) -> Vec<&'a str> {
    let files = ["pretrain", "--config", "config.json", "--text", "text.txt", "--out", "out", "--log", "log.jsonl"];
    [&files[..], &["--prompt", "The boats", "--device", "cpu"], extra].concat()
}

/// As many ham as spam messages, which a word tells apart.
pub fn messages(pairs: usize) -> String {
    (0..pairs).map(|i| format!("ham\tSee you at {i} o'clock.\nspam\tWin {i} prizes now!\n")).collect()
}
