//! Causal attention of all heads.
//!
//! ```text
//! S = Q Kᵀ / √head_dim,  P = softmax(S) below the diagonal,  A = P f with the factors f of dropout,  O = A V
//!
//! dV = Aᵀ dO        dP = (dO Vᵀ) f        dS = P (dP - rows of dO · O)        dQ = dS K / √head_dim        dK = dSᵀ Q / √head_dim
//! ```
//!
//! The heads are not copied: they stay columns of the projections' results, `[batch, tokens, heads * head_dim]`. The queries
//! of a head are processed in bands of 64, and a band uses only the keys up to its last query, so about half of the scores
//! are never computed; with a window, those before it are not computed either. Several heads of queries can share one head of
//! keys and values, whose gradients are then the sums over these heads. The attention weights exist for one band at a time. The backward pass computes them again from the
//! logarithm of each row's sum, which is all that the forward pass saves (Dao et al., "FlashAttention", 2022, without its
//! tiling over keys: a band of scores fits into the cache of a CPU).

mod heads;

use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, Flex, backend_extension};
use burn::tensor::Tensor;
use burn_autodiff::checkpoint::base::Checkpointer;
use burn_autodiff::checkpoint::strategy::CheckpointStrategy;
use burn_autodiff::grads::Gradients;
use burn_autodiff::ops::{Backward, Ops, OpsKind};
use burn_flex::FlexTensor;

use crate::Mask;
use crate::autodiff::{incoming, inputs, register};
use crate::tensor::values;
use heads::Attention;

/// How the columns of queries, keys and values are divided into heads, and what a query sees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Heads {
    /// Heads of queries.
    pub queries: usize,
    /// Heads of keys and values, a divisor of `queries`: neighbouring heads of queries share one.
    pub keys: usize,
    /// What scores are multiplied with before softmax.
    pub factor: f32,
    /// Maximum number of tokens that a query sees, its own included; all before it without this.
    pub window: Option<usize>,
}

/// The context vectors of causal attention with `heads` heads: column `h * head_dim + i` belongs to head `h`.
///
/// # Shapes
/// - `queries`, `keys`, `values`: `[batch, tokens, heads * head_dim]`; the result has the same;
/// - `mask`: dropout mask of the attention weights, `[batch, heads, tokens, tokens]`.
///
/// # Panics
/// If the shapes or the mask do not fit, or the tensors are not 32-bit numbers on the CPU.
pub fn causal_attention(
    queries: Tensor<3>,
    keys: Tensor<3>,
    values: Tensor<3>,
    heads: usize,
    mask: Option<Mask>,
) -> Tensor<3> {
    let [_, _, width] = queries.dims();
    assert!(heads > 0 && width.is_multiple_of(heads), "{width} columns for {heads} heads");
    let factor = 1.0 / ((width / heads) as f32).sqrt();
    attention(queries, keys, values, Heads { queries: heads, keys: heads, factor, window: None }, mask)
}

/// The context vectors of causal attention whose heads share keys and values: column `h * head_dim + i` belongs to head `h`
/// of the queries.
///
/// # Shapes
/// - `queries`: `[batch, tokens, heads.queries * head_dim]`; the result has the same;
/// - `keys`, `values`: `[batch, tokens, heads.keys * head_dim]`.
///
/// # Panics
/// If the shapes or the heads do not fit, the window is 0, or the tensors are not 32-bit numbers on the CPU.
pub fn shared_attention(queries: Tensor<3>, keys: Tensor<3>, values: Tensor<3>, heads: Heads) -> Tensor<3> {
    attention(queries, keys, values, heads, None)
}

fn attention(queries: Tensor<3>, keys: Tensor<3>, values: Tensor<3>, heads: Heads, mask: Option<Mask>) -> Tensor<3> {
    let (queries, keys, values) = (queries.into_dispatch(), keys.into_dispatch(), values.into_dispatch());
    Tensor::from_dispatch(Dispatch::attend(queries, keys, values, heads, mask))
}

/// The operation for burn's dispatch.
#[backend_extension(Flex, Autodiff)]
trait AttentionOps: Backend {
    fn attend(
        queries: FloatTensor<Self>,
        keys: FloatTensor<Self>,
        values: FloatTensor<Self>,
        heads: Heads,
        mask: Option<Mask>,
    ) -> FloatTensor<Self>;
}

impl AttentionOps for Flex {
    fn attend(
        queries: FlexTensor,
        keys: FlexTensor,
        values: FlexTensor,
        heads: Heads,
        mask: Option<Mask>,
    ) -> FlexTensor {
        Attention::new([queries, keys, values], heads, mask).forward().0
    }
}

impl<C: CheckpointStrategy> AttentionOps for Autodiff<Flex, C> {
    fn attend(
        queries: FloatTensor<Self>,
        keys: FloatTensor<Self>,
        values: FloatTensor<Self>,
        heads: Heads,
        mask: Option<Mask>,
    ) -> FloatTensor<Self> {
        let ((queries, q_node), (keys, k_node)) = (queries.into_parts(), keys.into_parts());
        let (values, v_node) = values.into_parts();
        let attention = Attention::new([queries, keys, values], heads, mask);
        let (context, log_sums) = attention.forward();
        match AttentionGradient.prepare::<C>([q_node, k_node, v_node]).compute_bound().stateful() {
            OpsKind::Tracked(prep) => prep.finish(Saved { attention, context: context.clone(), log_sums }, context),
            OpsKind::UnTracked(prep) => prep.finish(context),
        }
    }
}

/// What the backward pass needs.
#[derive(Clone, Debug)]
struct Saved {
    attention: Attention,
    context: FlexTensor,
    /// The logarithm of the sum of `e^score` for each query, `[batch, heads, tokens]`.
    log_sums: Vec<f32>,
}

/// The backward pass.
#[derive(Debug)]
struct AttentionGradient;

impl Backward<Flex, 3> for AttentionGradient {
    type State = Saved;

    fn backward(self, ops: Ops<Self::State, 3>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let dcontext = incoming(gradients, &ops);
        let inputs = inputs(&ops);
        let Saved { attention, context, log_sums } = ops.state;
        let all = attention.backward(values(&context), &log_sums, values(&dcontext));
        for (input, gradient) in inputs.into_iter().zip(all) {
            register(gradients, input, || gradient);
        }
    }
}

#[cfg(test)]
mod tests;
