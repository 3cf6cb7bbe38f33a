//! `llm data`.

use std::fmt;
use std::io::{Write, stdout};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, bail, ensure};
use clap::Subcommand;
use clap::builder::PossibleValuesParser;
use serde::Serialize;
use shared::data::{CATALOGUE, DATA_DIR_VAR, DataError, DataSet, Location, check_named_folder, data_folders, find};
use workshop::data_download;
use workshop::download::{Downloader, Outcome};

use crate::errors::message;
use crate::terminal::{Interrupt, describe_download, tr, warn};
use crate::test_build;

#[derive(Subcommand)]
pub enum Command {
    /// List the data sets with licence, source and place of the file
    List {
        /// Print one line of JSON
        #[arg(long)]
        json: bool,
    },
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
        /// Folder for the file [default: your data folder]
        #[arg(long, value_name = "DIR")]
        dir: Option<PathBuf>,
    },
}

/// A data set, and where its file is.
#[derive(Serialize)]
struct ListedSet {
    name: &'static str,
    what: &'static str,
    licence: &'static str,
    source: &'static str,
    state: SetState,
    /// Number of characters, if it is embedded.
    characters: Option<usize>,
    /// Its file, if it has one.
    path: Option<PathBuf>,
    /// Why it cannot be used.
    error: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
enum SetState {
    Embedded,
    File,
    Missing,
    Unusable,
}

impl ListedSet {
    fn of(set: &'static DataSet) -> Self {
        let DataSet { name, what, licence, source, .. } = *set;
        let with = |state| Self { name, what, licence, source, state, characters: None, path: None, error: None };
        match set.locate() {
            Ok(Location::Embedded(text)) => Self { characters: Some(text.chars().count()), ..with(SetState::Embedded) },
            Ok(Location::File(path)) => Self { path: Some(path), ..with(SetState::File) },
            Err(DataError::Missing { .. }) => with(SetState::Missing),
            Err(error) => Self { error: Some(error.to_string()), ..with(SetState::Unusable) },
        }
    }
}

impl fmt::Display for ListedSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, what, licence, source, characters, path, error, .. } = self;
        write!(f, "{name}\n  {what}\n  licence: {licence}; source: {source}\n  ")?;
        match (characters, path, error) {
            (Some(characters), ..) => write!(f, "embedded, {characters} characters"),
            (_, Some(path), _) => write!(f, "{}", path.display()),
            (.., Some(error)) => write!(f, "{error}"),
            _ => write!(f, "not on this machine"),
        }
    }
}

/// For clap: the data sets, and all of them.
fn names() -> PossibleValuesParser {
    CATALOGUE.iter().map(|set| set.name).chain(["all"]).into()
}

pub fn run(command: Command) -> Result<ExitCode> {
    let mut out = stdout().lock();
    match command {
        Command::List { json } => {
            check_named_folder()?;
            let listed: Vec<ListedSet> = CATALOGUE.iter().map(ListedSet::of).collect();
            if json {
                writeln!(out, "{}", serde_json::to_string(&listed)?)?;
            } else {
                listed.iter().try_for_each(|set| writeln!(out, "{set}"))?;
            }
        }
        Command::Path { name } => match find(&name)?.locate()? {
            Location::File(path) => writeln!(out, "{}", path.display())?,
            Location::Embedded(_) => {
                bail!(tr!(
                    "'{name}' is embedded in the program; `llm data show {name} > FILE` makes a file of it",
                    "'{name}' 内置在程序中；`llm data show {name} > 文件` 可以把它写成文件"
                ))
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
        None => data_folders().pop().with_context(|| {
            tr!(
                "you have no data folder on this machine; name a folder with --dir",
                "你在本机没有数据文件夹；请用 --dir 指定一个"
            )
        })?,
    };
    let sets: Vec<_> = match name {
        "all" => CATALOGUE.iter().filter(|set| set.origin.is_some()).collect(),
        name => vec![find(name)?],
    };
    let downloader = Downloader::default();
    Interrupt::end_at_once()?;
    let mut failed = vec![];
    for set in &sets {
        let Some(download) = data_download(set, &folder) else {
            let nothing = tr!(
                "{} is embedded in the program, there is nothing to fetch",
                "{} 内置在程序中，不需要下载",
                set.name
            );
            writeln!(out, "{nothing}")?;
            continue;
        };
        match downloader.fetch(&download) {
            Ok(outcome) => {
                writeln!(out, "{}: {}", set.name, describe_download(&outcome, &download.path))?;
                if dir.is_none() && matches!(outcome, Outcome::Fetched) {
                    test_build::look_again();
                }
            }
            Err(error) if sets.len() > 1 => {
                warn(tr!("error: {}: {}", "错误：{}：{}", set.name, message(&error.into())));
                failed.push(set.name);
            }
            Err(error) => return Err(error.into()),
        }
    }
    let (count, names) = (failed.len(), failed.join(", "));
    ensure!(
        failed.is_empty(),
        tr!(
            "{count} of {} data sets were not fetched: {names}",
            "{} 个数据集中有 {count} 个没有下载：{names}",
            sets.len()
        )
    );
    if let Some(dir) = dir.filter(|dir| !data_folders().contains(dir)) {
        let hint = tr!(
            "the other commands look there when {DATA_DIR_VAR} names the folder {}",
            "要让其他命令找到这些数据，请把 {DATA_DIR_VAR} 设为文件夹 {}",
            dir.display()
        );
        writeln!(out, "{hint}")?;
    }
    Ok(())
}
