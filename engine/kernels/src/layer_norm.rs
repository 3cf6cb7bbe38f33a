//! Layer normalization: `y = scale n + shift` with `n = (x - mean) / std` for every vector, `std = sqrt(variance + eps)`.
//!
//! ```text
//! g  = dy scale
//! dx = (g - mean(g) - n mean(g n)) / std        dscale = sum of dy n        dshift = sum of dy
//! ```

use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, Flex, backend_extension};
use burn::tensor::Tensor;
use burn_autodiff::checkpoint::base::Checkpointer;
use burn_autodiff::checkpoint::strategy::CheckpointStrategy;
use burn_autodiff::grads::Gradients;
use burn_autodiff::ops::{Backward, Ops, OpsKind};
use burn_flex::FlexTensor;
use multiversion::multiversion;
use rayon::prelude::*;

use crate::autodiff::{incoming, inputs, register};
use crate::math::{sum, sum_pairs};
use crate::parts::in_parts_with;
use crate::tensor::{dense, dims, from_vec, values};

/// Vectors that a thread computes at a time. The gradients of scale and shift are summed within these bands first, so their
/// values do not depend on the number of threads.
const BAND: usize = 32;

/// Normalizes every vector to mean 0 and variance 1 (dividing by n), then scales and shifts it.
///
/// # Shapes
/// - `x`: `[..., width]`; `scale`, `shift`: `[width]`;
/// - result: that of `x`.
///
/// # Panics
/// If the shapes do not fit, or the tensors are not 32-bit numbers on the CPU.
pub fn layer_norm<const D: usize>(x: Tensor<D>, scale: Tensor<1>, shift: Tensor<1>, eps: f64) -> Tensor<D> {
    let (x, scale, shift) = (x.into_dispatch(), scale.into_dispatch(), shift.into_dispatch());
    Tensor::from_dispatch(Dispatch::normalize(x, scale, shift, eps as f32))
}

/// The operation for burn's dispatch.
#[backend_extension(Flex, Autodiff)]
trait LayerNormOps: Backend {
    fn normalize(
        x: FloatTensor<Self>,
        scale: FloatTensor<Self>,
        shift: FloatTensor<Self>,
        eps: f32,
    ) -> FloatTensor<Self>;
}

impl LayerNormOps for Flex {
    fn normalize(x: FlexTensor, scale: FlexTensor, shift: FlexTensor, eps: f32) -> FlexTensor {
        forward(&dense(x), &dense(scale), &dense(shift), eps).0
    }
}

impl<C: CheckpointStrategy> LayerNormOps for Autodiff<Flex, C> {
    fn normalize(
        x: FloatTensor<Self>,
        scale: FloatTensor<Self>,
        shift: FloatTensor<Self>,
        eps: f32,
    ) -> FloatTensor<Self> {
        let ((x, x_node), (scale, scale_node)) = (x.into_parts(), scale.into_parts());
        let (shift, shift_node) = shift.into_parts();
        let (x, scale) = (dense(x), dense(scale));
        let (y, moments) = forward(&x, &scale, &dense(shift), eps);
        match LayerNormGradient.prepare::<C>([x_node, scale_node, shift_node]).compute_bound().stateful() {
            OpsKind::Tracked(prep) => prep.finish(Saved { x, scale, moments }, y),
            OpsKind::UnTracked(prep) => prep.finish(y),
        }
    }
}

/// Mean and 1 / std of a vector.
pub(crate) type Moments = [f32; 2];

/// What the backward pass needs.
#[derive(Clone, Debug)]
struct Saved {
    x: FlexTensor,
    scale: FlexTensor,
    moments: Vec<Moments>,
}

/// The backward pass.
#[derive(Debug)]
struct LayerNormGradient;

impl Backward<Flex, 3> for LayerNormGradient {
    type State = Saved;

    fn backward(self, ops: Ops<Self::State, 3>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let mut dy = incoming(gradients, &ops);
        let [x_node, scale_node, shift_node] = inputs(&ops);
        let Saved { x, scale, moments } = ops.state;
        let (x, scale) = (values(&x), values(&scale));
        let width = scale.len();
        let bands: Vec<[Vec<f32>; 2]> = dy
            .storage_mut::<f32>()
            .par_chunks_mut(BAND * width)
            .zip(x.par_chunks(BAND * width))
            .zip(moments.par_chunks(BAND))
            .map(|((dy, x), moments)| {
                let (mut dscale, mut dshift) = (vec![0.0; width], vec![0.0; width]);
                band_backward(x, scale, moments, dy, &mut dscale, &mut dshift);
                [dscale, dshift]
            })
            .collect();
        let total = |part: usize| {
            let mut total = vec![0.0; width];
            for band in &bands {
                total.iter_mut().zip(&band[part]).for_each(|(total, x)| *total += x);
            }
            from_vec(total, &[width])
        };
        register(gradients, scale_node, || total(0));
        register(gradients, shift_node, || total(1));
        register(gradients, x_node, || dy);
    }
}

fn forward(x: &FlexTensor, scale: &FlexTensor, shift: &FlexTensor, eps: f32) -> (FlexTensor, Vec<Moments>) {
    let shape = dims(x);
    let (x, scale, shift) = (values(x), values(scale), values(shift));
    let width = scale.len();
    assert_eq!(shape.last(), Some(&width), "a norm for vectors of width {width}");
    let (band, mut moments) = (BAND * width, vec![[0.0; 2]; x.len() / width]);
    let y = in_parts_with(x.len(), band, (&mut moments, BAND), |i, y, moments| {
        band_forward(&x[i * band..][..y.len()], scale, shift, eps, y, moments);
    });
    (from_vec(y, &shape), moments)
}

/// The normalization of some vectors, and their moments.
#[multiversion(targets = "simd")]
pub(crate) fn band_forward(x: &[f32], scale: &[f32], shift: &[f32], eps: f32, y: &mut [f32], moments: &mut [Moments]) {
    let width = scale.len();
    for ((x, y), moments) in x.chunks_exact(width).zip(y.chunks_exact_mut(width)).zip(moments) {
        let mean = sum(x, |x| x) / width as f32;
        let variance = sum(x, |x| (x - mean) * (x - mean)) / width as f32;
        let inverse = 1.0 / (variance + eps).sqrt();
        for (((y, &x), &scale), &shift) in y.iter_mut().zip(x).zip(scale).zip(shift) {
            *y = (x - mean) * inverse * scale + shift;
        }
        *moments = [mean, inverse];
    }
}

/// Overwrites `dy` with `dx` and adds to the gradients of scale and shift.
#[multiversion(targets = "simd")]
fn band_backward(
    x: &[f32],
    scale: &[f32],
    moments: &[Moments],
    dy: &mut [f32],
    dscale: &mut [f32],
    dshift: &mut [f32],
) {
    let width = scale.len();
    for ((x, dy), &[mean, inverse]) in x.chunks_exact(width).zip(dy.chunks_exact_mut(width)).zip(moments) {
        for i in 0..width {
            dscale[i] += dy[i] * (x[i] - mean) * inverse;
            dshift[i] += dy[i];
            dy[i] *= scale[i];
        }
        let mean_g = sum(dy, |g| g) / width as f32;
        let mean_gn = sum_pairs(dy, x, |g, x| g * (x - mean)) * inverse / width as f32;
        for (g, &x) in dy.iter_mut().zip(x) {
            *g = inverse * (*g - mean_g - (x - mean) * inverse * mean_gn);
        }
    }
}

#[cfg(test)]
mod tests {
    use burn::module::{Param, ParamId};
    use ch04_gpt::LayerNorm;

    use super::*;
    use crate::testing::assert_same;

    /// The layer of chapter 4.
    fn lesson<const D: usize>(x: Tensor<D>, scale: Tensor<1>, shift: Tensor<1>) -> Tensor<D> {
        let [scale, shift] = [scale, shift].map(|values| Param::initialized(ParamId::new(), values));
        LayerNorm { scale, shift, eps: 1e-5 }.forward(x)
    }

    #[test]
    fn values_and_gradients_are_those_of_chapter_4() {
        for (batch, tokens, width) in [(1, 1, 2), (1, 1, 768), (2, 45, 33), (3, 7, 96)] {
            let x = |t: &[Tensor<1>]| t[0].clone().reshape([batch, tokens, width]) + 0.3;
            let sizes = [batch * tokens * width, width, width];
            assert_same(
                &sizes,
                |t| layer_norm(x(t), t[1].clone(), t[2].clone(), 1e-5),
                |t| lesson(x(t), t[1].clone(), t[2].clone()),
            );
        }
    }

    #[test]
    fn a_transposed_input() {
        let x = |t: &[Tensor<1>]| t[0].clone().reshape([20, 70]).swap_dims(0, 1);
        assert_same(
            &[1400, 20, 20],
            |t| layer_norm(x(t), t[1].clone(), t[2].clone(), 1e-5),
            |t| lesson(x(t), t[1].clone(), t[2].clone()),
        );
    }
}
