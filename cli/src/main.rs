//! `llm`: every job of the book as a command.
//!
//! Results go to standard output, progress and errors to standard error. The exit code is 0 for success, 1 for a failure,
//! 2 for wrong usage, 130 after Ctrl-C (0 where that is the normal way to end, as in `serve`). When nobody reads the output
//! any more, a command that only prints ends silently, and one that trains continues. Messages are in Chinese where the
//! locale is Chinese, as far as they are translated.

#![warn(clippy::unwrap_used)]
// A closed pipe makes `println!` and `eprintln!` panic; see `terminal::say`.
#![deny(clippy::print_stdout, clippy::print_stderr)]

mod arguments;
mod commands;
mod diverged;
mod errors;
mod llama;
mod lowest_loss;
mod model_hints;
mod models;
mod options;
mod pictures;
mod run_folder;
mod run_lock;
mod starter_model;
mod terminal;
mod test_build;
mod vocabulary;
mod writing;

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use self::commands::{
    bench, book, chat, classify, completions, data, eval, exercise, generate, in_chinese, info, instruct, man,
    notebook, pretrain, serve, tokenizer, weights, welcome,
};
use self::terminal::{Language, language, tr};

const AFTER_HELP: &str = "\
Environment variables:
  LLM_DATA_DIR       Folder with the data sets
  LLM_DATA_ENDPOINT  Mirror of the data sets
  LLM_API_KEY        Key that the clients of llm serve need
  HF_ENDPOINT        Mirror of https://huggingface.co
  LC_ALL, LANG       Language: Chinese with a Chinese locale, English with any other
  NO_COLOR           No colours if it is set

Exit codes: 0 success, 1 failure, 2 wrong usage, 130 after Ctrl-C";

/// Build a large language model from scratch, in Rust.
#[derive(Parser)]
#[command(name = "llm", version, after_help = AFTER_HELP)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Train a GPT on a text (chapter 5); without arguments a tiny one on the embedded story
    Pretrain(Box<pretrain::Args>),
    /// Continue a prompt with a trained model
    Generate(generate::Args),
    /// Chat with a Llama, Qwen3 or Gemma 3
    Chat(chat::Args),
    /// Serve trained models as a web page and an HTTP API
    Serve(serve::Args),
    /// Follow instructions (chapter 7): train, respond, chat, evaluate
    #[command(subcommand)]
    Instruct(instruct::Command),
    /// Classify messages as spam (chapter 6): prepare messages, train, evaluate, predict
    #[command(subcommand)]
    Classify(classify::Command),
    /// Byte pair encoding (chapter 2): train a vocabulary, encode and decode text
    #[command(subcommand)]
    Tokenizer(tokenizer::Command),
    /// Measure how well a model predicts a text: loss and perplexity
    Eval(eval::Args),
    /// Show the parts of a model: shapes, parameters, memory
    Info(info::Args),
    /// List, print or download the data sets of the book
    #[command(subcommand)]
    Data(data::Command),
    /// Download or import published weights: GPT-2, SmolLM2, Qwen3, Llama, Gemma 3
    #[command(subcommand)]
    Weights(weights::Command),
    /// Measure how fast this machine trains, generates text, opens a model and tokenizes
    Bench(bench::Args),
    /// Work on the exercises of the book: list, show, check, compare with the solution
    #[command(subcommand)]
    Exercise(exercise::Command),
    /// Open the book in your browser, or serve it
    Book(book::Args),
    /// Open the book's notebooks in JupyterLab, with cells that you change and run
    Notebook(notebook::Args),
    /// Print a script with which your shell completes commands and options
    Completions(completions::Args),
    /// Print the manual page of the program or of a command, or write all of them
    Man(man::Args),
}

fn main() -> ExitCode {
    kernels::memory::keep_freed_memory();
    let command = match parse() {
        Ok(Some(command)) => command,
        Ok(None) => return ended(welcome::run()),
        Err(wrong_usage) => return terminal::report_usage(&wrong_usage),
    };
    ended(match command {
        Command::Pretrain(args) => pretrain::run(*args),
        Command::Generate(args) => generate::run(args),
        Command::Chat(args) => chat::run(args),
        Command::Serve(args) => serve::run(args),
        Command::Instruct(command) => instruct::run(command),
        Command::Classify(command) => classify::run(command),
        Command::Tokenizer(command) => tokenizer::run(command),
        Command::Eval(args) => eval::run(args),
        Command::Info(args) => info::run(args),
        Command::Data(command) => data::run(command),
        Command::Weights(command) => weights::run(command),
        Command::Bench(args) => bench::run(args),
        Command::Exercise(command) => exercise::run(command),
        Command::Book(args) => book::run(&args),
        Command::Notebook(args) => notebook::run(&args),
        Command::Completions(args) => completions::run(&args, program()),
        Command::Man(args) => man::run(&args, program()),
    })
}

/// The description of the command line, in the reader's language.
fn program() -> clap::Command {
    match language() {
        Language::English => Cli::command(),
        Language::Chinese => in_chinese::translate(Cli::command()),
    }
}

/// The command that was asked for; `None` if there is none.
fn parse() -> Result<Option<Command>, clap::Error> {
    let mut program = with_commands_as_started(program());
    let arguments = arguments::for_clap(std::env::args_os(), &program);
    let cli = Cli::from_arg_matches(&program.clone().try_get_matches_from(arguments)?);
    Ok(cli.map_err(|error| error.format(&mut program))?.command)
}

/// The same with help whose commands can be copied.
fn with_commands_as_started(command: clap::Command) -> clap::Command {
    let command = command.mut_args(|argument| match argument.get_help() {
        Some(help) => {
            let help = errors::commands_as_started(&help.to_string());
            argument.help(help)
        }
        None => argument,
    });
    command.mut_subcommands(with_commands_as_started)
}

/// The exit code. An error is explained in one line.
fn ended(result: anyhow::Result<ExitCode>) -> ExitCode {
    result.unwrap_or_else(|error| {
        if !error.chain().any(errors::is_broken_pipe) {
            terminal::warn(tr!("error: {}", "错误：{}", errors::message(&error)));
        }
        ExitCode::FAILURE
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent_in_both_languages() {
        Cli::command().debug_assert();
        in_chinese::translate(Cli::command()).debug_assert();
    }

    #[test]
    fn every_command_is_described_in_chinese() {
        fn check(command: &clap::Command) {
            let about = command.get_about().map(ToString::to_string).unwrap_or_default();
            assert!(!about.is_ascii(), "'{}' is not in commands/in_chinese.rs: {about}", command.get_name());
            command.get_subcommands().for_each(check);
        }
        check(&in_chinese::translate(Cli::command()));
    }
}
