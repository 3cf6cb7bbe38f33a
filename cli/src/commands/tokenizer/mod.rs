//! `llm tokenizer`: train a vocabulary, and see what a text becomes (chapter 2).

mod decode;
mod encode;
mod pieces;
mod train;

use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;

#[derive(Subcommand)]
pub enum Command {
    /// Learn a vocabulary from a text, with byte pair encoding
    Train(train::Args),
    /// Show the tokens of a text, and their ids
    Encode(encode::Args),
    /// Turn ids back into text
    Decode(decode::Args),
}

pub fn run(command: Command) -> Result<ExitCode> {
    match command {
        Command::Train(args) => train::run(&args)?,
        Command::Encode(args) => encode::run(args)?,
        Command::Decode(args) => decode::run(&args)?,
    }
    Ok(ExitCode::SUCCESS)
}
