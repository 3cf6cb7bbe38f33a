//! `llm weights fetch`.

use std::io::{Write, stdout};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use model_files::llama::weight_files;
use workshop::download::{Download, DownloadError, Downloader};

use super::consent::{TermsArgs, accept, refused};
use super::published::{Model, WeightsOrigin};
use crate::model_hints::quoted;
use crate::terminal::{Interrupt, command, describe_download, tr};

/// What a model after GPT-2 has beside its weights, and whether every one has it.
const SMALL_FILES: [(&str, bool); 5] = [
    ("config.json", true),
    ("generation_config.json", false),
    ("tokenizer.json", true),
    ("tokenizer_config.json", true),
    ("chat_template.jinja", false),
];
const WEIGHTS: &str = "model.safetensors";
/// Where the weights are if they are in several files.
const INDEX: &str = "model.safetensors.index.json";

#[derive(clap::Args)]
pub struct FetchArgs {
    /// The model
    model: Model,
    /// Where the files come from: Hugging Face's safetensors or OpenAI's TensorFlow checkpoint
    #[arg(long, value_name = "SOURCE", default_value = "huggingface")]
    from: WeightsOrigin,
    /// Folder for the files [default: models/MODEL in your data folder]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    #[command(flatten)]
    terms: TermsArgs,
}

pub fn run(args: FetchArgs) -> Result<ExitCode> {
    let FetchArgs { model, from, out, terms } = args;
    let folder = out.or_else(|| model.folder());
    let folder = folder.context("you have no data folder on this machine; name a folder with --out")?;
    let Some(address) = from.folder(model) else {
        bail!(tr!("{model} is not at OpenAI; leave --from out", "OpenAI 没有 {model}；请去掉 --from"));
    };
    let token = accept(model, &terms)?;
    let source = Source { model, from, address, folder, downloader: Downloader::default().with_token(token) };
    Interrupt::end_at_once()?;
    if model.is_gpt2() {
        source.fetch_gpt2()?
    } else {
        source.fetch_later()?
    }
    Ok(ExitCode::SUCCESS)
}

/// A model on a server, and where it goes.
struct Source {
    model: Model,
    from: WeightsOrigin,
    /// Of the folder with its files.
    address: String,
    folder: PathBuf,
    downloader: Downloader,
}

impl Source {
    fn fetch_gpt2(&self) -> Result<()> {
        for file in self.from.files() {
            self.file(file)?;
        }
        self.say_next(&format!("generate --model {} --prompt \"Every effort moves you\"", quoted(&self.folder)))
    }

    /// A model after GPT-2. It is complete when it can be opened.
    fn fetch_later(&self) -> Result<()> {
        for (file, is_needed) in SMALL_FILES {
            if is_needed { self.file(file)? } else { _ = self.file_if_there(file)? }
        }
        if !self.file_if_there(WEIGHTS)? {
            self.file(INDEX)?;
            for file in weight_files(&self.folder)? {
                self.file(&file)?;
            }
        }
        pretrained::check(&self.folder).with_context(|| {
            tr!(
                "the files are complete, but the model in {} cannot be opened",
                "文件已下载完整，但无法打开 {} 中的模型",
                self.folder.display()
            )
        })?;
        self.say_next(&format!("chat --model {}", quoted(&self.folder)))
    }

    /// Fetches a file, unless the server has none of this name.
    fn file_if_there(&self, name: &str) -> Result<bool> {
        match self.download(name) {
            Err(error) if error.status() == Some(404) => Ok(false),
            Err(error) => Err(self.explained(error)),
            Ok(()) => Ok(true),
        }
    }

    fn file(&self, name: &str) -> Result<()> {
        self.download(name).map_err(|error| self.explained(error))
    }

    fn download(&self, name: &str) -> Result<(), DownloadError> {
        let download = Download {
            url: format!("{}/{name}", self.address),
            path: self.folder.join(name),
            // The addresses follow a branch, so the files can change. The hub tells the checksums of large files.
            sha256: None,
            member: None,
            mirror: self.from.mirror_variable(),
        };
        let outcome = self.downloader.fetch(&download)?;
        let shown = describe_download(&outcome, &download.path);
        Ok(writeln!(stdout(), "{shown}")?)
    }

    /// A server that refuses to give a file wants something of the user.
    fn explained(&self, error: DownloadError) -> anyhow::Error {
        match error.status() {
            Some(status @ (401 | 403)) if self.from == WeightsOrigin::Huggingface => {
                refused(self.model, status, &error)
            }
            _ => error.into(),
        }
    }

    fn say_next(&self, next: &str) -> Result<()> {
        let model = self.model;
        let mut out = stdout().lock();
        writeln!(out, "\n{}", tr!("{model} is complete. Try it:", "{model} 已下载完整。可以试一试："))?;
        Ok(writeln!(out, "{}", command(next))?)
    }
}

/// Whether a folder has all files of a model after GPT-2.
pub fn is_complete(folder: &Path) -> bool {
    let has = |file: &str| folder.join(file).is_file();
    let needed = SMALL_FILES.iter().filter(|(_, is_needed)| *is_needed);
    let weights = || weight_files(folder).is_ok_and(|files| files.iter().all(|file| has(file)));
    needed.map(|(file, _)| *file).all(has) && (has(WEIGHTS) || weights())
}
