//! `--weights`: the precision of the weights during generation.

use anyhow::{Result, bail};
use burn::tensor::{Device, FloatDType};
use ch04_gpt::GptModel;
use clap::ValueEnum;
use fast::Generator;
use fast::precision::halve;
use kernels::decode::Precision;

use crate::terminal::tr;

#[derive(clap::Args)]
pub struct WeightsArgs {
    /// Precision of the weights; a lower one is faster, and the text can differ. On the CPU f32, bf16, int8 or
    /// int4; on GPUs f32, and bf16 or f16 where they support it
    #[arg(id = "weights", long = "weights", value_name = "P", value_enum, default_value = "f32")]
    pub precision: WeightPrecision,
}

/// Precision of the weights during generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum WeightPrecision {
    /// 32 bits, as stored
    F32,
    /// 16 bits, with the range of f32
    Bf16,
    /// 16 bits, with a smaller range; for GPUs
    F16,
    /// 8 bits; for the CPU
    Int8,
    /// 4 bits, 8 in the output layer; for the CPU
    Int4,
}

impl WeightPrecision {
    /// The model with such weights, and the precision of the CPU's decoder; `None` on a GPU with weights of 16 bits.
    ///
    /// # Errors
    /// If the device does not support the precision.
    pub fn apply(self, model: GptModel, device: &Device) -> Result<(GptModel, Option<Precision>)> {
        let decoder = match self {
            _ if *device == Device::flex() => self.on_cpu()?,
            Self::F32 => Precision::F32,
            Self::Int8 | Self::Int4 => {
                let name = if self == Self::Int8 { "int8" } else { "int4" };
                bail!(tr!(
                    "--weights {name} is for the CPU; use bf16 or f16, or `--device cpu`",
                    "--weights {name} 用于 CPU；请改用 bf16 或 f16，或用 `--device cpu`"
                ))
            }
            Self::Bf16 => return Ok((halve(model, FloatDType::BF16, device)?, None)),
            Self::F16 => return Ok((halve(model, FloatDType::F16, device)?, None)),
        };
        Ok((fast::accelerate(model), Some(decoder)))
    }

    /// The precision of the CPU's decoder.
    ///
    /// # Errors
    /// If it does not have this one.
    pub fn on_cpu(self) -> Result<Precision> {
        match self {
            Self::F32 => Ok(Precision::F32),
            Self::Bf16 => Ok(Precision::Bf16),
            Self::Int8 => Ok(Precision::Int8),
            Self::Int4 => Ok(Precision::Int4),
            Self::F16 => bail!(tr!(
                "--weights f16 is for GPUs; the CPU supports bf16, int8 and int4",
                "--weights f16 用于 GPU；CPU 支持 bf16、int8 和 int4"
            )),
        }
    }

    /// The generator of a model with such weights.
    ///
    /// # Errors
    /// As [`WeightPrecision::apply`].
    pub fn generator(self, model: GptModel, device: &Device) -> Result<Generator> {
        let (model, decoder) = self.apply(model, device)?;
        Ok(Generator::new(&model, decoder))
    }
}
