//! `llm completions`: what a shell needs to complete the names of commands and options, and the values of options.

use std::io::{Write, stdout};
use std::process::ExitCode;

use anyhow::Result;
use ch06_classify::{Readout, Trainable};
use clap::builder::PossibleValuesParser;
use clap::{Arg, Command, ValueHint};
use clap_complete::{Shell, generate};
use shared::data::CATALOGUE;

#[derive(clap::Args)]
#[command(after_help = "The shell completes a program with the name llm, so its folder must be in your PATH.\n\n\
                        bash:  mkdir -p ~/.local/share/bash-completion/completions\n       \
                               llm completions bash > ~/.local/share/bash-completion/completions/llm\n       \
                               (needs the package bash-completion; without it, write the script to ~/.llm-completion\n       \
                               and add `. ~/.llm-completion` to ~/.bashrc)\n\
                        zsh:   mkdir -p ~/.zfunc; llm completions zsh > ~/.zfunc/_llm\n       \
                               (~/.zshrc must have `fpath=(~/.zfunc $fpath)`, and after it `autoload -U compinit; compinit`)\n\
                        fish:  llm completions fish > ~/.config/fish/completions/llm.fish\n\n\
                        Then open a new shell.")]
pub struct Args {
    /// Your shell
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

/// Writes the script for the commands of `program`.
pub fn run(args: &Args, program: Command) -> Result<ExitCode> {
    // Clap panics when the output is closed.
    let (mut script, mut program) = (Vec::new(), with_values(program));
    generate(args.shell, &mut program, "llm", &mut script);
    if args.shell == Shell::Fish {
        script.extend(fish_positionals(&program).into_bytes());
    }
    stdout().lock().write_all(&script)?;
    Ok(ExitCode::SUCCESS)
}

/// What clap leaves out of the script for fish: the values of arguments without a name, and that they are no files where
/// they are none.
fn fish_positionals(program: &Command) -> String {
    let mut lines = String::new();
    for command in program.get_subcommands() {
        let at = format!("__fish_llm_using_subcommand {}", command.get_name());
        lines += &fish_positional(command, &at);
        for below in command.get_subcommands() {
            lines += &fish_positional(below, &format!("{at}; and __fish_seen_subcommand_from {}", below.get_name()));
        }
    }
    lines
}

fn fish_positional(command: &Command, at: &str) -> String {
    let Some(argument) = command.get_positionals().next() else { return String::new() };
    let values: Vec<String> = argument.get_possible_values().iter().map(|value| value.get_name().to_string()).collect();
    match argument.get_value_hint() {
        ValueHint::Unknown if !values.is_empty() => {
            format!("complete -c llm -n \"{at}\" -f -a \"{}\"\n", values.join(" "))
        }
        ValueHint::Other => format!("complete -c llm -n \"{at}\" -f\n"),
        _ => String::new(),
    }
}

/// The same commands, whose arguments say what their values can be: names, files or folders.
fn with_values(command: Command) -> Command {
    let path = command.get_name().to_string();
    let command = command.mut_args(|argument| with_value(&path, argument));
    command.mut_subcommands(with_values)
}

fn with_value(command: &str, argument: Arg) -> Arg {
    if !argument.get_action().takes_values() || !argument.get_possible_values().is_empty() {
        return argument;
    }
    let names = names(command, argument.get_id().as_str());
    if !names.is_empty() {
        return argument.value_parser(PossibleValuesParser::new(names));
    }
    let value = argument.get_value_names().and_then(<[_]>::first).map(|name| name.as_str()).unwrap_or_default();
    let hint = match value {
        "DIR" => ValueHint::DirPath,
        "FILE" => ValueHint::FilePath,
        "PATH" | "FILE|NAME" => ValueHint::AnyPath,
        // Nothing is better than the names of files.
        _ => ValueHint::Other,
    };
    argument.value_hint(hint)
}

/// The values of an argument that clap does not know.
fn names(command: &str, argument: &str) -> Vec<&'static str> {
    match (command, argument) {
        (_, "dataset") | ("path" | "show", "name") => CATALOGUE.iter().map(|set| set.name).collect(),
        (_, "device") => vec!["auto", "cpu", "ndarray", "wgpu", "vulkan", "metal", "cuda"],
        (_, "format") => vec!["alpaca", "phi3"],
        (_, "size") => vec!["tiny", "gpt2-small", "gpt2-medium", "gpt2-large", "gpt2-xl"],
        (_, "lr_schedule") => vec!["constant", "linear", "cosine"],
        (_, "trainable") => Trainable::ALL.iter().map(|(name, _)| *name).collect(),
        ("train", "token") => Readout::ALL.iter().map(|(name, _)| *name).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;
    use clap::error::ErrorKind;

    use super::*;
    use crate::Cli;

    /// Arguments with a list of names that the script would offer, and clap does not know: each is a value of the argument.
    #[test]
    fn every_name_that_is_offered_is_taken() {
        let mut offered = 0;
        let mut commands = vec![Cli::command()];
        while let Some(command) = commands.pop() {
            for argument in command.get_arguments() {
                for value in names(command.get_name(), argument.get_id().as_str()) {
                    let line = match argument.get_long() {
                        Some(long) => vec![command.get_name().to_string(), format!("--{long}={value}")],
                        None => vec![command.get_name().to_string(), value.to_string()],
                    };
                    let shown = format!("{line:?}");
                    match command.clone().try_get_matches_from(line) {
                        Ok(_) => {}
                        // Others may be missing.
                        Err(error) => assert_eq!(error.kind(), ErrorKind::MissingRequiredArgument, "{shown}: {error}"),
                    }
                    offered += 1;
                }
            }
            commands.extend(command.get_subcommands().cloned());
        }
        assert!(offered > 60, "{offered}");
    }

    /// Help that names values in its text has to offer them, too.
    #[test]
    fn a_value_is_a_name_a_file_a_folder_or_free() {
        let program = with_values(Cli::command());
        let hint = |path: &[&str], argument: &str| {
            let command = path.iter().fold(&program, |command, name| command.find_subcommand(name).unwrap());
            let argument = command.get_arguments().find(|known| known.get_id() == argument).unwrap();
            (argument.get_value_hint(), argument.get_possible_values().len())
        };
        for (path, argument, expected, names) in [
            (&["pretrain"][..], "text", ValueHint::FilePath, 0),
            (&["pretrain"], "out", ValueHint::DirPath, 0),
            (&["pretrain"], "size", ValueHint::Unknown, 5),
            (&["pretrain"], "epochs", ValueHint::Other, 0),
            (&["generate"], "model", ValueHint::AnyPath, 0),
            (&["generate"], "prompt", ValueHint::Other, 0),
            (&["generate"], "weights", ValueHint::Unknown, 5),
            (&["classify", "train"], "data", ValueHint::AnyPath, 0),
            (&["classify", "train"], "trainable", ValueHint::Unknown, Trainable::ALL.len()),
            (&["data", "show"], "name", ValueHint::Unknown, CATALOGUE.len()),
            (&["weights", "import"], "path", ValueHint::AnyPath, 0),
            (&["eval"], "dataset", ValueHint::Unknown, CATALOGUE.len()),
        ] {
            assert_eq!(hint(path, argument), (expected, names), "{path:?} {argument}");
        }
    }
}
