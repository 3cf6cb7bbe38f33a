//! `llm classify`: a spam classifier (chapter 6).

mod eval;
mod finetune;
mod messages;
mod opened;
mod predict;
mod prepare;
mod report;
mod train;

use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;

#[derive(Subcommand)]
pub enum Command {
    /// Balance a collection of messages and split it into train.csv, validation.csv and test.csv
    Prepare(prepare::Args),
    /// Fine-tune a model into a spam classifier; without arguments a tiny one on the embedded messages
    Train(Box<train::Args>),
    /// Measure the accuracy of a classifier on each part of the data
    Eval(eval::Args),
    /// Label new messages
    Predict(predict::Args),
}

pub fn run(command: Command) -> Result<ExitCode> {
    match command {
        Command::Prepare(args) => prepare::run(&args),
        Command::Train(args) => train::run(&args),
        Command::Eval(args) => eval::run(&args),
        Command::Predict(args) => predict::run(args),
    }
}
