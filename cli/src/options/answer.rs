//! The options of the commands in which a fine-tuned model answers.

use std::path::{Path, PathBuf};

use anyhow::Result;
use burn::tensor::Device;
use ch02_text::Gpt2Tokenizer;
use ch07_instruct::PromptFormat;
use ch07_instruct::response::MAX_NEW_TOKENS;
use fast::Generator;

use super::{DeviceArgs, ModelArgs, WeightsArgs};
use crate::model_hints::quoted;
use crate::models::{open_text_model, prompt_format, tuned_format};
use crate::run_folder::INSTRUCT_FOLDER;
use crate::terminal::{command, positive, tr, warn};

#[derive(clap::Args)]
#[command(mut_arg("model", |arg| arg.help("Folder with the fine-tuned model").default_value(INSTRUCT_FOLDER)))]
pub struct AnswerArgs {
    #[command(flatten)]
    model: ModelArgs,
    /// Prompt format: alpaca or phi3 [default: that of the model's fine-tuning, else its chat template, else alpaca]
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<PromptFormat>,
    /// Maximum number of tokens in an answer; in a chat at most a quarter of the context
    #[arg(long, value_name = "N", value_parser = positive, default_value_t = MAX_NEW_TOKENS)]
    pub max_new_tokens: usize,
    #[command(flatten)]
    pub weights: WeightsArgs,
    #[command(flatten)]
    device: DeviceArgs,
}

/// A model that is ready to answer.
pub struct Answerer {
    pub generator: Generator,
    pub tokenizer: Gpt2Tokenizer,
    pub format: PromptFormat,
    pub device: Device,
}

impl AnswerArgs {
    /// The folder or file with the model.
    pub fn path(&self) -> &Path {
        &self.model.folder
    }

    /// For models after GPT-2, which only the CPU computes.
    ///
    /// # Errors
    /// If another device was asked for.
    pub fn ensure_cpu(&self) -> Result<()> {
        self.device.ensure_cpu()
    }

    /// Opens the device and the model. A model that nobody taught to answer gets a note.
    pub fn open(&self) -> Result<Answerer> {
        let device = self.device.open()?;
        let folder = &self.model.folder;
        let format = prompt_format(self.format, folder)?;
        let (config, model, tokenizer) = open_text_model(folder, &device)?;
        let generator = self.weights.precision.generator(model, &device)?;
        let answerer = Answerer { generator, tokenizer, format, device };
        // With --format, it may have been fine-tuned with another program.
        if self.format.is_none() && tuned_format(folder)?.is_none() {
            note_that_it_continues(folder, answerer.prompt_of_nothing(), config.context_length);
        }
        Ok(answerer)
    }
}

impl Answerer {
    /// Number of tokens in a prompt without a task.
    fn prompt_of_nothing(&self) -> usize {
        let opening = format!("{}{}", self.format.opening(), self.format.task("", ""));
        self.tokenizer.encode_ordinary(&(opening + &self.format.format_response(""))).len()
    }
}

/// Says that the model was not fine-tuned, and which command teaches it. If a prompt without a task takes more than half of
/// the context, the tasks would not fit, so another model is needed.
fn note_that_it_continues(folder: &Path, prompt_tokens: usize, context_length: usize) {
    let shown = folder.display();
    let train = |folder: &str| command(format_args!("instruct train --model {folder}"));
    let remedy = if prompt_tokens > context_length / 2 {
        let longer = quoted(&PathBuf::from(format!("{shown}-256")));
        let (pretrain, train) = (command(format_args!("pretrain --context-length 256 --out {longer}")), train(&longer));
        tr!(
            "its context of {context_length} tokens is too short for tasks; `{pretrain}`, then `{train}`, makes a model \
             that answers",
            "它的上下文只有 {context_length} 个词元，放不下任务；先后运行 `{pretrain}` 和 `{train}`，可得到会回答的模型"
        )
    } else {
        let train = train(&quoted(folder));
        tr!("`{train}` teaches it", "可用 `{train}` 微调它")
    };
    warn(tr!(
        "note: the model in {shown} was not fine-tuned to follow instructions, so it continues the text instead of answering; \
         {remedy}",
        "注意：{shown} 中的模型没有经过指令微调，它会续写文本而不是回答；{remedy}"
    ));
}
