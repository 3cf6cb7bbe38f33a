//! `llm data`.

use std::io::{Write, stdout};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, bail, ensure};
use clap::Subcommand;
use clap::builder::PossibleValuesParser;
use shared::data::{CATALOGUE, DATA_DIR_VAR, DataError, Location, data_folders, find};
use workshop::data_download;
use workshop::download::Downloader;

use crate::terminal::{describe_download, warn};

#[derive(Subcommand)]
pub enum Command {
    /// List every data set: what it is, its licence and source, and where its file is
    List,
    /// Print the path of a data set's file
    Path {
        /// Name of the data set
        name: String,
    },
    /// Print the contents of a data set to standard output
    Show {
        /// Name of the data set
        name: String,
    },
    /// Download a data set into your data folder, where every command finds it
    #[command(after_help = "LLM_DATA_ENDPOINT names a mirror: the address of a folder with the catalogue's files.")]
    Fetch {
        /// Name of the data set, or all
        #[arg(value_parser = names())]
        name: String,
        /// Folder to put it in instead
        #[arg(long, value_name = "DIR")]
        dir: Option<PathBuf>,
    },
}

/// For clap: the data sets, and all of them.
fn names() -> PossibleValuesParser {
    CATALOGUE.iter().map(|set| set.name).chain(["all"]).into()
}

pub fn run(command: Command) -> Result<ExitCode> {
    let mut out = stdout().lock();
    match command {
        Command::List => {
            for set in CATALOGUE {
                let state = match set.locate() {
                    Ok(Location::Embedded(text)) => format!("embedded, {} characters", text.chars().count()),
                    Ok(Location::File(path)) => path.display().to_string(),
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
            Location::File(path) => writeln!(out, "{}", path.display())?,
            Location::Embedded(_) => {
                bail!("'{name}' is embedded in the program; `llm data show {name} > FILE` makes a file of it")
            }
        },
        Command::Show { name } => out.write_all(find(&name)?.text()?.as_bytes())?,
        Command::Fetch { name, dir } => fetch(&mut out, &name, dir)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Downloads one data set, or all that are not embedded; if one fails, the others are still downloaded.
fn fetch(out: &mut impl Write, name: &str, dir: Option<PathBuf>) -> Result<()> {
    let folder = match &dir {
        Some(dir) => dir.clone(),
        None => data_folders().pop().context("you have no data folder on this machine; name a folder with --dir")?,
    };
    let sets: Vec<_> = match name {
        "all" => CATALOGUE.iter().filter(|set| set.origin.is_some()).collect(),
        name => vec![find(name)?],
    };
    let downloader = Downloader::default();
    let mut failed = vec![];
    for set in &sets {
        let Some(download) = data_download(set, &folder) else {
            writeln!(out, "{} is embedded in the program, there is nothing to fetch", set.name)?;
            continue;
        };
        match downloader.fetch(&download) {
            Ok(outcome) => writeln!(out, "{}: {}", set.name, describe_download(&outcome, &download.path))?,
            Err(error) if sets.len() > 1 => {
                warn(format_args!("error: {}: {error}", set.name));
                failed.push(set.name);
            }
            Err(error) => return Err(error.into()),
        }
    }
    ensure!(failed.is_empty(), "{} of {} data sets were not fetched: {}", failed.len(), sets.len(), failed.join(", "));
    if let Some(dir) = dir.filter(|dir| !data_folders().contains(dir)) {
        writeln!(out, "the other commands look there when {DATA_DIR_VAR} names the folder {}", dir.display())?;
    }
    Ok(())
}
