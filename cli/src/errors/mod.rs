//! The one line that the program prints when a command fails, in the reader's language.

mod chinese;
mod llama;
mod models;

use std::error::Error;

use crate::terminal::{Language, command, language};

pub use self::chinese::{allowed_values, chinese};

/// An error and its causes in one line. Some errors name their cause themselves; it is not repeated.
pub fn message(error: &anyhow::Error) -> String {
    in_one_line(&commands_as_started(&in_language(error, language())))
}

/// A text in which line breaks and other control characters are written out: names in a file can have any.
pub fn in_one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() { line.extend(character.escape_default()) } else { line.push(character) }
    }
    line
}

fn in_language(error: &anyhow::Error, language: Language) -> String {
    let separator = if language == Language::Chinese { "：" } else { ": " };
    let mut line = String::new();
    for cause in error.chain() {
        let english = cause.to_string();
        let translation = if language == Language::Chinese { chinese(cause) } else { None };
        let shown = translation.unwrap_or_else(|| english.clone());
        if line.is_empty() {
            line = shown;
        } else if !line.contains(&english) && !line.contains(&shown) {
            line = format!("{line}{separator}{shown}");
        }
    }
    line
}

/// The libraries write `` `llm data list` ``; the reader needs the form in which the program was started.
pub fn commands_as_started(line: &str) -> String {
    line.replace("`llm ", &format!("`{}", command("")))
}

/// Whether the reader of the output is gone. That is not worth a message (`llm data list | head -1`).
pub fn is_broken_pipe(cause: &(dyn Error + 'static)) -> bool {
    cause.downcast_ref::<std::io::Error>().is_some_and(|e| e.kind() == std::io::ErrorKind::BrokenPipe)
}

#[cfg(test)]
mod tests {
    use std::io;

    use anyhow::Context;
    use shared::data::DataError;

    use super::*;

    #[test]
    fn a_cause_is_not_repeated() {
        let error = anyhow::anyhow!("no such file").context("cannot read a: no such file").context("the run");
        assert_eq!(in_language(&error, Language::English), "the run: cannot read a: no such file");
    }

    #[test]
    fn what_is_translated_and_what_is_not_make_one_line() {
        let missing = || io::Error::from_raw_os_error(2);
        let typed = anyhow::Error::new(DataError::Read { path: "a.txt".into(), source: missing() }).context("训练");
        assert_eq!(in_language(&typed, Language::Chinese), "训练：无法读取 a.txt：没有这个文件或文件夹");
        let file = Err::<(), _>(missing()).context("cannot open the log").unwrap_err();
        assert_eq!(in_language(&file, Language::Chinese), "cannot open the log：没有这个文件或文件夹");
        // An English message that names its cause is not followed by the translation of that cause.
        let named = format!("cannot write b: {}", missing());
        let whole = Err::<(), _>(missing()).context(named.clone()).unwrap_err();
        assert_eq!(in_language(&whole, Language::Chinese), named);
    }

    #[test]
    fn what_a_file_calls_its_parts_takes_one_line_and_no_control_of_the_terminal() {
        let error = anyhow::anyhow!("tensor a\n\u{1b}[2J\tb of 茶 is \"c\" twice");
        assert_eq!(message(&error), r#"tensor a\n\u{1b}[2J\tb of 茶 is "c" twice"#);
    }

    #[test]
    fn a_command_has_the_form_of_the_call() {
        let line = commands_as_started("not here: `llm data fetch lamp` fetches it");
        assert_eq!(line, format!("not here: `{} fetches it", command("data fetch lamp`")));
    }
}
