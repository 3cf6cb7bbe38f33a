//! From flex's tensors to slices and back.

use burn::tensor::{Bytes, DType, Shape};
use burn_flex::{FlexTensor, Layout};

/// The same tensor, row-major in a buffer of its own length. Takes its argument, so that a tensor which nobody else
/// holds can be overwritten afterwards.
pub fn dense(tensor: FlexTensor) -> FlexTensor {
    let contiguous = tensor.to_contiguous();
    drop(tensor);
    contiguous
}

/// The values of a [`dense`] tensor.
pub fn values(tensor: &FlexTensor) -> &[f32] {
    tensor.storage()
}

/// The shape.
pub fn dims(tensor: &FlexTensor) -> Vec<usize> {
    tensor.layout().shape().to_vec()
}

/// The width of the last dimension.
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
/// If they are neither of 32 nor of 64 bits.
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
