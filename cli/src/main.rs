//! `llm`: every job of the book as a command.
//!
//! Results go to standard output, progress and errors to standard error. The exit code is 0 for success, 1 for a
//! failure, 2 for a command line that makes no sense, 130 after Ctrl-C.

#![warn(clippy::unwrap_used)]

mod data;
mod exercise;
mod generate;
mod pretrain;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Build a large language model from scratch, in Rust.
#[derive(Parser)]
#[command(name = "llm", version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Train a GPT on a text (chapter 5); without arguments a tiny one on the embedded story
    Pretrain(Box<pretrain::Args>),
    /// Continue a prompt with a trained model
    Generate(generate::Args),
    /// The data sets of the book: what they are and where they lie
    #[command(subcommand)]
    Data(data::Command),
    /// The exercises of the book: list, show, check, compare with the solution
    #[command(subcommand)]
    Exercise(exercise::Command),
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Pretrain(args) => pretrain::run(*args),
        Command::Generate(args) => generate::run(args),
        Command::Data(command) => data::run(command),
        Command::Exercise(command) => exercise::run(command),
    };
    result.unwrap_or_else(|error| {
        // A closed pipe (`llm data list | head -1`) is not worth a word.
        if !error.chain().any(is_broken_pipe) {
            eprintln!("error: {error:#}");
        }
        ExitCode::FAILURE
    })
}

fn is_broken_pipe(cause: &(dyn std::error::Error + 'static)) -> bool {
    cause.downcast_ref::<std::io::Error>().is_some_and(|e| e.kind() == std::io::ErrorKind::BrokenPipe)
}

/// For clap: a number of at least 1.
fn positive(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Err("must be at least 1".to_string()),
        Ok(number) => Ok(number),
        Err(e) => Err(e.to_string()),
    }
}
