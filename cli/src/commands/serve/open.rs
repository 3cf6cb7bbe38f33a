//! Opening a model for the server: what requests need to know about it, and what computes.

use std::fs::{self, Metadata};
use std::path::Path;
use std::time::SystemTime;

use anyhow::{Context, Result, bail};
use burn::module::Module;
use burn::tensor::Device;
use clap::ValueEnum;
use model_files::{is_classifier, is_llama_classifier, open_tokenizer};
use pretrained::{Pretrained, Sampling};
use server::{ChatForm, Classifier, Files, LoadedModel, ModelCard, Sizes, Skill, Suggested, Text, WholeLlama};

use crate::llama;
use crate::model_hints::load_classifier;
use crate::models::{open_text_model, tuned_format};
use crate::options::WeightPrecision;
use crate::terminal::tr;

/// Opens the model in a folder or a .gguf file. `weights` is the precision of a model that generates text.
pub fn open(path: &Path, name: &str, weights: WeightPrecision, device: &Device) -> Result<(ModelCard, LoadedModel)> {
    let (card, loaded) = if is_llama_classifier(path) {
        llama_classifier(path, device)?
    } else if is_classifier(path) {
        gpt_classifier(path, device)?
    } else if llama::is_llama(path) {
        llama_writer(path, weights, device)?
    } else {
        gpt_writer(path, weights, device)?
    };
    Ok((ModelCard { name: name.to_string(), files: files(path), ..card }, loaded))
}

/// What there is to know about the files of a model from outside. What cannot be found out stays 0.
fn files(path: &Path) -> Files {
    let inside = |folder| fs::read_dir(folder).into_iter().flatten().filter_map(|entry| entry.ok()?.metadata().ok());
    let all: Vec<Metadata> = match path.metadata() {
        Ok(file) if file.is_file() => vec![file],
        _ => inside(path).filter(Metadata::is_file).collect(),
    };
    let modified = all.iter().filter_map(|file| file.modified().ok()).max();
    Files {
        size: all.iter().map(Metadata::len).sum(),
        modified: modified.unwrap_or(SystemTime::UNIX_EPOCH),
        format: if path.is_file() { "gguf" } else { "safetensors" },
    }
}

/// A card without a name.
fn card(skill: Skill, sizes: Sizes, parameters: usize, weights: WeightPrecision) -> ModelCard {
    let weights = weights.to_possible_value().map(|value| value.get_name().to_string()).unwrap_or_default();
    ModelCard {
        name: String::new(),
        skill,
        sizes,
        parameters,
        weights,
        suggested: Suggested::default(),
        files: Files::default(),
    }
}

fn gpt_writer(folder: &Path, weights: WeightPrecision, device: &Device) -> Result<(ModelCard, LoadedModel)> {
    let format = tuned_format(folder)?;
    let (config, model, tokenizer) = open_text_model(folder, device)?;
    let skill = Skill::Write(Text::gpt(tokenizer, format));
    let card = card(skill, Sizes::Gpt(config), model.num_params(), weights);
    Ok((card, LoadedModel::Gpt(weights.generator(model, device)?)))
}

fn llama_writer(path: &Path, weights: WeightPrecision, device: &Device) -> Result<(ModelCard, LoadedModel)> {
    if *device != Device::flex() {
        let shown = path.display();
        bail!(tr!(
            "{shown}: Llama, Qwen3 and Gemma 3 are computed on the CPU; use `--device cpu`",
            "{shown}：Llama、Qwen3 和 Gemma 3 在 CPU 上计算；请用 `--device cpu`"
        ));
    }
    let Pretrained { config, model: generator, tokenizer, template, stop_ids, sampling, .. } =
        llama::open_generator(path, weights.on_cpu()?)?;
    let tokenizer = tokenizer.with_context(|| {
        let shown = path.display();
        tr!(
            "there is no tokenizer in {shown}, so its model reads no text",
            "{shown} 中没有分词器，因此模型无法读取文本"
        )
    })?;
    let tuned = if path.is_dir() { tuned_format(path)? } else { None };
    let form = match (tuned, template) {
        (Some(format), _) => ChatForm::Format(format),
        (None, Some(template)) => ChatForm::Template(template),
        (None, None) => ChatForm::None,
    };
    let parameters = config.num_params();
    let skill = Skill::Write(Text::published(tokenizer, form, stop_ids));
    let Sampling { temperature, top_k, top_p } = sampling;
    let suggested = Suggested { temperature, top_k, top_p };
    let card = ModelCard { suggested, ..card(skill, Sizes::Llama(config), parameters, weights) };
    let path = path.to_path_buf();
    let whole = WholeLlama::new(move || Ok(model_files::load_llama(&path, &Device::flex())?.model));
    Ok((card, LoadedModel::Llama(generator, whole)))
}

fn gpt_classifier(folder: &Path, device: &Device) -> Result<(ModelCard, LoadedModel)> {
    let (config, model) = load_classifier(folder, device)?;
    let tokenizer = open_tokenizer(folder, config.model.vocab_size)?;
    let (max_length, readout) = (config.max_length, config.readout);
    let card = card(Skill::Classify, Sizes::Gpt(config.model), model.num_params(), WeightPrecision::F32);
    let model = fast::accelerate(model);
    Ok((card, LoadedModel::GptClassifier(Classifier { model, tokenizer, max_length, readout })))
}

fn llama_classifier(folder: &Path, device: &Device) -> Result<(ModelCard, LoadedModel)> {
    let (config, model, tokenizer) = llama::open_classifier(folder, device)?;
    let (max_length, readout) = (config.max_length, config.readout);
    let card = card(Skill::Classify, Sizes::Llama(config.model), model.num_params(), WeightPrecision::F32);
    let classifier = Box::new(Classifier { model, tokenizer, max_length, readout });
    Ok((card, LoadedModel::LlamaClassifier(classifier)))
}
