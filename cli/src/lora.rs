//! The options of `classify train` and `instruct train` for LoRA (appendix E).

use anyhow::Result;
use appendix_lora::{LoraSettings, Scale, freeze, replace_linear_with_lora};
use burn::tensor::Device;
use ch04_gpt::GptModel;
use shared::rng::TorchRng;

use crate::positive;

/// Name of the adapter's folder in the output folder.
pub const ADAPTER_FOLDER: &str = "adapter";
/// Name of the folder beside it with the model that it belongs to, if that is nowhere else.
pub const BASE_FOLDER: &str = "base";

#[derive(clap::Args)]
#[command(allow_negative_numbers = true)]
pub struct LoraArgs {
    /// Train small additions of this rank instead of the weights (LoRA); the model is saved with them merged in
    #[arg(long, value_name = "N", value_parser = positive)]
    lora_rank: Option<usize>,
    /// Strength of the additions [default: the rank]
    #[arg(long, value_name = "X", requires = "lora_rank")]
    lora_alpha: Option<f64>,
    /// What the strength is made of: alpha-over-rank, or alpha as in the printed book
    #[arg(long, value_name = "RULE", requires = "lora_rank", default_value = "alpha-over-rank")]
    lora_scale: Scale,
}

impl LoraArgs {
    /// What was asked for, checked; `None` without a rank.
    pub fn settings(&self) -> Result<Option<LoraSettings>> {
        let Some(rank) = self.lora_rank else { return Ok(None) };
        let alpha = self.lora_alpha.unwrap_or(rank as f64);
        let settings = LoraSettings { rank, alpha, scale: self.lora_scale };
        settings.validate()?;
        Ok(Some(settings))
    }
}

/// Freezes the model and gives every linear layer an addition.
pub fn adapt(model: GptModel, settings: &LoraSettings, rng: &mut TorchRng, device: &Device) -> GptModel {
    replace_linear_with_lora(freeze(model), settings, rng, device)
}
