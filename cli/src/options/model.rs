//! `--model`: a model to use, or one to start from.

use std::path::PathBuf;

use crate::run_folder::PRETRAIN_FOLDER;

/// The help of `--model` where models after GPT-2 do as well.
pub const MODEL_HELP: &str = "Model: a folder of `llm pretrain`, GPT-2 as Hugging Face or OpenAI publish it, or a Llama, Qwen3 \
                              or Gemma 3, as a folder from Hugging Face or a .gguf file";

#[derive(clap::Args)]
pub struct ModelArgs {
    /// Folder with the model: one of `llm pretrain`, or GPT-2 as Hugging Face or OpenAI publish it
    #[arg(id = "model", long = "model", value_name = "DIR", default_value = PRETRAIN_FOLDER)]
    pub folder: PathBuf,
}

#[derive(clap::Args)]
pub struct BaseModelArgs {
    /// Model to start from: a folder of `llm pretrain`, GPT-2 as Hugging Face or OpenAI publish it, or a Llama, Qwen3 or Gemma 3,
    /// as a folder from Hugging Face or a .gguf file; without it, a tiny model is pretrained first
    #[arg(id = "model", long = "model", value_name = "PATH")]
    pub folder: Option<PathBuf>,
}
