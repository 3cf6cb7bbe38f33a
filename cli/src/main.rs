//! `llm`: every job of the book as a command.
//!
//! Results go to standard output, progress and errors to standard error. The exit code is 0 for success, 1 for a failure,
//! 2 for wrong usage, 130 after Ctrl-C (0 where that is the normal way to end, as in `serve`). When nobody reads the output
//! any more, a command that only prints ends silently, and one that trains continues.

#![warn(clippy::unwrap_used)]
// A closed pipe makes `println!` and `eprintln!` panic; see `terminal::say`.
#![deny(clippy::print_stdout, clippy::print_stderr)]

mod commands;
mod models;
mod options;
mod pictures;
mod run_folder;
mod starter_model;
mod terminal;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use self::commands::{bench, classify, data, eval, exercise, generate, info, instruct, pretrain, serve, weights};

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
    /// Serve trained models: a web page and an HTTP API
    Serve(serve::Args),
    /// Follow instructions (chapter 7): train, respond, chat, evaluate
    #[command(subcommand)]
    Instruct(instruct::Command),
    /// Classify messages as spam (chapter 6): prepare messages, train, evaluate, predict
    #[command(subcommand)]
    Classify(classify::Command),
    /// Measure how well a model predicts a text: loss and perplexity
    Eval(eval::Args),
    /// Show the parts of a model: shapes, parameters, memory
    Info(info::Args),
    /// The data sets of the book: what they are and where their files are
    #[command(subcommand)]
    Data(data::Command),
    /// Download or import GPT-2's weights
    #[command(subcommand)]
    Weights(weights::Command),
    /// Measure how fast this machine trains, generates text, opens a model and tokenizes
    Bench(bench::Args),
    /// The exercises of the book: list, show, check, compare with the solution
    #[command(subcommand)]
    Exercise(exercise::Command),
}

fn main() -> ExitCode {
    kernels::memory::keep_freed_memory();
    let result = match Cli::parse().command {
        Command::Pretrain(args) => pretrain::run(*args),
        Command::Generate(args) => generate::run(args),
        Command::Serve(args) => serve::run(args),
        Command::Instruct(command) => instruct::run(command),
        Command::Classify(command) => classify::run(command),
        Command::Eval(args) => eval::run(args),
        Command::Info(args) => info::run(args),
        Command::Data(command) => data::run(command),
        Command::Weights(command) => weights::run(command),
        Command::Bench(args) => bench::run(args),
        Command::Exercise(command) => exercise::run(command),
    };
    result.unwrap_or_else(|error| {
        // A closed pipe (`llm data list | head -1`) is not worth a message.
        if !error.chain().any(is_broken_pipe) {
            terminal::warn(format_args!("error: {}", message(&error)));
        }
        ExitCode::FAILURE
    })
}

/// An error and its causes in one line. Some errors name their cause themselves; it is not repeated.
fn message(error: &anyhow::Error) -> String {
    error.chain().map(ToString::to_string).fold(String::new(), |line, cause| match line {
        line if line.is_empty() => cause,
        line if line.contains(&cause) => line,
        line => format!("{line}: {cause}"),
    })
}

fn is_broken_pipe(cause: &(dyn std::error::Error + 'static)) -> bool {
    cause.downcast_ref::<std::io::Error>().is_some_and(|e| e.kind() == std::io::ErrorKind::BrokenPipe)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_is_not_repeated() {
        let error = anyhow::anyhow!("no such file").context("cannot read a: no such file").context("the run");
        assert_eq!(message(&error), "the run: cannot read a: no such file");
    }
}
