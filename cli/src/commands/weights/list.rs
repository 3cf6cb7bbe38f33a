//! `llm weights list`.

use std::io::{Write, stdout};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;
use clap::ValueEnum;
use serde::Serialize;

use super::fetch::is_complete;
use super::published::{Model, WeightsOrigin};
use crate::terminal::{command, grouped, tr};

/// A model, and what of it is on this machine.
#[derive(Serialize)]
struct ListedModel {
    name: String,
    /// Number of parameters, in millions.
    millions: u32,
    /// Size of the download.
    gigabytes: f64,
    state: ModelState,
    /// Where `llm weights fetch` puts it without `--out`.
    path: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
enum ModelState {
    Complete,
    /// A download that was interrupted.
    Incomplete,
    Missing,
}

pub fn run(json: bool) -> Result<ExitCode> {
    let listed: Vec<ListedModel> = Model::value_variants().iter().map(|model| ListedModel::of(*model)).collect();
    let mut out = stdout().lock();
    if json {
        writeln!(out, "{}", serde_json::to_string(&listed)?)?;
        return Ok(ExitCode::SUCCESS);
    }
    for model in &listed {
        let ListedModel { name, millions, gigabytes, path, .. } = model;
        let (millions, fetch) = (grouped(*millions as usize), command(format_args!("weights fetch {name}")));
        let sizes = tr!("{millions} million parameters, {gigabytes:.1} GB", "{millions}M 参数，{gigabytes:.1} GB");
        let path = path.as_deref().unwrap_or(Path::new("")).display();
        let state = match model.state {
            ModelState::Complete => path.to_string(),
            ModelState::Incomplete => {
                tr!("incomplete in {path}; `{fetch}` continues", "{path} 中不完整；`{fetch}` 会继续下载")
            }
            ModelState::Missing => tr!("not on this machine; `{fetch}` downloads it", "不在本机；用 `{fetch}` 下载"),
        };
        writeln!(out, "{name}\n  {sizes}\n  {state}")?;
    }
    Ok(ExitCode::SUCCESS)
}

impl ListedModel {
    fn of(model: Model) -> Self {
        let path = model.folder();
        let state = path.as_deref().map_or(ModelState::Missing, |folder| state(model, folder));
        Self { name: model.to_string(), millions: model.millions(), gigabytes: model.gigabytes(), state, path }
    }
}

/// Whether a folder has all files of a model, from one of the origins.
fn state(model: Model, folder: &Path) -> ModelState {
    let is_here = |origin: &WeightsOrigin| origin.files().iter().all(|file| folder.join(file).is_file());
    let is_complete =
        if model.is_gpt2() { WeightsOrigin::value_variants().iter().any(is_here) } else { is_complete(folder) };
    if is_complete {
        ModelState::Complete
    } else if folder.is_dir() {
        ModelState::Incomplete
    } else {
        ModelState::Missing
    }
}
