//! Numbers of tensors as the answer needs them. Conversions are left to burn, whose loops are optimized in every build.

use burn::tensor::{DType, FloatDType, Tensor, TensorData};

use super::LookError;

/// The numbers in 32 bits.
///
/// # Errors
/// If one is not a number.
pub fn in_32_bits<const D: usize>(tensor: Tensor<D>) -> Result<TensorData, LookError> {
    let tensor = tensor.cast(FloatDType::F32);
    check(&tensor)?;
    Ok(tensor.into_data())
}

/// Weights from 0 to 1 as one of 65,536 steps each, in 16 bits: half a step is 8 millionths.
///
/// # Errors
/// If one is not a number.
pub fn in_16_bits<const D: usize>(weights: Tensor<D>) -> Result<TensorData, LookError> {
    let steps = (weights.cast(FloatDType::F32) * f32::from(u16::MAX)).round();
    check(&steps)?;
    steps.into_data().try_cast(DType::U16).map_err(|error| LookError::Failed(error.to_string()))
}

/// The sum of numbers of which one is none is no number.
fn check<const D: usize>(tensor: &Tensor<D>) -> Result<(), LookError> {
    if tensor.clone().sum().into_scalar::<f32>().is_nan() { Err(LookError::NotFinite) } else { Ok(()) }
}

/// The numbers of [`in_32_bits`].
pub fn values(data: &TensorData) -> Result<&[f32], LookError> {
    data.as_slice().map_err(|error| LookError::Failed(error.to_string()))
}
