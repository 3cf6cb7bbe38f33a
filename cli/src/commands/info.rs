//! `llm info`: the parameters of a model.

use std::io::{Write, stdout};
use std::process::ExitCode;

use anyhow::Result;
use burn::module::Module;
use model_files::inspect::parameters;
use model_files::open_model;
use workshop::device::DeviceChoice;

use crate::options::ModelArgs;
use crate::terminal::grouped;

#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    model: ModelArgs,
}

pub fn run(args: Args) -> Result<ExitCode> {
    let (config, model) = open_model(&args.model.folder, &DeviceChoice::Cpu.open()?)?;
    let mut out = stdout().lock();
    writeln!(out, "{}\n", serde_json::to_string_pretty(&config)?)?;
    let list = parameters(&model);
    let width = list.iter().map(|parameter| parameter.name.len()).max().unwrap_or(0);
    for parameter in &list {
        let (name, shape) = (&parameter.name, format!("{:?}", parameter.shape));
        writeln!(out, "{name:<width$}  {shape:<15} {:>13}", grouped(parameter.num_values()))?;
    }
    writeln!(out, "\nparameters               {:>13}", grouped(model.num_params()))?;
    writeln!(out, "with a tied output layer {:>13}", grouped(model.num_params_tied()))?;
    writeln!(out, "memory in float32        {:>10.2} MB", model.size_mb())?;
    Ok(ExitCode::SUCCESS)
}
