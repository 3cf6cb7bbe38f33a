//! What a line of a chat asks for.

/// A line that the user typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChatLine<'a> {
    Empty,
    Quit,
    /// Forget what was said.
    Forget,
    Help,
    /// It looks like a command, but there is no such command.
    Unknown(&'a str),
    /// For the model.
    Message(&'a str),
}

impl<'a> ChatLine<'a> {
    /// A line is a command if its first word is `/` and letters. A path such as `/usr/bin` is a message, and so is
    /// everything after a space.
    pub fn of(line: &'a str) -> Self {
        let word = line.split_whitespace().next().unwrap_or_default();
        let is_command = word
            .strip_prefix('/')
            .is_some_and(|name| line.starts_with('/') && !name.is_empty() && name.chars().all(char::is_alphabetic));
        match line.trim() {
            "" => Self::Empty,
            message if !is_command => Self::Message(message),
            "/quit" => Self::Quit,
            "/new" => Self::Forget,
            "/help" => Self::Help,
            command => Self::Unknown(command),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_do_not_go_to_the_model() {
        for (line, asked) in [
            ("", ChatLine::Empty),
            (" \t", ChatLine::Empty),
            ("/quit ", ChatLine::Quit),
            ("/new", ChatLine::Forget),
            ("/help", ChatLine::Help),
            ("/Help", ChatLine::Unknown("/Help")),
            ("/bye", ChatLine::Unknown("/bye")),
            ("/new chat", ChatLine::Unknown("/new chat")),
            ("/帮助", ChatLine::Unknown("/帮助")),
            (" /help", ChatLine::Message("/help")),
            ("/usr/bin holds what?", ChatLine::Message("/usr/bin holds what?")),
            ("/ is a slash", ChatLine::Message("/ is a slash")),
            ("/5", ChatLine::Message("/5")),
            (" Hello. ", ChatLine::Message("Hello.")),
        ] {
            assert_eq!(ChatLine::of(line), asked, "{line:?}");
        }
    }
}
