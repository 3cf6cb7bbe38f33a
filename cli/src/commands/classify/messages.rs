//! The messages of a file, a folder or a data set.

use std::borrow::Cow;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use ch06_classify::csv_files::is_split;
use ch06_classify::{CSV_FILES, EMBEDDED_MESSAGES, Message, Split, read_messages, read_split};
use shared::data::{DataError, find, read_text};

use crate::terminal::tr;

/// Name of the embedded messages.
pub const EMBEDDED: &str = "messages";
/// Name of the book's messages, and a shorter one.
const SMS_SPAM: &str = "sms-spam";
const SMS: &str = "sms";

/// The messages of a file or a data set.
pub fn read_collection(data: &str) -> Result<Vec<Message>> {
    let path = Path::new(data);
    ensure!(!path.is_dir() || data == EMBEDDED, no_split(path));
    let text: Cow<str> = if path.exists() && !path.is_dir() {
        read_text(path)?.into()
    } else if data == EMBEDDED {
        EMBEDDED_MESSAGES.into()
    } else {
        match find(if data == SMS { SMS_SPAM } else { data }) {
            Ok(set) => set.text()?,
            Err(DataError::Unknown { .. }) => bail!(tr!(
                "{data} is neither a file nor a data set; data sets with messages are sms-spam and {EMBEDDED}",
                "{data} 既不是文件也不是数据集；含有消息的数据集是 sms-spam 和 {EMBEDDED}"
            )),
            Err(error) => return Err(error.into()),
        }
    };
    read_messages(&text).with_context(|| data.to_string())
}

/// The three parts of the messages: of a folder as they are there, of a collection as `prepare` makes them.
pub fn read_parts(data: &str) -> Result<Split> {
    let path = Path::new(data);
    if is_split(path) {
        return Ok(read_split(path)?);
    }
    Split::of_collection(&read_collection(data)?).with_context(|| data.to_string())
}

/// What is wrong with a folder in the place of a collection.
fn no_split(folder: &Path) -> String {
    let (shown, files) = (folder.display(), CSV_FILES.join(", "));
    match CSV_FILES.iter().find(|file| !folder.join(file).is_file()) {
        Some(missing) => tr!(
            "{shown} is a folder without {missing}: messages are a file, or a folder with {files} as `prepare` writes it",
            "{shown} 是文件夹，但其中没有 {missing}：消息应是一个文件，或 `prepare` 写出的含有 {files} 的文件夹"
        ),
        None => tr!(
            "{shown} is a folder with {files}, which is prepared already; give the file with all messages",
            "{shown} 是已经准备好的文件夹，含有 {files}；请给出包含全部消息的文件"
        ),
    }
}
