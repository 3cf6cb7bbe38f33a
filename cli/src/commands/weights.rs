//! `llm weights`.

use std::fmt;
use std::io::{Write, stdout};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use burn::module::Module;
use clap::{Subcommand, ValueEnum};
use model_files::{open_model, save_model};
use shared::data::data_folders;
use workshop::device::DeviceChoice;
use workshop::download::{Download, Downloader, mirror};

use crate::run_folder::{ensure_companions, is_same, remove_companions};
use crate::terminal::{command, describe_download, grouped};

#[derive(Subcommand)]
pub enum Command {
    /// Download a GPT-2 model; an interrupted download continues where it stopped
    #[command(after_help = "HF_ENDPOINT names a mirror of https://huggingface.co, LLM_OPENAI_ENDPOINT one of\n\
                            https://openaipublic.blob.core.windows.net/gpt-2/models.\n\n\
                            No checksums are built in for these files. They are compared with what the server itself says\n\
                            about them, and their format is checked.")]
    Fetch(FetchArgs),
    /// Convert a GPT-2 model from Hugging Face or OpenAI into the format of this project
    Import(ImportArgs),
}

#[derive(clap::Args)]
pub struct ImportArgs {
    /// Folder with GPT-2 as Hugging Face (config.json, model.safetensors) or OpenAI (hparams.json, model.ckpt.*)
    /// publish it
    #[arg(long, value_name = "PATH")]
    from: PathBuf,
    /// Folder for the model in the book's layout; a model in it is replaced
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

#[derive(clap::Args)]
pub struct FetchArgs {
    /// Size of the model
    model: Model,
    /// Where the files come from: Hugging Face's safetensors or OpenAI's TensorFlow checkpoint
    #[arg(long, value_name = "PLACE", default_value = "huggingface")]
    from: WeightsOrigin,
    /// Folder to put them in; without it models/MODEL in your data folder
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// The four sizes of GPT-2, under the names of chapter 5.
#[derive(Clone, Copy, ValueEnum)]
#[allow(clippy::enum_variant_names, reason = "the names that OpenAI gave them")]
enum Model {
    /// 124 million parameters, 0.5 GB
    Gpt2Small,
    /// 355 million parameters, 1.5 GB
    Gpt2Medium,
    /// 774 million parameters, 3.2 GB
    Gpt2Large,
    /// 1558 million parameters, 6.4 GB
    Gpt2Xl,
}

#[derive(Clone, Copy, ValueEnum)]
enum WeightsOrigin {
    Huggingface,
    Openai,
}

impl fmt::Display for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Gpt2Small => "gpt2-small",
            Self::Gpt2Medium => "gpt2-medium",
            Self::Gpt2Large => "gpt2-large",
            Self::Gpt2Xl => "gpt2-xl",
        })
    }
}

impl WeightsOrigin {
    /// Environment variable that names a mirror.
    fn mirror_variable(self) -> &'static str {
        match self {
            Self::Huggingface => "HF_ENDPOINT",
            Self::Openai => "LLM_OPENAI_ENDPOINT",
        }
    }

    fn endpoint(self) -> String {
        mirror(self.mirror_variable()).unwrap_or_else(|| match self {
            Self::Huggingface => "https://huggingface.co".to_string(),
            Self::Openai => "https://openaipublic.blob.core.windows.net/gpt-2/models".to_string(),
        })
    }

    /// Address of the folder with a model's files.
    fn folder(self, model: Model) -> String {
        let endpoint = self.endpoint();
        match self {
            Self::Huggingface => {
                let repository = match model {
                    Model::Gpt2Small => "gpt2",
                    Model::Gpt2Medium => "gpt2-medium",
                    Model::Gpt2Large => "gpt2-large",
                    Model::Gpt2Xl => "gpt2-xl",
                };
                format!("{endpoint}/openai-community/{repository}/resolve/main")
            }
            Self::Openai => {
                let size = match model {
                    Model::Gpt2Small => "124M",
                    Model::Gpt2Medium => "355M",
                    Model::Gpt2Large => "774M",
                    Model::Gpt2Xl => "1558M",
                };
                format!("{endpoint}/{size}")
            }
        }
    }

    /// A model's files, the small ones first, so that a wrong address is noticed before the long download.
    fn files(self) -> &'static [&'static str] {
        match self {
            Self::Huggingface => &["config.json", "model.safetensors"],
            Self::Openai => &[
                "checkpoint",
                "hparams.json",
                "encoder.json",
                "vocab.bpe",
                "model.ckpt.index",
                "model.ckpt.meta",
                "model.ckpt.data-00000-of-00001",
            ],
        }
    }
}

pub fn run(command: Command) -> Result<ExitCode> {
    match command {
        Command::Fetch(args) => fetch(args),
        Command::Import(args) => import(&args),
    }
}

/// Opens a model of any kind and saves it in the book's layout.
fn import(args: &ImportArgs) -> Result<ExitCode> {
    let ImportArgs { from, out } = args;
    ensure!(!is_same(from, out), "{} is both the source and the target; name another folder with --out", out.display());
    ensure_companions(out)?;
    let (config, model) = open_model(from, &DeviceChoice::Cpu.open()?)?;
    remove_companions(out)?;
    save_model(out, &config, &model)?;
    writeln!(stdout(), "{}: {} parameters", out.display(), grouped(model.num_params()))?;
    Ok(ExitCode::SUCCESS)
}

fn fetch(args: FetchArgs) -> Result<ExitCode> {
    let FetchArgs { model, from, out } = args;
    let folder = match out {
        Some(folder) => folder,
        None => data_folders()
            .pop()
            .context("you have no data folder on this machine; name a folder with --out")?
            .join("models")
            .join(model.to_string()),
    };
    let (address, downloader) = (from.folder(model), Downloader::default());
    let mut out = stdout().lock();
    for file in from.files() {
        let download = Download {
            url: format!("{address}/{file}"),
            path: folder.join(file),
            // The addresses follow a branch, so the files can change.
            sha256: None,
            member: None,
            mirror: from.mirror_variable(),
        };
        let outcome = downloader.fetch(&download)?;
        writeln!(out, "{}", describe_download(&outcome, &download.path))?;
    }
    writeln!(out, "\n{model} is complete. Try it:")?;
    let generate = format!("generate --model {} --prompt \"Every effort moves you\"", quoted(&folder));
    writeln!(out, "{}", command(generate))?;
    Ok(ExitCode::SUCCESS)
}

/// A path, quoted for a shell if needed.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    if text.contains(char::is_whitespace) { format!("\"{text}\"") } else { text }
}
