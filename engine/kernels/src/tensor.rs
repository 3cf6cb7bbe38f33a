//! Which tensors the operations take, and conversion between flex's tensors and slices.

use burn::tensor::{Bytes, DType, Device, Shape, Tensor};
use burn_flex::{FlexTensor, Layout};

/// Whether the operations of this crate take `x`: 32-bit numbers on burn's CPU backend, with or without gradients.
pub fn fits<const D: usize>(x: &Tensor<D>) -> bool {
    x.dtype() == DType::F32 && x.device() == Device::flex()
}

/// The same tensor, row-major and contiguous. It consumes its argument, so that a tensor without another owner can be
/// overwritten afterwards.
pub fn dense(tensor: FlexTensor) -> FlexTensor {
    let contiguous = tensor.to_contiguous();
    drop(tensor);
    contiguous
}

/// The values of a [`dense`] tensor.
pub fn values(tensor: &FlexTensor) -> &[f32] {
    tensor.storage()
}

/// The size of each dimension.
pub fn dims(tensor: &FlexTensor) -> Vec<usize> {
    tensor.layout().shape().to_vec()
}

/// The size of the last dimension.
pub fn width(tensor: &FlexTensor) -> usize {
    *dims(tensor).last().expect("a tensor has at least one dimension")
}

/// A tensor with these values.
pub fn from_vec(values: Vec<f32>, dims: &[usize]) -> FlexTensor {
    FlexTensor::new(Bytes::from_elems(values), Layout::contiguous(Shape::from(dims.to_vec())), DType::F32)
}

/// The values of a tensor of integers.
///
/// # Panics
/// If they have neither 32 nor 64 bits.
pub fn integers(tensor: FlexTensor) -> Vec<i64> {
    let tensor = tensor.to_contiguous();
    let kind = tensor.dtype();
    let values = match kind {
        DType::I64 => tensor.as_slice::<i64>().map(<[i64]>::to_vec),
        DType::I32 => tensor.as_slice::<i32>().map(|values| values.iter().map(|&value| i64::from(value)).collect()),
        _ => None,
    };
    values.unwrap_or_else(|| panic!("ids are integers of 32 or 64 bits, not {kind:?}"))
}

#[cfg(test)]
mod tests {
    use burn::tensor::FloatDType;

    use super::*;

    #[test]
    fn only_32_bit_numbers_on_the_cpu_fit() {
        for device in [Device::flex(), Device::flex().autodiff()] {
            let x = Tensor::<2>::ones([2, 3], &device);
            assert!(fits(&x));
            assert!(!fits(&x.cast(FloatDType::BF16)));
        }
    }
}
