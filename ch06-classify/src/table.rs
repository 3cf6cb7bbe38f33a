//! Tables of messages: lines of columns, with quotation marks as pandas reads them (section 6.2).

use csv::StringRecord;

use crate::{Label, Message, MessagesError};

/// How a table of messages is written.
pub(crate) struct Table {
    pub(crate) delimiter: char,
    /// The delimiter in words.
    pub(crate) separator: &'static str,
    /// Whether the first line names the columns: `Label`, `Text` and others, in any order. Otherwise they are label and text.
    pub(crate) has_heading: bool,
    /// The meaning of a label.
    pub(crate) label_of: fn(&str) -> Option<Label>,
    /// The labels in words.
    pub(crate) allowed: &'static str,
}

/// Where the columns of a table are.
struct Columns {
    label: usize,
    text: usize,
    /// Number of columns.
    count: usize,
}

impl Table {
    /// Reads the messages of a table.
    pub(crate) fn read(&self, text: &str) -> Result<Vec<Message>, MessagesError> {
        // The reader takes the end of the file for the end of a quotation.
        if let Some(at) = open_quotation(text, self.delimiter) {
            return Err(MessagesError::OpenQuotation { line: line_at(text, at) });
        }
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(self.delimiter as u8)
            .has_headers(false)
            .flexible(true)
            .from_reader(text.as_bytes());
        let mut columns = (!self.has_heading).then_some(Columns { label: 0, text: 1, count: 2 });
        let mut messages = Vec::new();
        for record in reader.records() {
            let record = record?;
            if record.len() == 1 && record[0].trim().is_empty() {
                continue; // a line of spaces
            }
            let from = record.position().map_or(0, |position| position.byte() as usize);
            match &columns {
                Some(columns) => messages.push(self.message(&record, columns, || line_at(text, from))?),
                None => columns = Some(named_columns(&record, || line_at(text, from))?),
            }
        }
        if messages.is_empty() { Err(MessagesError::None) } else { Ok(messages) }
    }

    fn message(
        &self,
        record: &StringRecord,
        columns: &Columns,
        line: impl Fn() -> usize,
    ) -> Result<Message, MessagesError> {
        let (expected, separator) = (columns.count, self.separator);
        if record.len() != expected {
            return Err(MessagesError::Columns { line: line(), found: record.len(), expected, separator });
        }
        let (label, text) = (&record[columns.label], &record[columns.text]);
        let Some(label) = (self.label_of)(label) else {
            return Err(MessagesError::Label { line: line(), label: start_of(label), allowed: self.allowed });
        };
        if text.is_empty() {
            return Err(MessagesError::NoText { line: line() });
        }
        Ok(Message { label, text: text.to_string() })
    }
}

/// The columns that a heading names.
fn named_columns(heading: &StringRecord, line: impl Fn() -> usize) -> Result<Columns, MessagesError> {
    let place = |name| heading.iter().position(|found| found == name);
    match (place("Label"), place("Text")) {
        (Some(label), Some(text)) => Ok(Columns { label, text, count: heading.len() }),
        _ => {
            let found: Vec<&str> = heading.iter().collect();
            Err(MessagesError::Heading { line: line(), found: start_of(&found.join(",")) })
        }
    }
}

fn start_of(text: &str) -> String {
    text.chars().take(30).collect()
}

/// The number of the line on which the record at byte `from` begins. Empty lines in front of it are no part of it.
fn line_at(text: &str, from: usize) -> usize {
    let rest = &text[from..];
    let empty = rest.len() - rest.trim_start_matches(['\r', '\n']).len();
    1 + text[..from + empty].matches('\n').count()
}

/// Where a quotation begins that never ends, if there is one. A quotation begins at the beginning of a field; two marks
/// side by side in it stand for one mark of the text.
fn open_quotation(text: &str, delimiter: char) -> Option<usize> {
    enum Place {
        FieldStart,
        Field,
        Quotation,
        /// After a mark in a quotation, which is its end unless a second one follows.
        Mark,
    }
    let (mut place, mut opened) = (Place::FieldStart, 0);
    for (at, c) in text.char_indices() {
        place = match (place, c) {
            (Place::FieldStart, '"') => {
                opened = at;
                Place::Quotation
            }
            (Place::Mark, '"') => Place::Quotation,
            (Place::Quotation, '"') => Place::Mark,
            (Place::Quotation, _) => Place::Quotation,
            (_, c) if c == delimiter || c == '\r' || c == '\n' => Place::FieldStart,
            _ => Place::Field,
        };
    }
    matches!(place, Place::Quotation).then_some(opened)
}
