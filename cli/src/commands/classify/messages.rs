//! The messages of a file, a folder or a data set.

use std::borrow::Cow;
use std::path::Path;

use anyhow::{Context, Result, bail};
use ch02_text::END_OF_TEXT;
use ch06_classify::csv_files::is_split;
use ch06_classify::{EMBEDDED_MESSAGES, Message, Split, read_messages, read_split};
use shared::data::{DataError, find, read_text};

/// Name of the embedded messages.
pub const EMBEDDED: &str = "messages";

/// The messages of a file or a data set.
pub fn read_collection(data: &str) -> Result<Vec<Message>> {
    let path = Path::new(data);
    let text: Cow<str> = if data == EMBEDDED && !path.exists() {
        EMBEDDED_MESSAGES.into()
    } else if path.exists() {
        read_text(path)?.into()
    } else {
        match find(data) {
            Ok(set) => set.text()?,
            Err(DataError::Unknown { .. }) => {
                bail!("{data} is neither a file nor a data set; data sets with messages are sms-spam and {EMBEDDED}")
            }
            Err(error) => return Err(error.into()),
        }
    };
    read_messages(&text).with_context(|| data.to_string())
}

/// The three parts of the messages: of a folder as they are there, of a collection as `prepare` makes them.
pub fn read_parts(data: &str) -> Result<Split> {
    let split = if is_split(Path::new(data)) {
        read_split(Path::new(data))?
    } else {
        Split::of_collection(&read_collection(data)?).with_context(|| data.to_string())?
    };
    for (part, messages) in split.parts() {
        if let Some(message) = messages.iter().find(|message| message.text.contains(END_OF_TEXT)) {
            let start: String = message.text.chars().take(40).collect();
            bail!("{data}: the {part} message that begins with {start:?} contains {END_OF_TEXT}; take it out");
        }
    }
    Ok(split)
}
