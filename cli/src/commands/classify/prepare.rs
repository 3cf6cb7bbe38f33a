//! `llm classify prepare`.

use std::io::{Write, stdout};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use ch06_classify::{CSV_FILES, Label, Message, Split, create_balanced_dataset, write_split};

use super::messages::{EMBEDDED, read_collection};
use crate::terminal::grouped;

#[derive(clap::Args)]
pub struct Args {
    /// Messages: a file with one `label<TAB>text` per line, or a data set: sms-spam, or messages, which are the embedded ones
    #[arg(long, value_name = "FILE|NAME", default_value = EMBEDDED)]
    data: String,
    /// Folder for the three files
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

pub fn run(args: &Args) -> Result<ExitCode> {
    let messages = read_collection(&args.data)?;
    let split = Split::of_collection(&messages).with_context(|| args.data.clone())?;
    write_split(&args.out, &split)?;
    let mut out = stdout().lock();
    writeln!(out, "read      {}", counts(&messages))?;
    writeln!(out, "balanced  {}", counts(&create_balanced_dataset(&messages)))?;
    for (file, (_, part)) in CSV_FILES.into_iter().zip(split.parts()) {
        writeln!(out, "{}  {}", args.out.join(file).display(), counts(part))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn counts(messages: &[Message]) -> String {
    let [ham, spam] = Label::ALL.map(|label| messages.iter().filter(|message| message.label == label).count());
    format!("{} messages: {} ham, {} spam", grouped(messages.len()), grouped(ham), grouped(spam))
}
