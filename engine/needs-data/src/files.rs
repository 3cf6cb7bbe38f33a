//! The data sets as this crate knows them. It depends on no other crate; a test of `testkit` compares this with
//! `shared::data`.

use std::path::PathBuf;

/// Names of the data sets, and their files below the data folder.
pub const FILES: &[(&str, &str)] = &[
    ("the-verdict", "the-verdict.txt"),
    ("the-verdict-cn-edition", "the-verdict-cn-edition.txt"),
    ("sms-spam", "sms_spam_collection/SMSSpamCollection.tsv"),
    ("instructions", "instruction-data.json"),
    ("instructions-with-response", "instruction-data-with-response.json"),
    ("instructions-with-preference", "instruction-data-with-preference.json"),
    ("instruction-examples", "instruction-examples.json"),
    ("gpt2-encoder", "gpt2-bpe/encoder.json"),
    ("gpt2-merges", "gpt2-bpe/vocab.bpe"),
];

/// The user's data folder, as the crate `dirs` finds it.
pub fn users_folder() -> Option<PathBuf> {
    let folder = |variable: &str| std::env::var_os(variable).map(PathBuf::from).filter(|folder| folder.is_absolute());
    let data = if cfg!(windows) {
        folder("APPDATA")
    } else if cfg!(target_os = "macos") {
        folder("HOME").map(|home| home.join("Library/Application Support"))
    } else {
        folder("XDG_DATA_HOME").or_else(|| folder("HOME").map(|home| home.join(".local/share")))
    };
    data.map(|data| data.join("llm-from-scratch"))
}
