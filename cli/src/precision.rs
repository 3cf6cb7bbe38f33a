//! `--weights` and `--precision`: numbers with fewer bits, on the CPU and on graphics cards.

use anyhow::{Result, bail};
use appendix_lora::LinearLayers;
use burn::module::Param;
use burn::tensor::{Device, FloatDType, Tensor, TensorData};
use ch04_gpt::GptModel;
use ch05_pretrain::Generator;
use clap::ValueEnum;
use kernels::Kernels;
use kernels::decode::{Matrix, Precision};
use serde::{Deserialize, Serialize};

/// Precision of the products in the linear layers while a model learns; its parameters keep 32 bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProductPrecision {
    /// 32 bits
    #[default]
    F32,
    /// 16 bits, with the range of 32
    Bf16,
    /// 16 bits, with a small range
    F16,
}

impl ProductPrecision {
    /// What computes a model on `device`; `plain` asks for the book's formulas.
    ///
    /// # Errors
    /// If the device has no such numbers.
    pub fn kernels(self, plain: bool, device: &Device) -> Result<Kernels> {
        match self {
            Self::F32 => Ok(if plain { Kernels::Plain } else { Kernels::Fused }),
            Self::Bf16 => mixed(FloatDType::BF16, device),
            Self::F16 => mixed(FloatDType::F16, device),
        }
    }
}

/// Precision of the weights while a model writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum WeightPrecision {
    /// 32 bits, as stored
    F32,
    /// 16 bits, with the range of 32
    Bf16,
    /// 16 bits, with a small range; for graphics cards
    F16,
    /// 8 bits; for the CPU
    Int8,
}

impl WeightPrecision {
    /// The model with such weights, and the precision of the CPU's decoder.
    ///
    /// # Errors
    /// If there is no such precision on `device`.
    pub fn apply(self, model: GptModel, device: &Device) -> Result<(GptModel, Option<Precision>)> {
        let on_cpu = *device == Device::flex();
        let decoder = match self {
            Self::F32 => Precision::F32,
            Self::Bf16 if on_cpu => Precision::Bf16,
            Self::Int8 if on_cpu => Precision::Int8,
            Self::F16 if on_cpu => bail!("--weights f16 is for graphics cards; the CPU has bf16 and int8"),
            Self::Int8 => bail!("--weights int8 is for the CPU; take bf16 or f16, or `--device cpu`"),
            Self::Bf16 => return halve(model, FloatDType::BF16, device),
            Self::F16 => return halve(model, FloatDType::F16, device),
        };
        Ok((model.with_kernels(Kernels::Fused), Some(decoder)))
    }

    /// What writes texts with such weights.
    ///
    /// # Errors
    /// As [`WeightPrecision::apply`].
    pub fn generator(self, model: GptModel, device: &Device) -> Result<Generator> {
        let (model, decoder) = self.apply(model, device)?;
        Ok(Generator::new(&model, decoder))
    }
}

/// Turns the weights of the linear layers into numbers of this type.
fn halve(mut model: GptModel, half: FloatDType, device: &Device) -> Result<(GptModel, Option<Precision>)> {
    let kernels = mixed(half, device)?;
    for (_, layer) in model.linear_layers_mut() {
        layer.weight = layer.weight.clone().map(|weight| weight.cast(half));
    }
    Ok((model.with_kernels(kernels), None))
}

/// The model whose linear weights are what is left of them in `precision`: what the CPU's decoder computes with, for the
/// model's own forward pass.
pub fn rounded(mut model: GptModel, precision: Precision) -> GptModel {
    if precision == Precision::F32 {
        return model;
    }
    for (_, layer) in model.linear_layers_mut() {
        let weight = layer.weight.val();
        let (shape, device) = (weight.dims(), weight.device());
        if let Some(matrix) = Matrix::shared(weight) {
            let values = matrix.in_precision(precision).values().into_owned();
            layer.weight = Param::from_tensor(Tensor::from_data(TensorData::new(values, shape), &device));
        }
    }
    model
}

fn mixed(half: FloatDType, device: &Device) -> Result<Kernels> {
    if !device.supports_dtype(half) {
        let f16_or = if device.supports_dtype(FloatDType::F16) { "f16 or " } else { "" };
        bail!("this device has no numbers of type {half:?}; take {f16_or}f32");
    }
    Ok(Kernels::Mixed(half))
}
