//! `llm weights`.

mod list;
mod published;

use std::io::{Write, stdout};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use burn::module::Module;
use ch02_text::Gpt2Tokenizer;
use clap::Subcommand;
use model_files::{VocabularyError, open_model, open_tokenizer, save_model_with_vocabulary};
use workshop::device::DeviceChoice;
use workshop::download::{Download, Downloader};

use self::published::{Model, WeightsOrigin};
use crate::model_hints::quoted;
use crate::run_folder::{ensure_companions, ensure_vocabulary, is_same, remove_companions};
use crate::terminal::{Interrupt, command, describe_download, grouped};

#[derive(Subcommand)]
pub enum Command {
    /// List the GPT-2 models and where they are on this machine
    List {
        /// Print one line of JSON
        #[arg(long)]
        json: bool,
    },
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
    #[arg(long, value_name = "DIR")]
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
    #[arg(long, value_name = "SOURCE", default_value = "huggingface")]
    from: WeightsOrigin,
    /// Folder for the files [default: models/MODEL in your data folder]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

pub fn run(command: Command) -> Result<ExitCode> {
    match command {
        Command::List { json } => list::run(json),
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
    let tokenizer = match open_tokenizer(from, config.vocab_size) {
        Err(VocabularyError::NoVocabulary { .. }) => None, // a model of ids
        opened => Some(opened?),
    };
    let vocabulary = tokenizer.as_ref().and_then(Gpt2Tokenizer::vocabulary);
    ensure_vocabulary(out, vocabulary)?;
    remove_companions(out)?;
    save_model_with_vocabulary(out, &config, &model, vocabulary)?;
    writeln!(stdout(), "{}: {} parameters", out.display(), grouped(model.num_params()))?;
    Ok(ExitCode::SUCCESS)
}

fn fetch(args: FetchArgs) -> Result<ExitCode> {
    let FetchArgs { model, from, out } = args;
    let folder = match out {
        Some(folder) => folder,
        None => model.folder().context("you have no data folder on this machine; name a folder with --out")?,
    };
    let (address, downloader) = (from.folder(model), Downloader::default());
    Interrupt::end_at_once()?;
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
