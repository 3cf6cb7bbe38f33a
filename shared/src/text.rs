//! Text from outside: files and standard input.
//!
//! A text is UTF-8. A byte order mark at its beginning, which some editors write, is not part of it, and `\r\n` and a lone
//! `\r` are line breaks as `\n` is: a text is what Python's text mode with the encoding `utf-8-sig` makes of the same bytes.
//! Everything that reads text goes through this module, so that a file means the same to every command.

use std::collections::VecDeque;
use std::fs;
use std::io::{self, BufRead};
use std::path::Path;

/// The byte order mark.
const MARK: char = '\u{feff}';

/// Why bytes are no text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoText {
    /// They begin with a byte order mark of UTF-16.
    #[error("UTF-16 text, not UTF-8; save it as UTF-8")]
    Utf16,
    /// They are something else.
    #[error("not UTF-8 text: the first bad byte is at offset {offset}")]
    NotUtf8 {
        /// Number of valid bytes before it.
        offset: usize,
    },
}

impl From<NoText> for io::Error {
    fn from(error: NoText) -> Self {
        Self::new(io::ErrorKind::InvalidData, error)
    }
}

/// The text that bytes stand for.
///
/// ```
/// use shared::text::decode;
///
/// assert_eq!(decode(b"\xef\xbb\xbfone\r\ntwo\rthree\n".to_vec())?, "one\ntwo\nthree\n");
/// # Ok::<(), shared::text::NoText>(())
/// ```
///
/// # Errors
/// If they are not UTF-8.
pub fn decode(bytes: Vec<u8>) -> Result<String, NoText> {
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(NoText::Utf16);
    }
    let mut text = utf8(bytes)?;
    if text.starts_with(MARK) {
        text.remove(0);
    }
    Ok(with_line_feeds(text))
}

/// A text without the byte order mark at its beginning. In an argument, `"$(cat file)"` brings it along.
pub fn without_mark(text: &str) -> &str {
    text.strip_prefix(MARK).unwrap_or(text)
}

/// Reads a text file, which may be empty.
///
/// # Errors
/// What the file system says; with [`io::ErrorKind::InvalidData`], why the file is no text.
pub fn read(path: &Path) -> io::Result<String> {
    Ok(decode(fs::read(path)?)?)
}

/// The lines of a stream without their line breaks, each as soon as it is complete.
///
/// A line that is not UTF-8 is an error of the kind [`io::ErrorKind::InvalidData`]; the next line follows, unless the
/// whole stream is UTF-16.
pub fn lines<R: BufRead>(reader: R) -> Lines<R> {
    Lines { reader: Some(reader), ready: VecDeque::new(), at_start: true }
}

/// See [`lines`].
#[derive(Debug)]
pub struct Lines<R> {
    /// `None` once nothing more can be read.
    reader: Option<R>,
    /// Lines that are read, but not taken yet: a lone `\r` ends a line, but reading goes on to the next `\n`.
    ready: VecDeque<String>,
    at_start: bool,
}

impl<R: BufRead> Iterator for Lines<R> {
    type Item = io::Result<String>;

    fn next(&mut self) -> Option<io::Result<String>> {
        if self.ready.is_empty() {
            match self.read_more() {
                Ok(text) => self.ready.extend(text.lines().map(str::to_string)),
                Err(error) => return Some(Err(error)),
            }
        }
        self.ready.pop_front().map(Ok)
    }
}

impl<R: BufRead> Lines<R> {
    /// The text up to the next `\n` or the end, where it is empty.
    fn read_more(&mut self) -> io::Result<String> {
        let mut bytes = Vec::new();
        if let Some(reader) = &mut self.reader {
            reader.read_until(b'\n', &mut bytes)?;
        }
        let is_first = std::mem::take(&mut self.at_start);
        let text = if is_first { decode(bytes) } else { utf8(bytes).map(with_line_feeds) };
        if text == Err(NoText::Utf16) {
            self.reader = None;
        }
        Ok(text?)
    }
}

fn utf8(bytes: Vec<u8>) -> Result<String, NoText> {
    String::from_utf8(bytes).map_err(|e| NoText::NotUtf8 { offset: e.utf8_error().valid_up_to() })
}

fn with_line_feeds(text: String) -> String {
    if text.contains('\r') { text.replace("\r\n", "\n").replace('\r', "\n") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `open(file, encoding="utf-8-sig").read()` in Python 3.11.
    #[test]
    fn a_text_is_what_pythons_text_mode_reads() {
        let cases: [(&[u8], &str); 9] = [
            (b"", ""),
            (b"\xef\xbb\xbf", ""),
            (b"\xef\xbb\xbfa\xef\xbb\xbfb", "a\u{feff}b"),
            (b"\xef\xbb\xbf\xef\xbb\xbfa", "\u{feff}a"),
            (b"a\r\nb\rc\nd", "a\nb\nc\nd"),
            (b"a\r\r\nb\n\rc\r", "a\n\nb\n\nc\n"),
            (b"\xef\xbb\xbf\r\n", "\n"),
            ("a\u{85}b\u{2028}c\u{b}d\u{c}".as_bytes(), "a\u{85}b\u{2028}c\u{b}d\u{c}"),
            ("水\r\n茶".as_bytes(), "水\n茶"),
        ];
        for (bytes, text) in cases {
            assert_eq!(decode(bytes.to_vec()).as_deref(), Ok(text), "{bytes:?}");
        }
    }

    #[test]
    fn what_is_no_text_says_why() {
        let error = |bytes: &[u8]| decode(bytes.to_vec()).unwrap_err().to_string();
        assert_eq!(error(b"\xef\xbb\xbfa\xff"), "not UTF-8 text: the first bad byte is at offset 4");
        assert_eq!(error(b"\xff\xfea\0"), "UTF-16 text, not UTF-8; save it as UTF-8");
        assert_eq!(error(b"\xfe\xff\0a"), "UTF-16 text, not UTF-8; save it as UTF-8");
    }

    /// `list(io.TextIOWrapper(stream, encoding="utf-8-sig"))` in Python 3.11, without the line breaks.
    #[test]
    fn the_lines_of_a_stream_are_those_of_its_text() {
        let cases: [(&[u8], &[&str]); 6] = [
            (b"", &[]),
            (b"\n", &[""]),
            (b"\xef\xbb\xbfa\r\n\r\nb", &["a", "", "b"]),
            (b"a\n\xef\xbb\xbfb\n", &["a", "\u{feff}b"]),
            (b"a\rb\r\rc\r", &["a", "b", "", "c"]),
            (b"a\rb\r\nc\nd\r", &["a", "b", "c", "d"]),
        ];
        for (bytes, expected) in cases {
            let found: Vec<String> = lines(bytes).map(Result::unwrap).collect();
            assert_eq!(found, expected, "{bytes:?}");
        }
    }

    #[test]
    fn a_bad_line_does_not_cost_the_others() {
        let found: Vec<_> = lines(&b"a\n\xff\nb"[..]).map(|line| line.map_err(|e| e.to_string())).collect();
        let bad = "not UTF-8 text: the first bad byte is at offset 0".to_string();
        assert_eq!(found, [Ok("a".to_string()), Err(bad), Ok("b".to_string())]);
        let utf16: Vec<_> = lines(&b"\xff\xfea\0\n\0b\0\n\0"[..]).map(|line| line.map_err(|e| e.to_string())).collect();
        assert_eq!(utf16, [Err("UTF-16 text, not UTF-8; save it as UTF-8".to_string())]);
    }
}
