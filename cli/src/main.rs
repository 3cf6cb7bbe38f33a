//! `llm`: every job of the book as a command.
//!
//! Results go to standard output, progress and errors to standard error. The exit code is 0 for success, 1 for a
//! failure, 2 for a command line that makes no sense, 130 after Ctrl-C (0 where that is
//! the way to end, as in `serve`). When nobody reads the output any more, a command that only prints ends without a word,
//! and one that trains goes on.

#![warn(clippy::unwrap_used)]
// A closed pipe makes `println!` and `eprintln!` panic; see `say`.
#![deny(clippy::print_stdout, clippy::print_stderr)]

mod bench;
mod classify;
mod data;
mod exercise;
mod generate;
mod inspect;
mod instruct;
mod interrupt;
mod leftovers;
mod lora;
mod precision;
mod pretrain;
mod recipe;
mod say;
mod serve;
mod weights;

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
    /// A web page and an HTTP interface for a trained model
    Serve(serve::Args),
    /// Follow instructions (chapter 7): train, respond, chat, evaluate
    #[command(subcommand)]
    Instruct(instruct::Command),
    /// A spam classifier (chapter 6): prepare messages, train, evaluate, predict
    #[command(subcommand)]
    Classify(classify::Command),
    /// How well a model knows a text: loss and perplexity
    Eval(inspect::EvalArgs),
    /// What a model is made of: shapes, parameters, memory
    Info(inspect::InfoArgs),
    /// The data sets of the book: what they are and where they lie
    #[command(subcommand)]
    Data(data::Command),
    /// The weights that OpenAI trained
    #[command(subcommand)]
    Weights(weights::Command),
    /// How fast this machine trains, writes, loads and reads
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
        Command::Eval(args) => inspect::eval(args),
        Command::Info(args) => inspect::info(args),
        Command::Data(command) => data::run(command),
        Command::Weights(command) => weights::run(command),
        Command::Bench(args) => bench::run(args),
        Command::Exercise(command) => exercise::run(command),
    };
    result.unwrap_or_else(|error| {
        // A closed pipe (`llm data list | head -1`) is not worth a word.
        if !error.chain().any(is_broken_pipe) {
            say::warn(format_args!("error: {}", message(&error)));
        }
        ExitCode::FAILURE
    })
}

/// An error and its causes in one line. Some errors tell their cause themselves; it is not said twice.
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

/// For clap: a number of at least 1.
fn positive(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Err("must be at least 1".to_string()),
        Ok(number) => Ok(number),
        Err(e) => Err(e.to_string()),
    }
}

/// A number with its thousands set apart: 13005696 becomes 13,005,696.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let first = digits.len() % 3;
    let (head, tail) = digits.split_at(first);
    let mut groups: Vec<&str> = if head.is_empty() { vec![] } else { vec![head] };
    groups.extend((0..tail.len() / 3).map(|i| &tail[3 * i..3 * i + 3]));
    groups.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_is_not_said_twice() {
        let error = anyhow::anyhow!("no such file").context("cannot read a: no such file").context("the run");
        assert_eq!(message(&error), "the run: cannot read a: no such file");
    }

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!(grouped(5), "5");
        assert_eq!(grouped(123), "123");
        assert_eq!(grouped(163009536), "163,009,536");
    }
}
