//! What a line of a chat asks for.

/// What stands around a text of several lines.
const QUOTES: &str = "\"\"\"";
/// The command that gives a task its input.
const INPUT: &str = "/input";

/// A line that the user typed, or several in quotation marks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChatLine {
    Empty,
    Quit,
    /// Forget what was said.
    Forget,
    Help,
    /// The input of the next task; empty to take it back.
    Input(String),
    /// It looks like a command, but there is no such command.
    Unknown(String),
    /// For the model.
    Message(String),
}

impl ChatLine {
    /// A line is a command if its first word is `/` and letters. A path such as `/usr/bin` is a message, and so is
    /// everything after a space. Only chats about tasks take inputs.
    pub fn of(line: &str, takes_input: bool) -> Self {
        let word = line.split_whitespace().next().unwrap_or_default();
        let is_command = word
            .strip_prefix('/')
            .is_some_and(|name| line.starts_with('/') && !name.is_empty() && name.chars().all(char::is_alphabetic));
        match line.trim() {
            "" => Self::Empty,
            message if !is_command => Self::Message(message.to_string()),
            "/quit" => Self::Quit,
            "/new" => Self::Forget,
            "/help" => Self::Help,
            input if word == INPUT && takes_input => Self::Input(input[INPUT.len()..].trim().to_string()),
            command => Self::Unknown(command.to_string()),
        }
    }
}

/// A text of several lines, of which the first are read.
pub struct Block {
    is_input: bool,
    text: String,
}

/// A line and those that belong to it.
pub enum Begun {
    Whole(ChatLine),
    /// More lines follow, up to the closing quotation marks.
    Open(Block),
}

impl Begun {
    /// What a line begins. After `"""` a text of several lines follows, in which nothing is a command.
    pub fn of(line: &str, takes_input: bool) -> Self {
        let input = line.strip_prefix(INPUT).filter(|rest| takes_input && rest.starts_with(char::is_whitespace));
        let Some(text) = input.unwrap_or(line).trim_start().strip_prefix(QUOTES) else {
            return Self::Whole(ChatLine::of(line, takes_input));
        };
        Block { is_input: input.is_some(), text: String::new() }.with(text)
    }
}

impl Block {
    /// The text with a further line.
    pub fn with(mut self, line: &str) -> Begun {
        let end = line.trim_end().strip_suffix(QUOTES);
        self.text += end.unwrap_or(line);
        if end.is_none() {
            self.text.push('\n');
            return Begun::Open(self);
        }
        // The lines with nothing but quotation marks are no part of the text.
        let text = self.text.trim_matches('\n').to_string();
        Begun::Whole(match self.is_input {
            true => ChatLine::Input(text),
            false if text.trim().is_empty() => ChatLine::Empty,
            false => ChatLine::Message(text),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(text: &str) -> ChatLine {
        ChatLine::Message(text.to_string())
    }

    fn unknown(command: &str) -> ChatLine {
        ChatLine::Unknown(command.to_string())
    }

    #[test]
    fn commands_do_not_go_to_the_model() {
        for (line, asked) in [
            ("", ChatLine::Empty),
            (" \t", ChatLine::Empty),
            ("/quit ", ChatLine::Quit),
            ("/new", ChatLine::Forget),
            ("/help", ChatLine::Help),
            ("/Help", unknown("/Help")),
            ("/bye", unknown("/bye")),
            ("/new chat", unknown("/new chat")),
            ("/帮助", unknown("/帮助")),
            (" /help", message("/help")),
            ("/usr/bin holds what?", message("/usr/bin holds what?")),
            ("/ is a slash", message("/ is a slash")),
            ("/5", message("/5")),
            (" Hello. ", message("Hello.")),
        ] {
            for takes_input in [true, false] {
                assert_eq!(ChatLine::of(line, takes_input), asked, "{line:?}");
            }
        }
    }

    #[test]
    fn a_task_can_have_an_input() {
        for (line, input) in [("/input", ""), ("/input ", ""), ("/input a b ", "a b"), ("/input\t/new", "/new")] {
            assert_eq!(ChatLine::of(line, true), ChatLine::Input(input.to_string()), "{line:?}");
            assert_eq!(ChatLine::of(line, false), unknown(line.trim()), "{line:?}");
        }
        assert_eq!(ChatLine::of("/inputs a", true), unknown("/inputs a"));
        assert_eq!(ChatLine::of(" /input a", true), message("/input a"));
    }

    /// What these lines are together; `None` while more are awaited.
    fn together(lines: &[&str], takes_input: bool) -> Option<ChatLine> {
        let mut begun = Begun::of(lines[0], takes_input);
        for (i, line) in lines.iter().enumerate().skip(1) {
            let Begun::Open(block) = begun else { panic!("{lines:?} ends before line {i}") };
            begun = block.with(line);
        }
        if let Begun::Whole(line) = begun { Some(line) } else { None }
    }

    #[test]
    fn quotation_marks_hold_several_lines_together() {
        let input = |text: &str| ChatLine::Input(text.to_string());
        for (lines, expected) in [
            (&["one"][..], Some(message("one"))),
            (&["\"\"\"one\"\"\""], Some(message("one"))),
            (&["\"\"\"one", "", "/new \"\"\" "], Some(message("one\n\n/new "))),
            (&[" \"\"\"", "  indented", "two", "\"\"\""], Some(message("  indented\ntwo"))),
            (&["\"\"\"", "\"\"\""], Some(ChatLine::Empty)),
            (&["\"\"\"\"\"\""], Some(ChatLine::Empty)),
            (&["\"\"\"one", "two \"\"\" three"], None),
            (&["\"\"\""], None),
            (&["say \"\"\"one\"\"\""], Some(message("say \"\"\"one\"\"\""))),
            (&["/input \"\"\"one", "two\"\"\""], Some(input("one\ntwo"))),
            (&["/input \"\"\"\"\"\""], Some(input(""))),
        ] {
            assert_eq!(together(lines, true), expected, "{lines:?}");
        }
        assert_eq!(together(&["/input \"\"\"one"], false), Some(unknown("/input \"\"\"one")));
    }
}
