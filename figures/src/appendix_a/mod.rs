//! The figures of appendix A.

use burn::tensor::Tensor;

use crate::Figure;

mod batches;
mod devices;
mod graph;
mod network;
mod plane;
mod points;
mod slope;
mod strides;
mod tensors;
mod training;

/// All of them, in the order of the pages.
pub fn figures() -> Vec<Figure> {
    vec![
        tensors::zero_to_three(),
        strides::two_walks(),
        graph::forward_pass(),
        slope::loss_over_weight(),
        graph::backward_pass(),
        network::sizes_and_parameters(),
        batches::three_epochs(),
        training::cycle(),
        plane::before_and_after(),
        devices::one_batch(),
    ]
}

/// The numbers of a tensor, row by row.
fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().iter().collect()
}

/// The number in a tensor of one.
fn number(tensor: Tensor<1>) -> f64 {
    tensor.into_scalar()
}
