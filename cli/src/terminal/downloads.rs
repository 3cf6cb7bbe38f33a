//! The outcome of a download.

use std::path::Path;

use workshop::download::Outcome;

/// What became of the file at `path`, for people.
pub fn describe_download(outcome: &Outcome, path: &Path) -> String {
    let path = path.display();
    match outcome {
        Outcome::Fetched => format!("{path}"),
        Outcome::AlreadyThere => format!("{path} is there already"),
        Outcome::NotCompared(reason) => {
            format!("{path} is there, but was not compared with the server's file: {reason}")
        }
    }
}
