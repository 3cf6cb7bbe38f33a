//! `llm instruct`: fine-tune a model on instructions, let it answer, chat with it, have its answers scored (chapter 7).

mod chat;
mod evaluate;
mod finetune;
mod llama_answer;
mod respond;
mod sample;
mod saver;
mod scores;
mod train;

use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;

#[derive(Subcommand)]
pub enum Command {
    /// Fine-tune a model to follow instructions; without --model a tiny one, pretrained on the embedded story first
    Train(train::Args),
    /// Answer the test entries of a data set and write the answers to a JSON file
    Respond(respond::Args),
    /// Chat with a model in the terminal
    Chat(chat::Args),
    /// Score answers with a larger model that Ollama serves
    Evaluate(evaluate::Args),
}

pub fn run(command: Command) -> Result<ExitCode> {
    match command {
        Command::Train(args) => train::run(args),
        Command::Respond(args) => respond::run(args),
        Command::Chat(args) => chat::run(args),
        Command::Evaluate(args) => evaluate::run(args),
    }
}
