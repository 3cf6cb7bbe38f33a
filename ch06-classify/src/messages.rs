//! Messages with labels, and how they are read (section 6.2).
//!
//! The collection has one message a line, label TAB text. The book reads it with pandas, which takes a quotation mark
//! at the beginning of a text for the beginning of a quotation, even over the end of the line: three lines of the
//! collection become one message. Here it is read the same way, since every later number depends on it.

use serde::{Deserialize, Serialize};
use shared::data::DataError;

/// The classes of messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Label {
    /// A message that somebody wrote to somebody; class 0.
    Ham = 0,
    /// A message that was sent to everybody; class 1.
    Spam = 1,
}

/// Number of classes, and so of the values that the classification head gives.
pub const NUM_CLASSES: usize = 2;

impl Label {
    /// All labels; the index of each is its class.
    pub const ALL: [Self; NUM_CLASSES] = [Self::Ham, Self::Spam];

    /// The number of the class: 0 for ham, 1 for spam.
    pub fn class(self) -> usize {
        self as usize
    }

    /// The word of the collection: `ham` or `spam`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ham => "ham",
            Self::Spam => "spam",
        }
    }

    /// The answer of the book's `classify_review`: `not spam` or `spam`.
    pub fn answer(self) -> &'static str {
        match self {
            Self::Ham => "not spam",
            Self::Spam => "spam",
        }
    }
}

/// One message of a collection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// What it is.
    pub label: Label,
    /// Its text, as it stands in the collection: spaces at both ends and entities such as `&amp;` stay.
    pub text: String,
}

/// Why messages cannot be used. Lines count from 1.
#[derive(Debug, thiserror::Error)]
pub enum MessagesError {
    /// The first line does not name the columns.
    #[error("line 1: the heading is {found:?}, but must be {expected:?}")]
    Heading {
        /// The first line, shortened.
        found: String,
        /// The required heading.
        expected: &'static str,
    },
    /// A label is not one of the two.
    #[error("line {line}: the label is {label:?}, but must be {allowed}")]
    Label {
        /// The line.
        line: usize,
        /// The label, shortened.
        label: String,
        /// The allowed labels.
        allowed: &'static str,
    },
    /// A line does not have two columns.
    #[error("line {line}: there are {found} columns, but must be 2: label and text, with a {separator} between")]
    Columns {
        /// The line.
        line: usize,
        /// Columns there.
        found: usize,
        /// `tab` or `comma`.
        separator: &'static str,
    },
    /// A message is empty.
    #[error("line {line}: the message is empty")]
    NoText {
        /// The line.
        line: usize,
    },
    /// A text begins with a quotation mark, and no other follows to the end of the file.
    #[error("line {line}: the quotation that begins there never ends")]
    OpenQuotation {
        /// The line.
        line: usize,
    },
    /// There are no messages.
    #[error("there are no messages")]
    None,
    /// The file cannot be read.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The CSV reader failed.
    #[error(transparent)]
    Csv(#[from] csv::Error),
}

/// Reads a collection: label TAB text, one message a line, without a heading.
///
/// ```
/// use ch06_classify::{Label, read_messages};
///
/// let messages = read_messages("ham\tSee you at 8\nspam\t\"You\" have won\n")?;
/// assert_eq!(messages[1].label, Label::Spam);
/// assert_eq!(messages[1].text, "You have won");
/// # Ok::<(), ch06_classify::MessagesError>(())
/// ```
///
/// # Errors
/// The first line that is no message, or that there is none.
pub fn read_messages(text: &str) -> Result<Vec<Message>, MessagesError> {
    let label = |name: &str| Label::ALL.into_iter().find(|label| label.name() == name);
    read_table(text, Table { delimiter: b'\t', separator: "tab", heading: None, allowed: "ham or spam" }, label)
}

/// How a table of messages is written.
pub(crate) struct Table {
    pub(crate) delimiter: u8,
    /// The delimiter in words.
    pub(crate) separator: &'static str,
    /// The first line, if it names the columns.
    pub(crate) heading: Option<&'static str>,
    /// The labels in words.
    pub(crate) allowed: &'static str,
}

/// Reads a table of labels and texts.
pub(crate) fn read_table(
    text: &str,
    table: Table,
    label_of: impl Fn(&str) -> Option<Label>,
) -> Result<Vec<Message>, MessagesError> {
    let Table { delimiter, separator, heading, allowed } = table;
    let first = text.lines().next().unwrap_or("");
    if let Some(expected) = heading.filter(|expected| *expected != first) {
        return Err(MessagesError::Heading { found: first.chars().take(30).collect(), expected });
    }
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(heading.is_some())
        .flexible(true)
        .from_reader(text.as_bytes());
    let (mut messages, mut last) = (Vec::new(), 0);
    for record in reader.records() {
        let record = record?;
        let from = record.position().map_or(0, |position| position.byte() as usize);
        let line = || line_at(text, from);
        let (Some(label), Some(message), 2) = (record.get(0), record.get(1), record.len()) else {
            return Err(MessagesError::Columns { line: line(), found: record.len(), separator });
        };
        let Some(label) = label_of(label) else {
            return Err(MessagesError::Label { line: line(), label: label.chars().take(30).collect(), allowed });
        };
        if message.is_empty() {
            return Err(MessagesError::NoText { line: line() });
        }
        messages.push(Message { label, text: message.to_string() });
        last = from;
    }
    // The reader takes the end of the file for the end of a quotation.
    let last_text = text[last..].split_once(char::from(delimiter)).map_or("", |(_, field)| field);
    if last_text.strip_prefix('"').is_some_and(never_closed) {
        return Err(MessagesError::OpenQuotation { line: line_at(text, last) });
    }
    if messages.is_empty() { Err(MessagesError::None) } else { Ok(messages) }
}

/// The number of the line on which the record at byte `from` begins. Empty lines in front of it are no part of it.
fn line_at(text: &str, from: usize) -> usize {
    let rest = &text[from..];
    let empty = rest.len() - rest.trim_start_matches(['\r', '\n']).len();
    1 + text[..from + empty].matches('\n').count()
}

/// Whether no quotation mark ends a quotation. Two side by side stand for one mark of the text.
fn never_closed(quotation: &str) -> bool {
    !quotation.replace("\"\"", "").contains('"')
}
