//! The sentence that the whole chapter computes with: six tokens, each a vector of three numbers (section 3.3.1).
//!
//! Real embeddings have hundreds of columns. Three are enough to follow every number by hand.

use burn::tensor::{Device, Tensor};

/// The words of the sentence, in order.
pub const TOKENS: [&str; 6] = ["Your", "journey", "starts", "with", "one", "step"];

/// The embeddings of the six tokens, `[6, 3]`.
pub fn inputs(device: &Device) -> Tensor<2> {
    Tensor::from_floats(
        [
            [0.43, 0.15, 0.89], // Your
            [0.55, 0.87, 0.66], // journey
            [0.57, 0.85, 0.64], // starts
            [0.22, 0.58, 0.33], // with
            [0.77, 0.25, 0.10], // one
            [0.05, 0.80, 0.55], // step
        ],
        device,
    )
}

/// Two copies of the sentence, as a data loader would return them, `[2, 6, 3]` (section 3.5.3).
pub fn batch(device: &Device) -> Tensor<3> {
    let inputs = inputs(device);
    Tensor::stack(vec![inputs.clone(), inputs], 0)
}
