//! Numbers of tensors as the answer needs them. The loops are left to burn and to `fast`, which are optimized in every
//! build.

use burn::tensor::{FloatDType, Tensor, TensorData};
use fast::inside;

use super::LookError;

/// The numbers in 32 bits.
///
/// # Errors
/// If one is infinite or not a number.
pub fn in_32_bits<const D: usize>(tensor: Tensor<D>) -> Result<TensorData, LookError> {
    let tensor = tensor.cast(FloatDType::F32);
    // The sum of numbers of which one is not finite is not, either.
    let sum: f32 = tensor.clone().sum().into_scalar();
    if sum.is_finite() { Ok(tensor.into_data()) } else { Err(LookError::NotFinite) }
}

/// The attention weights of each layer in 16 bits.
///
/// # Errors
/// If one is not a number.
pub fn in_steps(weights: Vec<Tensor<4>>) -> Result<Vec<TensorData>, LookError> {
    weights.into_iter().map(in_16_bits).collect()
}

fn in_16_bits(weights: Tensor<4>) -> Result<TensorData, LookError> {
    let (shape, weights) = (weights.dims(), weights.cast(FloatDType::F32).into_data());
    let steps = inside::in_steps(values(&weights)?).ok_or(LookError::NotFinite)?;
    Ok(TensorData::new(steps, shape))
}

/// The numbers of [`in_32_bits`].
pub fn values(data: &TensorData) -> Result<&[f32], LookError> {
    data.as_slice().map_err(|error| LookError::Failed(error.to_string()))
}
