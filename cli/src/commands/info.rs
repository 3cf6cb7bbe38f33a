//! `llm info`: the configuration and the parameters of a model.

use std::io::{Write, stdout};
use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use bonus_llama::LlamaConfig;
use burn::module::Module;
use ch04_gpt::GptModel;
use model_files::inspect::{Parameter, parameters};
use model_files::llama::llama_parameters;
use model_files::{ClassifierConfig, is_classifier, is_llama_classifier, llama_config, load_llama_classifier};
use serde::Serialize;
use shared::GptConfig;
use workshop::device::DeviceChoice;

use crate::llama::is_llama;
use crate::model_hints::{load_classifier, open_model};
use crate::options::{MODEL_HELP, ModelArgs};
use crate::terminal::grouped;

#[derive(clap::Args)]
#[command(mut_arg("model", |arg| arg.help(format!("{MODEL_HELP}; or a classifier")).value_name("PATH")))]
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
    /// With an output layer that shares the weight of the token embedding; `None` for a classifier, and for models after
    /// GPT-2, whose configuration says whether it does.
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
    Llama(LlamaConfig),
    LlamaClassifier(ClassifierConfig<LlamaConfig>),
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
    fn of(path: &Path) -> Result<Self> {
        if is_llama(path) {
            return Self::of_llama(path);
        }
        let device = DeviceChoice::Cpu.open()?;
        if is_llama_classifier(path) {
            let (config, model) = load_llama_classifier(path, &device)?;
            return Ok(Self::new(Config::LlamaClassifier(config), parameters(&model), model.num_params(), None));
        }
        let (config, model): (Config, GptModel) = if is_classifier(path) {
            let (config, model) = load_classifier(path, &device)?;
            (Config::Classifier(config), model)
        } else {
            let (config, model) = open_model(path, &device)?;
            (Config::Text(config), model)
        };
        let tied = matches!(config, Config::Text(_)).then(|| model.num_params_tied());
        Ok(Self::new(config, parameters(&model), model.num_params(), tied))
    }

    /// Such models can be large, so their weights stay where they are.
    fn of_llama(path: &Path) -> Result<Self> {
        let config = llama_config(path)?;
        let list = llama_parameters(&config).map(|found| Parameter { name: found.path, shape: found.shape });
        let num_params = config.num_params();
        Ok(Self::new(Config::Llama(config), list.collect(), num_params, None))
    }

    fn new(config: Config, list: Vec<Parameter>, num_params: usize, num_params_tied: Option<usize>) -> Self {
        let describe = |parameter: Parameter| ParameterInfo {
            num_values: parameter.num_values(),
            name: parameter.name,
            shape: parameter.shape,
        };
        Self {
            config,
            parameters: list.into_iter().map(describe).collect(),
            num_params,
            num_params_tied,
            bytes: num_params.saturating_mul(size_of::<f32>()),
        }
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
