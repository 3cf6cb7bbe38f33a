//! What `llm instruct train` does with a GPT: samples, and what is saved: the model, the LoRA adapter and the model that it
//! belongs to, the prompt format.

use std::path::{Path, PathBuf};

use anyhow::Result;
use appendix_lora::merge_lora;
use burn::module::Module;
use burn::tensor::Device;
use ch02_text::Gpt2Tokenizer;
use ch04_gpt::GptModel;
use ch07_instruct::PromptFormat;
use model_files::{save_adapter, save_model_with_vocabulary};
use shared::GptConfig;

use super::finetune::Keeper;
use super::sample::sample;
use crate::models::save_tuned_format;
use crate::run_folder::{ADAPTER_FOLDER, BASE_FOLDER, is_same, remove};

pub struct Saver<'a> {
    pub out: &'a Path,
    /// The folder of `--model`.
    pub model: Option<&'a Path>,
    pub config: GptConfig,
    pub tokenizer: Gpt2Tokenizer,
    pub format: PromptFormat,
    pub lora: Option<LoraBase>,
    /// Start of the samples.
    pub prompt: String,
    /// The device of the model.
    pub device: Device,
}

/// The model that a LoRA adapter belongs to.
pub struct LoraBase {
    pub folder: PathBuf,
    /// The model itself, if it was made in this run. It is saved with the first adapter: alone it is useless.
    pub new: Option<GptModel>,
}

impl Keeper for Saver<'_> {
    type Model = GptModel;

    fn sample(&self, model: &GptModel) -> Result<String> {
        sample(model, &self.tokenizer, &self.device, &self.prompt)
    }

    fn adapted(&self) -> Option<&Path> {
        self.lora.as_ref().map(|base| base.folder.as_path())
    }

    fn save(&mut self, model: &GptModel) -> Result<()> {
        let (adapter, old_base) = (self.out.join(ADAPTER_FOLDER), self.out.join(BASE_FOLDER));
        let base = self.lora.as_ref().map(|base| base.folder.as_path());
        // What an earlier run left there belongs to another model.
        if !base.iter().chain(&self.model).any(|needed| is_same(needed, &old_base)) {
            remove(&old_base)?;
        }
        let new_base = self.lora.as_mut().and_then(|base| base.new.take());
        if self.lora.is_none() || new_base.is_some() {
            remove(&adapter)?;
        }
        let save = |folder: &Path, model: &GptModel| {
            save_model_with_vocabulary(folder, &self.config, model, self.tokenizer.vocabulary())
        };
        save(self.out, &merge_lora(model.clone()).valid())?;
        if let Some(base) = &self.lora {
            new_base.iter().try_for_each(|model| save(&base.folder, model))?;
            save_adapter(&adapter, model)?;
        }
        save_tuned_format(self.out, self.format)
    }
}
