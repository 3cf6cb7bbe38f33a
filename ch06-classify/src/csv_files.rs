//! The three parts as CSV files (section 6.2), byte for byte as pandas writes them.

use std::fs;
use std::io;
use std::path::Path;

use shared::data::read_text;
use shared::files::write_whole;

use crate::table::Table;
use crate::{Label, Message, MessagesError, Split};

/// Names of the files, in the order training, validation, test.
pub const CSV_FILES: [&str; 3] = ["train.csv", "validation.csv", "test.csv"];

/// The messages as CSV: the heading `Label,Text`, labels as 0 and 1, quotation marks only where a text needs them.
pub fn to_csv(messages: &[Message]) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let rows = messages.iter().map(|message| [if message.label == Label::Ham { "0" } else { "1" }, &message.text]);
    for row in std::iter::once(["Label", "Text"]).chain(rows) {
        writer.write_record(row).expect("rows have two columns, and memory takes them");
    }
    writer.into_inner().expect("memory takes everything")
}

/// Reads what [`to_csv`] writes, and what pandas takes for the same: quoted headings, columns in another order, further
/// columns, which are ignored, and labels such as `1.0`.
///
/// # Errors
/// The first line that is no message, or that there is none.
pub fn from_csv(text: &str) -> Result<Vec<Message>, MessagesError> {
    let label_of = |class: &str| {
        let class: f64 = class.trim().parse().ok()?;
        Label::ALL.into_iter().find(|label| label.class() as f64 == class)
    };
    Table { delimiter: ',', separator: "comma", has_heading: true, label_of, allowed: "0 or 1" }.read(text)
}

/// Writes `train.csv`, `validation.csv` and `test.csv` into `folder`, each whole or not at all.
///
/// # Errors
/// What the file system says; the message names the file.
pub fn write_split(folder: &Path, split: &Split) -> io::Result<()> {
    let parts = CSV_FILES.into_iter().zip(split.parts());
    parts.into_iter().try_for_each(|(file, (_, part))| write_whole(&folder.join(file), &to_csv(part)))
}

/// Why a folder of CSV files cannot be read: the file and the reason.
#[derive(Debug, thiserror::Error)]
#[error("{file}: {source}")]
pub struct SplitFileError {
    /// The file.
    pub file: String,
    /// The reason.
    pub source: MessagesError,
}

/// Reads what [`write_split`] writes.
///
/// # Errors
/// If a file is missing or is no such table.
pub fn read_split(folder: &Path) -> Result<Split, SplitFileError> {
    let read = |name: &str| {
        let path = folder.join(name);
        let messages = read_text(&path).map_err(MessagesError::from).and_then(|text| from_csv(&text));
        messages.map_err(|source| SplitFileError { file: path.display().to_string(), source })
    };
    let [train, validation, test] = CSV_FILES.map(read);
    Ok(Split { train: train?, validation: validation?, test: test? })
}

/// Whether `folder` holds the files of [`write_split`].
pub fn is_split(folder: &Path) -> bool {
    CSV_FILES.iter().all(|file| fs::metadata(folder.join(file)).is_ok_and(|data| data.is_file()))
}
