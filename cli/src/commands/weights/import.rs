//! `llm weights import`.

use std::io::{Write, stdout};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Result, ensure};
use burn::module::Module;
use ch02_text::Gpt2Tokenizer;
use model_files::{VocabularyError, open_model, open_tokenizer, save_model_with_vocabulary};
use pretrained::{TEXT_FILES, Texts};
use workshop::device::DeviceChoice;

use crate::llama;
use crate::run_folder::{ensure_companion, ensure_companions, ensure_vocabulary, is_same, remove_companions};
use crate::terminal::{grouped, tr};

#[derive(clap::Args)]
pub struct ImportArgs {
    /// Folder with GPT-2 as Hugging Face (config.json, model.safetensors) or OpenAI (hparams.json, model.ckpt.*)
    /// publish it; or a Llama, Qwen3 or Gemma 3, as a folder from Hugging Face or a .gguf file
    #[arg(value_name = "PATH", required_unless_present = "from")]
    path: Option<PathBuf>,
    /// The same as PATH
    #[arg(long, value_name = "PATH", conflicts_with = "path")]
    from: Option<PathBuf>,
    /// Folder for the model: GPT-2 in the book's layout, the others in Hugging Face's, with 32-bit weights; a model in
    /// it is replaced
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

/// Opens a model of any kind and saves it in a folder.
pub fn run(args: ImportArgs) -> Result<ExitCode> {
    let ImportArgs { path, from, out } = args;
    let from = path.or(from).unwrap_or_default();
    ensure!(
        !is_same(&from, &out),
        tr!(
            "{} is both the source and the target; name another folder with --out",
            "{} 既是来源又是目标；请用 --out 指定另一个文件夹",
            out.display()
        )
    );
    ensure_companions(&out)?;
    let parameters = if llama::is_llama(&from) { import_llama(&from, &out)? } else { import_gpt2(&from, &out)? };
    let parameters = grouped(parameters);
    writeln!(stdout(), "{}", tr!("{}: {parameters} parameters", "{}：{parameters} 个参数", out.display()))?;
    Ok(ExitCode::SUCCESS)
}

fn import_gpt2(from: &Path, out: &Path) -> Result<usize> {
    let (config, model) = open_model(from, &DeviceChoice::Cpu.open()?)?;
    let tokenizer = match open_tokenizer(from, config.vocab_size) {
        Err(VocabularyError::NoVocabulary { .. }) => None, // a model of ids
        opened => Some(opened?),
    };
    let vocabulary = tokenizer.as_ref().and_then(Gpt2Tokenizer::vocabulary);
    ensure_vocabulary(out, vocabulary)?;
    remove_companions(out)?;
    save_model_with_vocabulary(out, &config, &model, vocabulary)?;
    Ok(model.num_params())
}

fn import_llama(from: &Path, out: &Path) -> Result<usize> {
    TEXT_FILES.iter().try_for_each(|name| ensure_companion(out, name))?;
    let (config, model) = llama::open_weights(from)?;
    let texts = Texts::of(from)?;
    remove_companions(out)?;
    pretrained::save(out, &config, &model, &texts)?;
    Ok(model.num_params())
}
