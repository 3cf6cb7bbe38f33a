//! Messages with labels, and how they are read (section 6.2).
//!
//! The collection has one message a line, label TAB text. The book reads it with pandas, which takes a quotation mark
//! at the beginning of a text for the beginning of a quotation, even over the end of the line: three lines of the
//! collection become one message. Here it is read the same way, since every later number depends on it. A line of spaces
//! is no message either way. In one thing pandas is not followed: a message such as `NA` or `null` stays a text, where
//! pandas makes a missing value of it, which the book could not encode.

use serde::{Deserialize, Serialize};
use shared::data::DataError;

use crate::table::Table;

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
    #[error("line {line}: the heading is {found:?}, but must name the columns Label and Text")]
    Heading {
        /// The line.
        line: usize,
        /// The heading, shortened.
        found: String,
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
    /// A line has too few columns or too many.
    #[error("line {line}: the number of columns is {found}, but must be {expected}, with a {separator} between them")]
    Columns {
        /// The line.
        line: usize,
        /// Columns there.
        found: usize,
        /// Columns there must be.
        expected: usize,
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
    #[error(
        "line {line}: the quotation that begins there never ends; a text that begins with a quotation mark must end with \
         one, and have each mark in between twice"
    )]
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
    let table = Table {
        delimiter: '\t',
        separator: "tab",
        has_heading: false,
        label_of: |name| Label::ALL.into_iter().find(|label| label.name() == name),
        allowed: "ham or spam",
    };
    table.read(text)
}
