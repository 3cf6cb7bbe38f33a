//! The options of `classify train` and `instruct train` for LoRA (appendix E).

use anyhow::Result;
use appendix_lora::{LoraSettings, Scale};

use crate::terminal::positive;

#[derive(clap::Args)]
#[command(allow_negative_numbers = true)]
pub struct LoraArgs {
    /// Train low-rank additions of this rank instead of the weights (LoRA); the model is saved with them merged in
    #[arg(long, value_name = "N", value_parser = positive)]
    lora_rank: Option<usize>,
    /// Strength (alpha) of the additions [default: the rank]
    #[arg(long, value_name = "X", requires = "lora_rank")]
    lora_alpha: Option<f64>,
    /// Factor of the additions: alpha-over-rank, or alpha as in the printed book
    #[arg(long, value_name = "RULE", requires = "lora_rank", default_value = "alpha-over-rank")]
    lora_scale: Scale,
}

impl LoraArgs {
    /// The settings, checked; `None` without a rank.
    pub fn settings(&self) -> Result<Option<LoraSettings>> {
        let Some(rank) = self.lora_rank else { return Ok(None) };
        let alpha = self.lora_alpha.unwrap_or(rank as f64);
        let settings = LoraSettings { rank, alpha, scale: self.lora_scale };
        settings.validate()?;
        Ok(Some(settings))
    }
}
