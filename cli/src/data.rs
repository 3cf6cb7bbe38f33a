//! `llm data`.

use std::io::{Write, stdout};
use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::Subcommand;
use shared::data::{CATALOGUE, DataError, Place, find};

#[derive(Subcommand)]
pub enum Command {
    /// Every data set: what it is, its licence and source, and where it lies
    List,
    /// The path of a data set's file
    Path {
        /// Name of the data set
        name: String,
    },
    /// The contents of a data set, on standard output
    Show {
        /// Name of the data set
        name: String,
    },
}

pub fn run(command: Command) -> Result<ExitCode> {
    let mut out = stdout().lock();
    match command {
        Command::List => {
            for set in CATALOGUE {
                let state = match set.locate() {
                    Ok(Place::Embedded(text)) => format!("embedded, {} characters", text.chars().count()),
                    Ok(Place::File(path)) => path.display().to_string(),
                    Err(DataError::Missing { .. }) => "not on this machine".to_string(),
                    Err(error) => error.to_string(),
                };
                writeln!(
                    out,
                    "{}\n  {}\n  licence: {}; source: {}\n  {state}",
                    set.name, set.what, set.licence, set.source
                )?;
            }
        }
        Command::Path { name } => match find(&name)?.locate()? {
            Place::File(path) => writeln!(out, "{}", path.display())?,
            Place::Embedded(_) => {
                bail!("'{name}' is embedded in the program; `llm data show {name} > FILE` makes a file of it")
            }
        },
        Command::Show { name } => out.write_all(find(&name)?.text()?.as_bytes())?,
    }
    Ok(ExitCode::SUCCESS)
}
