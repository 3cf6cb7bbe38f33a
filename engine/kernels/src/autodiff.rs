//! Helpers for hand-written gradients.

use burn::backend::Flex;
use burn_autodiff::NodeId;
use burn_autodiff::grads::Gradients;
use burn_autodiff::ops::Ops;
use burn_flex::FlexTensor;

use crate::tensor::dense;

/// The gradient of an operation's output, contiguous, to be read or overwritten.
pub fn incoming<S, const N: usize>(gradients: &mut Gradients, ops: &Ops<S, N>) -> FlexTensor {
    dense(gradients.consume::<Flex>(&ops.node))
}

/// The nodes of an operation's inputs; `None` for an input that needs no gradient.
pub fn inputs<S, const N: usize>(ops: &Ops<S, N>) -> [Option<NodeId>; N] {
    ops.parents.each_ref().map(|parent| parent.as_ref().map(|node| node.id))
}

/// Adds a gradient to the input's gradient, if the input needs one.
pub fn register(gradients: &mut Gradients, input: Option<NodeId>, gradient: impl FnOnce() -> FlexTensor) {
    if let Some(input) = input {
        gradients.register::<Flex>(input, gradient());
    }
}
