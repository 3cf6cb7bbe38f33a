//! The outcome of a download.

use std::path::Path;

use workshop::download::Outcome;

use super::tr;

/// What became of the file at `path`, for people.
pub fn describe_download(outcome: &Outcome, path: &Path) -> String {
    let path = path.display();
    match outcome {
        Outcome::Fetched => format!("{path}"),
        Outcome::AlreadyThere => tr!("{path} is there already", "{path} 已经存在"),
        Outcome::NotCompared(reason) => tr!(
            "{path} is there, but was not compared with the server's file: {reason}",
            "{path} 已经存在，但没有与服务器上的文件比较：{reason}"
        ),
    }
}
