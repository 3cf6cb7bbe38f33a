//! `llm weights`.

mod consent;
mod fetch;
mod import;
mod list;
mod published;

use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;

use self::fetch::FetchArgs;
use self::import::ImportArgs;

#[derive(Subcommand)]
pub enum Command {
    /// List the published models and where they are on this machine
    List {
        /// Print one line of JSON
        #[arg(long)]
        json: bool,
    },
    /// Download GPT-2, SmolLM2, Qwen3, Llama or Gemma 3; an interrupted download continues where it stopped
    #[command(after_help = "HF_ENDPOINT names a mirror of https://huggingface.co, LLM_OPENAI_ENDPOINT one of\n\
                            https://openaipublic.blob.core.windows.net/gpt-2/models.\n\n\
                            No checksums are built in for these files. They are compared with what the server itself says\n\
                            about them, and their format is checked; a model after GPT-2 is complete when it can be opened.\n\n\
                            Llama and Gemma are handed out to accounts that have accepted their terms: they need a token,\n\
                            in the variable HF_TOKEN or with --token-file. It is sent to that server only.")]
    Fetch(FetchArgs),
    /// Convert a model of Hugging Face, OpenAI or llama.cpp into a folder of this project
    Import(ImportArgs),
}

pub fn run(command: Command) -> Result<ExitCode> {
    match command {
        Command::List { json } => list::run(json),
        Command::Fetch(args) => fetch::run(args),
        Command::Import(args) => import::run(args),
    }
}
