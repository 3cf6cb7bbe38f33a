//! RMSNorm: `y = g n` with `n = x / √(mean(x²) + eps)` for every vector. The factors `g` are the weight, or in Gemma
//! `1 + weight`.
//!
//! ```text
//! h  = dy g
//! dx = (h - n mean(h n)) / √(mean(x²) + eps)        dweight = sum of dy n
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

/// Numbers that a thread computes at a time. The gradient of the weight is summed within these bands first, so its value does
/// not depend on the number of threads.
const BAND: usize = 1 << 14;

/// Divides every vector by the root of the mean of its squares, then scales it by `weight`, or by `1 + weight` if
/// `one_plus`.
///
/// # Shapes
/// - `x`: `[..., width]`; `weight`: `[width]`;
/// - result: that of `x`.
///
/// # Panics
/// If the shapes do not fit, or the tensors are not 32-bit numbers on the CPU.
pub fn rms_norm<const D: usize>(x: Tensor<D>, weight: Tensor<1>, eps: f64, one_plus: bool) -> Tensor<D> {
    let offset = if one_plus { 1.0 } else { 0.0 };
    Tensor::from_dispatch(Dispatch::normalize_rms(x.into_dispatch(), weight.into_dispatch(), eps as f32, offset))
}

/// The operation for burn's dispatch; `offset` is added to the weight.
#[backend_extension(Flex, Autodiff)]
trait RmsNormOps: Backend {
    fn normalize_rms(x: FloatTensor<Self>, weight: FloatTensor<Self>, eps: f32, offset: f32) -> FloatTensor<Self>;
}

impl RmsNormOps for Flex {
    fn normalize_rms(x: FlexTensor, weight: FlexTensor, eps: f32, offset: f32) -> FlexTensor {
        forward(&dense(x), &factors(weight, offset), eps).0
    }
}

impl<C: CheckpointStrategy> RmsNormOps for Autodiff<Flex, C> {
    fn normalize_rms(x: FloatTensor<Self>, weight: FloatTensor<Self>, eps: f32, offset: f32) -> FloatTensor<Self> {
        let ((x, x_node), (weight, weight_node)) = (x.into_parts(), weight.into_parts());
        let (x, factors) = (dense(x), factors(weight, offset));
        let (y, inverses) = forward(&x, &factors, eps);
        match RmsNormGradient.prepare::<C>([x_node, weight_node]).compute_bound().stateful() {
            OpsKind::Tracked(prep) => prep.finish(Saved { x, factors, inverses }, y),
            OpsKind::UnTracked(prep) => prep.finish(y),
        }
    }
}

fn factors(weight: FlexTensor, offset: f32) -> Vec<f32> {
    values(&dense(weight)).iter().map(|weight| weight + offset).collect()
}

/// What the backward pass needs.
#[derive(Clone, Debug)]
struct Saved {
    x: FlexTensor,
    factors: Vec<f32>,
    /// `1 / √(mean(x²) + eps)` of each vector.
    inverses: Vec<f32>,
}

/// The backward pass.
#[derive(Debug)]
struct RmsNormGradient;

impl Backward<Flex, 2> for RmsNormGradient {
    type State = Saved;

    fn backward(self, ops: Ops<Self::State, 2>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let mut dy = incoming(gradients, &ops);
        let [x_node, weight_node] = inputs(&ops);
        let Saved { x, factors, inverses } = ops.state;
        let width = factors.len();
        let rows = rows_of_band(width);
        let bands: Vec<Vec<f32>> = dy
            .storage_mut::<f32>()
            .par_chunks_mut(rows * width)
            .zip(values(&x).par_chunks(rows * width))
            .zip(inverses.par_chunks(rows))
            .map(|((dy, x), inverses)| {
                let mut dweight = vec![0.0; width];
                band_backward(x, &factors, inverses, dy, &mut dweight);
                dweight
            })
            .collect();
        register(gradients, weight_node, || {
            let mut total = vec![0.0; width];
            for band in &bands {
                total.iter_mut().zip(band).for_each(|(total, x)| *total += x);
            }
            from_vec(total, &[width])
        });
        register(gradients, x_node, || dy);
    }
}

fn rows_of_band(width: usize) -> usize {
    (BAND / width).max(1)
}

fn forward(x: &FlexTensor, factors: &[f32], eps: f32) -> (FlexTensor, Vec<f32>) {
    let (shape, width) = (dims(x), factors.len());
    let x = values(x);
    assert_eq!(shape.last(), Some(&width), "a norm for vectors of width {width}");
    let (rows, mut inverses) = (rows_of_band(width), vec![0.0; x.len() / width]);
    let y = in_parts_with(x.len(), rows * width, (&mut inverses, rows), |i, y, inverses| {
        band_forward(&x[i * rows * width..][..y.len()], factors, eps, y, inverses);
    });
    (from_vec(y, &shape), inverses)
}

/// The normalization of some vectors, and the inverses of their roots.
#[multiversion(targets = "simd")]
fn band_forward(x: &[f32], factors: &[f32], eps: f32, y: &mut [f32], inverses: &mut [f32]) {
    let width = factors.len();
    for ((x, y), inverse) in x.chunks_exact(width).zip(y.chunks_exact_mut(width)).zip(inverses) {
        *inverse = 1.0 / (sum(x, |x| x * x) / width as f32 + eps).sqrt();
        for ((y, &x), &factor) in y.iter_mut().zip(x).zip(factors) {
            *y = x * *inverse * factor;
        }
    }
}

/// Overwrites `dy` with `dx` and adds to the gradient of the weight.
#[multiversion(targets = "simd")]
fn band_backward(x: &[f32], factors: &[f32], inverses: &[f32], dy: &mut [f32], dweight: &mut [f32]) {
    let width = factors.len();
    for ((x, dy), &inverse) in x.chunks_exact(width).zip(dy.chunks_exact_mut(width)).zip(inverses) {
        for (((dy, &x), &factor), dweight) in dy.iter_mut().zip(x).zip(factors).zip(dweight.iter_mut()) {
            *dweight += *dy * x * inverse;
            *dy *= factor;
        }
        let mean = sum_pairs(dy, x, |h, x| h * x) * inverse / width as f32;
        for (h, &x) in dy.iter_mut().zip(x) {
            *h = inverse * (*h - x * inverse * mean);
        }
    }
}

#[cfg(test)]
mod tests {
    use bonus_llama::RmsNorm;
    use burn::module::{Param, ParamId};
    use burn::tensor::Device;

    use super::*;
    use crate::testing::assert_same;

    /// The norm of the lesson.
    fn lesson(x: Tensor<3>, weight: Tensor<1>, eps: f64, one_plus: bool) -> Tensor<3> {
        RmsNorm { weight: Param::initialized(ParamId::new(), weight), eps, one_plus }.forward(x)
    }

    #[test]
    fn values_and_gradients_are_those_of_the_lesson() {
        for (batch, tokens, width) in [(1, 1, 2), (1, 1, 576), (2, 45, 33), (3, 700, 16), (2, 3, 20_000)] {
            for (eps, one_plus) in [(1e-5, false), (0.5, true)] {
                let x = |t: &[Tensor<1>]| t[0].clone().reshape([batch, tokens, width]) + 0.3;
                assert_same(
                    &[batch * tokens * width, width],
                    |t| rms_norm(x(t), t[1].clone(), eps, one_plus),
                    |t| lesson(x(t), t[1].clone(), eps, one_plus),
                );
            }
        }
    }

    /// The numbers of the specification, in 64 bits.
    #[test]
    fn both_forms_by_hand() {
        let device = Device::flex();
        let run = |eps, one_plus| -> Vec<f32> {
            let x = Tensor::<1>::from_floats([1.0, -2.0, 3.0, 0.5], &device);
            let weight = Tensor::from_floats([1.0, 0.5, -1.0, 2.0], &device);
            rms_norm(x, weight, eps, one_plus).into_data().try_into_vec_as().unwrap()
        };
        let assert_close = |found: Vec<f32>, expected: [f32; 4]| {
            assert!(found.iter().zip(expected).all(|(f, e)| (f - e).abs() < 1e-6), "{found:?}");
        };
        assert_close(run(1e-5, false), [0.529_812, -0.529_812, -1.589_437, 0.529_812]);
        assert_close(run(1e-5, true), [1.059_624, -1.589_437, 0.0, 0.794_718]);
        assert!((run(0.5, false)[0] - 0.496_139).abs() < 1e-6);
    }
}
