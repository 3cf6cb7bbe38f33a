//! Models after GPT-2 for the commands: what [`pretrained`] opens, with words for the user.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, anyhow};
use bonus_llama::{LlamaConfig, LlamaModel};
use burn::tensor::Device;
use fast::LlamaGenerator;
use kernels::decode::Precision;
use model_files::{ClassifierConfig, load_llama};
use model_text::DocumentTokenizer;
use pretrained::{Classifier, Pretrained, Weights};

pub use pretrained::{is_pretrained as is_llama, stop_ids, tokenizer as open_tokenizer};

use crate::errors::in_one_line;
use crate::model_hints::quoted;
use crate::terminal::{command, tr, warn};

/// Opens a model with everything that was published beside its weights, and says what in its files was not used.
pub fn open(path: &Path, device: &Device) -> Result<Pretrained> {
    let pretrained = pretrained::open(path, device)?;
    note(&pretrained.warnings);
    Ok(pretrained)
}

/// The same for generation on the CPU, with weights of this precision.
pub fn open_generator(path: &Path, precision: Precision) -> Result<Pretrained<LlamaGenerator>> {
    let Pretrained { config, model, tokenizer, template, stop_ids, sampling, warnings } =
        pretrained::open_to_generate(path, precision)?;
    note(&warnings);
    let model = LlamaGenerator::from(Arc::new(model));
    Ok(Pretrained { config, model, tokenizer, template, stop_ids, sampling, warnings })
}

/// The same without the rest, on the CPU: a model of ids.
pub fn open_weights(path: &Path) -> Result<(LlamaConfig, LlamaModel)> {
    let loaded = load_llama(path, &Device::flex())?;
    note(&loaded.warnings);
    Ok((loaded.config, loaded.model))
}

/// As [`open_generator`], a model of ids.
pub fn open_weights_generator(path: &Path, precision: Precision) -> Result<(LlamaConfig, LlamaGenerator)> {
    let Weights { config, weights, warnings } = pretrained::weights(path, precision)?;
    note(&warnings);
    Ok((config, LlamaGenerator::from(Arc::new(weights))))
}

/// Opens a classifier that was made of such a model, with its fast forward pass.
pub fn open_classifier(
    folder: &Path,
    device: &Device,
) -> Result<(ClassifierConfig<LlamaConfig>, LlamaModel, DocumentTokenizer)> {
    let Classifier { config, model, tokenizer } = pretrained::load_classifier(folder, device)?;
    let tokenizer = tokenizer.ok_or_else(|| no_tokenizer(folder))?;
    let tokenizer = DocumentTokenizer::new(tokenizer).with_context(|| folder.display().to_string())?;
    Ok((config, fast::accelerate_llama(model), tokenizer))
}

fn note(warnings: &[String]) {
    for warning in warnings.iter().map(|warning| in_one_line(warning)) {
        warn(tr!("note: {warning}", "注意：{warning}"));
    }
}

/// The error for a model without a tokenizer, where a text is to be read.
pub fn no_tokenizer(path: &Path) -> anyhow::Error {
    let shown = path.display();
    let generate = command(format_args!("generate --model {} --prompt-ids IDS", quoted(path)));
    anyhow!(tr!(
        "there is no tokenizer in {shown}, so its model reads no text; give token ids: `{generate}`",
        "{shown} 中没有分词器，因此模型无法读取文本；请给出词元 ID：`{generate}`"
    ))
}
