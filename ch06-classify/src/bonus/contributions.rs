//! What each token contributed to the decision of a classifier: gradient × input.
//!
//! The classifier chooses the class with the larger logit. How much larger it is depends on the vectors of the tokens. If the
//! vector of one token were a little longer, the difference would change by the gradient times that vector:
//!
//! ```text
//! d    = z_chosen - z_other                 the difference between the two logits
//! cᵢ   = Σⱼ eᵢⱼ · ∂d/∂eᵢⱼ                    eᵢ is the vector of token i
//! ```
//!
//! A token with a positive number speaks for the chosen class, one with a negative number against it. Were the classifier
//! linear in the vectors, and without a bias, the numbers would sum up to the difference; it is not, so they say what a small
//! change would do, and no more. The vector of the position takes no part: it is not the token's.
//!
//! Shrikumar et al., "Not just a black box: learning important features through propagating activation differences", 2016
//! (arXiv:1605.01713); for the words of a text Denil et al., "Extraction of salient sentences from labelled documents", 2014
//! (arXiv:1412.6815).

use burn::tensor::Tensor;

/// What [`contributions`] returns.
#[derive(Clone, Debug)]
pub struct Contributions {
    /// The logits, `[batch, classes]`.
    pub logits: Tensor<2>,
    /// What each token contributed to the class with the largest logit, `[batch, tokens]`.
    pub per_token: Tensor<2>,
}

/// Gradient × input of the vectors of the tokens.
///
/// The parameters of the classifier should record no gradients: none of theirs is needed.
///
/// # Shapes
/// - `vectors`: those of the tokens, `[batch, tokens, emb_dim]`, on a device that records no gradients;
/// - `classify`: the classifier from there on, with a result `[batch, 2]`. Rows must not depend on each other.
///
/// # Panics
/// If the classifier does not look at the vectors.
pub fn contributions(vectors: Tensor<3>, classify: impl FnOnce(Tensor<3>) -> Tensor<2>) -> Contributions {
    let tracked = Tensor::from_inner(vectors.clone()).require_grad();
    let logits = classify(tracked.clone()); // [batch, 2]
    let chosen = logits.clone().detach().argmax(1); // [batch, 1]
    let other = chosen.clone().equal_scalar(0).int(); // [batch, 1]
    let difference = logits.clone().gather(1, chosen) - logits.clone().gather(1, other); // [batch, 1]
    let gradients = difference.sum().backward();
    let gradient = tracked.grad(&gradients).expect("the logits depend on the vectors");
    let per_token = (gradient * vectors).sum_dim(2).squeeze_dim(2); // [batch, tokens]
    Contributions { logits: logits.inner(), per_token }
}
