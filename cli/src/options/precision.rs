//! How a training step is computed: `--plain` and `--precision`.

use anyhow::Result;
use burn::tensor::{Device, FloatDType};
use ch04_gpt::Forward;
use clap::ValueEnum;
use fast::precision::check_type;
use serde::{Deserialize, Serialize};

#[derive(clap::Args, Clone, Copy, Serialize, Deserialize)]
pub struct PrecisionArgs {
    /// Compute with the book's formulas instead of the fast operations
    #[arg(long)]
    plain: bool,
    /// Precision of the matrix products in linear layers: f32, or mixed precision with bf16 or f16 on GPUs that support it
    #[arg(long, value_name = "P", value_enum, default_value = "f32", conflicts_with = "plain")]
    precision: ProductPrecision,
}

/// Precision of the matrix products in the linear layers during training; the parameters keep 32 bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum ProductPrecision {
    /// 32 bits
    #[default]
    F32,
    /// 16 bits, with the range of 32
    Bf16,
    /// 16 bits, with a small range
    F16,
}

impl PrecisionArgs {
    /// Whether products can leave the range of the numbers sooner than with 32 bits.
    pub fn has_small_range(self) -> bool {
        self.precision == ProductPrecision::F16
    }

    /// The forward pass of the model; `None` for the book's formulas.
    ///
    /// # Errors
    /// If the device does not support the precision.
    pub fn forward(self, device: &Device) -> Result<Option<Forward>> {
        Ok(match self.precision {
            ProductPrecision::F32 if self.plain => None,
            ProductPrecision::F32 => Some(fast::forward),
            ProductPrecision::Bf16 => Some(mixed(FloatDType::BF16, device)?),
            ProductPrecision::F16 => Some(mixed(FloatDType::F16, device)?),
        })
    }
}

fn mixed(half: FloatDType, device: &Device) -> Result<Forward> {
    check_type(half, device)?;
    Ok(fast::mixed(half))
}
