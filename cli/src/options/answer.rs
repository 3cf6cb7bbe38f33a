//! The options of the commands in which a fine-tuned model answers.

use anyhow::Result;
use burn::tensor::Device;
use ch07_instruct::PromptFormat;
use ch07_instruct::response::MAX_NEW_TOKENS;
use fast::Generator;

use super::{DeviceArgs, ModelArgs, WeightsArgs};
use crate::models::{open_text_model, prompt_format};
use crate::terminal::positive;

#[derive(clap::Args)]
#[command(mut_arg("model", |arg| arg.help("Folder with the fine-tuned model")))]
pub struct AnswerArgs {
    #[command(flatten)]
    model: ModelArgs,
    /// How tasks are written: alpaca or phi3 [default: as in the fine-tuning of the model]
    #[arg(long, value_name = "F")]
    format: Option<PromptFormat>,
    /// Maximum number of tokens in an answer; in a chat at most a quarter of the context
    #[arg(long, value_name = "N", value_parser = positive, default_value_t = MAX_NEW_TOKENS)]
    pub max_new_tokens: usize,
    #[command(flatten)]
    weights: WeightsArgs,
    #[command(flatten)]
    device: DeviceArgs,
}

/// A model that is ready to answer.
pub struct Answerer {
    pub generator: Generator,
    pub format: PromptFormat,
    pub device: Device,
}

impl AnswerArgs {
    /// Opens the device and the model.
    pub fn open(&self) -> Result<Answerer> {
        let device = self.device.open()?;
        let format = prompt_format(self.format, &self.model.folder)?;
        let (_, model) = open_text_model(&self.model.folder, &device)?;
        Ok(Answerer { generator: self.weights.precision.generator(model, &device)?, format, device })
    }
}
