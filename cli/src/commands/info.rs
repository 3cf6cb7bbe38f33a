//! `llm info`: the configuration and the parameters of a model.

use std::io::{Write, stdout};
use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use burn::module::Module;
use ch04_gpt::GptModel;
use model_files::inspect::parameters;
use model_files::{ClassifierConfig, is_classifier};
use serde::Serialize;
use shared::GptConfig;
use workshop::device::DeviceChoice;

use crate::model_hints::{load_classifier, open_model};
use crate::options::ModelArgs;
use crate::terminal::grouped;

#[derive(clap::Args)]
#[command(mut_arg("model", |arg| arg.help("Folder with the model or the classifier")))]
pub struct Args {
    #[command(flatten)]
    model: ModelArgs,
    /// Print one line of JSON
    #[arg(long)]
    json: bool,
}

/// What `--json` prints.
#[derive(Serialize)]
struct ModelInfo {
    config: Config,
    parameters: Vec<ParameterInfo>,
    num_params: usize,
    /// With an output layer that shares the weight of the token embedding; `None` for a classifier.
    num_params_tied: Option<usize>,
    /// Memory of the parameters in float32.
    bytes: usize,
}

/// What the folder's `config.json` holds, if this program wrote it.
#[derive(Serialize)]
#[serde(untagged)]
enum Config {
    Text(GptConfig),
    Classifier(ClassifierConfig),
}

#[derive(Serialize)]
struct ParameterInfo {
    name: String,
    shape: Vec<usize>,
    num_values: usize,
}

pub fn run(args: Args) -> Result<ExitCode> {
    let info = ModelInfo::of(&args.model.folder)?;
    if args.json {
        writeln!(stdout(), "{}", serde_json::to_string(&info)?)?;
    } else {
        info.print()?;
    }
    Ok(ExitCode::SUCCESS)
}

impl ModelInfo {
    fn of(folder: &Path) -> Result<Self> {
        let device = DeviceChoice::Cpu.open()?;
        let (config, model): (Config, GptModel) = if is_classifier(folder) {
            let (config, model) = load_classifier(folder, &device)?;
            (Config::Classifier(config), model)
        } else {
            let (config, model) = open_model(folder, &device)?;
            (Config::Text(config), model)
        };
        let list = parameters(&model).into_iter();
        let num_params = model.num_params();
        Ok(Self {
            num_params_tied: matches!(config, Config::Text(_)).then(|| model.num_params_tied()),
            config,
            parameters: list
                .map(|parameter| ParameterInfo {
                    num_values: parameter.num_values(),
                    name: parameter.name,
                    shape: parameter.shape,
                })
                .collect(),
            num_params,
            bytes: num_params * size_of::<f32>(),
        })
    }

    fn print(&self) -> Result<()> {
        let mut out = stdout().lock();
        writeln!(out, "{}\n", serde_json::to_string_pretty(&self.config)?)?;
        let width = self.parameters.iter().map(|parameter| parameter.name.len()).max().unwrap_or(0);
        for ParameterInfo { name, shape, num_values } in &self.parameters {
            let shape = format!("{shape:?}");
            writeln!(out, "{name:<width$}  {shape:<15} {:>13}", grouped(*num_values))?;
        }
        writeln!(out, "\nparameters               {:>13}", grouped(self.num_params))?;
        if let Some(tied) = self.num_params_tied {
            writeln!(out, "with a tied output layer {:>13}", grouped(tied))?;
        }
        writeln!(out, "memory in float32        {:>10.2} MB", self.bytes as f64 / (1024.0 * 1024.0))?;
        Ok(())
    }
}
