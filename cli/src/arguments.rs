//! The command line before clap reads it.
//!
//! Clap takes whatever begins with a hyphen for an option, so `--prompt "- a list item"` would be a mistake. Its own remedy,
//! `allow_hyphen_values`, takes real options for values as well: with `--prompt --stream`, nothing would be streamed. So a
//! value that begins with a hyphen, and is no option of the command, is joined to its option here (`--prompt=- a list item`),
//! and what stands for itself, such as a message to be classified, is moved behind `--`. This holds for every option of
//! every command.

use std::ffi::{OsStr, OsString};

use clap::{Arg, Command};

/// The arguments, of which the first is the name of the program, as clap understands them.
pub fn for_clap(arguments: impl IntoIterator<Item = OsString>, program: &Command) -> Vec<OsString> {
    let mut arguments = arguments.into_iter().peekable();
    let (mut line, mut command) = (Vec::from_iter(arguments.next()), program);
    while let Some(subcommand) = arguments.peek().and_then(|name| command.find_subcommand(name)) {
        line.extend(arguments.next());
        command = subcommand;
    }
    let takes_positionals = command.get_positionals().next().is_some();
    let mut positionals = Vec::new();
    while let Some(argument) = arguments.next() {
        if argument == "--" {
            positionals.extend(arguments);
            break;
        }
        if awaits_value(command, &argument) {
            match arguments.next_if(|value| !is_option(command, value)) {
                Some(value) if begins_with_hyphen(&value) => line.push(joined(argument, value)),
                value => line.extend([Some(argument), value].into_iter().flatten()),
            }
        } else if takes_positionals && !is_option(command, &argument) && !resembles_option(&argument) {
            positionals.push(argument);
        } else {
            line.push(argument);
        }
    }
    if !positionals.is_empty() {
        line.push("--".into());
        line.extend(positionals);
    }
    line
}

fn joined(mut option: OsString, value: OsString) -> OsString {
    option.push("=");
    option.push(value);
    option
}

fn begins_with_hyphen(argument: &OsStr) -> bool {
    argument.as_encoded_bytes().starts_with(b"-")
}

/// Whether the next argument is the value of this one.
fn awaits_value(command: &Command, argument: &OsStr) -> bool {
    let has_value = argument.as_encoded_bytes().contains(&b'=');
    !has_value && option(command, argument).is_some_and(|option| option.get_action().takes_values())
}

fn is_option(command: &Command, argument: &OsStr) -> bool {
    ["-h", "--help", "--"].iter().any(|&known| argument == known) || option(command, argument).is_some()
}

/// The option that an argument such as `--model` or `--model=folder` names.
fn option<'a>(command: &'a Command, argument: &OsStr) -> Option<&'a Arg> {
    let argument = argument.to_string_lossy();
    let name = argument.split_once('=').map_or(&*argument, |(name, _)| name);
    command.get_arguments().find(|option| match name.strip_prefix("--") {
        Some(long) => option.get_long() == Some(long),
        None => option.get_short().is_some_and(|short| name == format!("-{short}")),
    })
}

/// Whether it is rather a mistyped option than a text: `--jsn` or `-j`, but not `-5`, `- a list item` or `--- chapter one`.
fn resembles_option(argument: &OsStr) -> bool {
    let argument = argument.to_string_lossy();
    let is_word =
        |name: &str| name.starts_with(|c: char| c.is_ascii_alphabetic()) && !name.contains(char::is_whitespace);
    match argument.strip_prefix("--") {
        Some(name) => is_word(name),
        None => argument.strip_prefix('-').is_some_and(|name| is_word(name) && name.len() == 1),
    }
}

#[cfg(test)]
mod tests {
    use std::any::TypeId;
    use std::path::PathBuf;

    use clap::CommandFactory;
    use clap::error::ErrorKind;

    use super::*;
    use crate::Cli;
    use crate::options::TypedText;

    const TEXTS: [&str; 8] =
        ["- a list item", "-50% today", "--- chapter one", "-5", "-", "--no such option--", "-- dash", "-help wanted"];

    fn os(line: &[&str]) -> Vec<OsString> {
        line.iter().map(OsString::from).collect()
    }

    /// The commands that do something, each on its own.
    fn commands(program: &Command) -> Vec<Command> {
        match program.has_subcommands() {
            true => program.get_subcommands().flat_map(commands).collect(),
            false => vec![program.clone()],
        }
    }

    fn takes_text(option: &Arg) -> bool {
        let value = option.get_value_parser().type_id();
        let any = option.get_action().takes_values() && option.get_possible_values().is_empty();
        any && [TypeId::of::<String>(), TypeId::of::<PathBuf>(), TypeId::of::<TypedText>()]
            .iter()
            .any(|text| value == *text)
    }

    #[test]
    fn every_option_for_a_text_or_a_file_takes_values_with_a_hyphen() {
        let mut tried = 0;
        for command in commands(&Cli::command()) {
            for option in command.get_arguments().filter(|option| option.get_long().is_some() && takes_text(option)) {
                let name = format!("--{}", option.get_long().unwrap());
                for text in TEXTS {
                    let line = for_clap(os(&[command.get_name(), &name, text]), &command);
                    // Other options may be missing.
                    let matches = command.clone().ignore_errors(true).try_get_matches_from(line).unwrap();
                    let values: Vec<&OsStr> = matches.get_raw(option.get_id().as_str()).unwrap().collect();
                    assert_eq!(values, [text], "{} {name}", command.get_name());
                }
                tried += 1;
            }
        }
        assert!(tried >= 30, "only {tried} options");
    }

    /// A number below zero may be refused, but as a value of its option, and alike in both ways to write it.
    #[test]
    fn every_option_for_a_number_or_a_name_sees_values_with_a_hyphen() {
        let mut tried = 0;
        for command in commands(&Cli::command()) {
            let takes_no_text = |option: &&Arg| option.get_action().takes_values() && !takes_text(option);
            for option in command.get_opts().filter(takes_no_text) {
                let Some(long) = option.get_long() else { continue };
                for value in ["-3", "-0.5", "-1e-3", "-x"] {
                    let apart = os(&[command.get_name(), &format!("--{long}"), value]);
                    let joined = os(&[command.get_name(), &format!("--{long}={value}")]);
                    let [apart, joined] = [apart, joined].map(|line| {
                        command.clone().try_get_matches_from(for_clap(line, &command)).err().map(|error| error.kind())
                    });
                    let name = command.get_name();
                    assert_eq!(apart, joined, "{name} --{long} {value}");
                    assert_ne!(apart, Some(ErrorKind::UnknownArgument), "{name} --{long} {value}");
                }
                tried += 1;
            }
        }
        assert!(tried >= 40, "only {tried} options");
    }

    #[test]
    fn no_option_is_taken_for_a_value() {
        let program = Cli::command();
        for command in commands(&program) {
            for option in command.get_opts().filter_map(Arg::get_long) {
                for other in command.get_arguments().filter_map(Arg::get_long).chain(["help"]) {
                    let line = os(&["llm", &format!("--{option}"), &format!("--{other}")]);
                    assert_eq!(for_clap(line.clone(), &command), line);
                }
            }
        }
        let line = os(&["llm", "generate", "--model", "m", "--prompt", "--stream"]);
        let error = program.clone().try_get_matches_from(for_clap(line, &program)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidValue, "{error}");
    }

    #[test]
    fn what_stands_for_itself_may_begin_with_a_hyphen() {
        let program = Cli::command();
        let texts = |line: &[&str]| -> Vec<String> {
            let line = [&["llm", "classify", "predict", "--model", "-m"], line].concat();
            let matches = program.clone().try_get_matches_from(for_clap(os(&line), &program)).unwrap();
            let predict = matches.subcommand_matches("classify").unwrap().subcommand_matches("predict").unwrap();
            assert_eq!(predict.get_flag("json"), line.contains(&"--json") && !line.contains(&"--"));
            let texts = predict.get_many::<TypedText>("texts").into_iter().flatten();
            texts.map(|text| if let TypedText::Given(text) = text { text.clone() } else { "-".to_string() }).collect()
        };
        assert_eq!(texts(&["one", "--json", "two"]), ["one", "two"]);
        assert_eq!(texts(&["-5 degrees", "--json", "- two"]), ["-5 degrees", "- two"]);
        assert_eq!(texts(&["one", "--", "--json", "-h"]), ["one", "--json", "-h"]);
        assert_eq!(texts(&["--json"]), [""; 0]);
        let mistyped = os(&["llm", "classify", "predict", "--model", "m", "--jsn"]);
        let error = program.clone().try_get_matches_from(for_clap(mistyped, &program)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnknownArgument);
    }

    #[test]
    fn other_lines_stay_as_they_are() {
        let program = Cli::command();
        for line in [
            &["llm"][..],
            &["llm", "--version"],
            &["llm", "help", "classify", "predict"],
            &["llm", "classify", "--help"],
            &["llm", "classify", "predikt", "-x"],
            &["llm", "generate", "--model", "m", "--prompt", "a", "--stream", "--top-k=5", "--nonsense"],
            &["llm", "generate", "--prompt=-5", "--model"],
        ] {
            assert_eq!(for_clap(os(line), &program), os(line));
        }
    }
}
