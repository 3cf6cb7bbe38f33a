//! A step of AdamW, in place and in one pass.
//!
//! ```text
//! m = β₁ m + (1 - β₁) g        v = β₂ v + (1 - β₂) g²
//! w = w (1 - lr · decay) - lr / (1 - β₁ᵗ) · m / (√v / √(1 - β₂ᵗ) + eps)
//! ```
//!
//! Spelled out with tensors, this formula walks over each parameter a dozen times and asks for as many new buffers. For
//! a model of 163 million parameters that is a fifth of the training time. Here each number is read once and written
//! once. The buffers stay the same, because at this moment nobody else holds them.

use burn::backend::Flex;
use burn::tensor::Tensor;
use burn_flex::FlexTensor;
use multiversion::multiversion;
use rayon::iter::repeat_n;
use rayon::prelude::*;

use crate::tensor::{dense, dims, from_vec, values};

/// Numbers for a thread at a time.
const CHUNK: usize = 1 << 16;

/// What a step needs besides the numbers.
#[derive(Clone, Copy, Debug)]
pub struct AdamWStep {
    /// Step width, lr.
    pub learning_rate: f64,
    /// Decay of the first moment, β₁.
    pub beta_1: f64,
    /// Decay of the second moment, β₂.
    pub beta_2: f64,
    /// Keeps the quotient away from a division by zero.
    pub eps: f64,
    /// Share of the weight that a step takes away, times the learning rate.
    pub weight_decay: f64,
    /// Number of this step, t, from 1.
    pub step: u32,
}

impl AdamWStep {
    /// Updates one parameter, `[...]`, and its moments, flat. A parameter without moments gets zeros. The tensors must
    /// not be tracked by autodiff.
    ///
    /// Whatever somebody else still holds is copied first.
    ///
    /// # Panics
    /// If the sizes differ, or the tensors are not 32-bit numbers on the CPU.
    pub fn update<const D: usize>(
        self,
        weight: Tensor<D>,
        gradient: Tensor<D>,
        moments: Option<[Tensor<1>; 2]>,
    ) -> (Tensor<D>, [Tensor<1>; 2]) {
        let (mut weight, gradient) = (flat(weight), flat(gradient));
        let n = values(&gradient).len();
        // Written, not `vec![0.0; n]`: the system gives those zeros as pages that it has to map twice, when they are read
        // and again when they are written.
        let zeros = || from_vec(repeat_n(0.0, n).collect(), &[n]);
        let [mut first, mut second] = moments.map_or_else(|| [zeros(), zeros()], |both| both.map(flat));
        let shape = dims(&weight);
        assert_eq!(shape, dims(&gradient), "the shapes of a weight and its gradient");
        self.apply(weight.storage_mut(), values(&gradient), first.storage_mut(), second.storage_mut());
        (Tensor::from_primitive::<Flex>(weight), [first, second].map(Tensor::from_primitive::<Flex>))
    }

    fn apply(self, weight: &mut [f32], gradient: &[f32], first: &mut [f32], second: &mut [f32]) {
        assert!(
            gradient.len() == first.len() && gradient.len() == second.len(),
            "the sizes of a weight and its moments"
        );
        let Self { learning_rate, beta_1, beta_2, eps, weight_decay, step } = self;
        let (correction_1, correction_2) = (1.0 - beta_1.powi(step as i32), 1.0 - beta_2.powi(step as i32));
        let factors = Factors {
            keep_1: beta_1 as f32,
            take_1: (1.0 - beta_1) as f32,
            keep_2: beta_2 as f32,
            take_2: (1.0 - beta_2) as f32,
            keep: (1.0 - learning_rate * weight_decay) as f32,
            width: (learning_rate / correction_1) as f32,
            root: (1.0 / correction_2.sqrt()) as f32,
            eps: eps as f32,
        };
        weight
            .par_chunks_mut(CHUNK)
            .zip(gradient.par_chunks(CHUNK))
            .zip(first.par_chunks_mut(CHUNK))
            .zip(second.par_chunks_mut(CHUNK))
            .for_each(|(((weight, gradient), first), second)| pass(factors, weight, gradient, first, second));
    }
}

fn flat<const D: usize>(tensor: Tensor<D>) -> FlexTensor {
    dense(tensor.try_into_primitive::<Flex>().expect("a tensor on the CPU that is not tracked"))
}

/// The constants of a step.
#[derive(Clone, Copy)]
struct Factors {
    keep_1: f32,
    take_1: f32,
    keep_2: f32,
    take_2: f32,
    keep: f32,
    width: f32,
    root: f32,
    eps: f32,
}

#[multiversion(targets = "simd")]
fn pass(factors: Factors, weight: &mut [f32], gradient: &[f32], first: &mut [f32], second: &mut [f32]) {
    let Factors { keep_1, take_1, keep_2, take_2, keep, width, root, eps } = factors;
    let moments = first.iter_mut().zip(second);
    for ((w, &g), (m, v)) in weight.iter_mut().zip(gradient).zip(moments) {
        *m = keep_1 * *m + take_1 * g;
        *v = keep_2 * *v + take_2 * (g * g);
        *w = keep * *w - width * *m / (v.sqrt() * root + eps);
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, TensorData};

    use super::*;
    use crate::testing::{assert_close, numbers};

    const STEP: AdamWStep =
        AdamWStep { learning_rate: 0.01, beta_1: 0.9, beta_2: 0.999, eps: 1e-8, weight_decay: 0.1, step: 1 };

    fn tensor<const D: usize>(shape: [usize; D], seed: u32) -> Tensor<D> {
        let n = shape.iter().product();
        Tensor::from_data(TensorData::new(numbers(n, seed), shape), &Device::flex())
    }

    fn data<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
        tensor.into_data().try_into_vec_as().unwrap()
    }

    /// Three steps against the formula in double precision, with the usual eps and with one that cannot be overlooked.
    #[test]
    fn three_steps_of_the_formula() {
        for eps in [1e-8, 0.1] {
            let n = 1003;
            let mut weight = tensor([17, 59], 1);
            let mut moments = None;
            let mut by_hand: Vec<[f64; 3]> = data(weight.clone()).iter().map(|&w| [f64::from(w), 0.0, 0.0]).collect();
            for step in 1..=3 {
                // The second gradient is a view that is not contiguous.
                let gradient = if step == 2 { tensor([59, 17], 9).swap_dims(0, 1) } else { tensor([17, 59], step + 1) };
                let gradients = data(gradient.clone());
                let (updated, new) = AdamWStep { step, eps, ..STEP }.update(weight, gradient, moments);
                (weight, moments) = (updated, Some(new));
                for ([w, m, v], g) in by_hand.iter_mut().zip(gradients) {
                    let g = f64::from(g);
                    *m = 0.9 * *m + 0.1 * g;
                    *v = 0.999 * *v + 0.001 * g * g;
                    let (c1, c2) = (1.0 - 0.9f64.powi(step as i32), 1.0 - 0.999f64.powi(step as i32));
                    *w = *w * (1.0 - 0.01 * 0.1) - 0.01 / c1 * *m / (v.sqrt() / c2.sqrt() + eps);
                }
            }
            let column = |i: usize| by_hand.iter().map(|row| row[i] as f32).collect::<Vec<_>>();
            let [first, second] = moments.unwrap();
            assert_eq!(first.dims(), [n]);
            assert_close(&data(weight), &column(0), "weight");
            assert_close(&data(first), &column(1), "first moment");
            assert_close(&data(second), &column(2), "second moment");
        }
    }

    #[test]
    fn nothing_moves_unless_somebody_else_holds_it() {
        let address = |tensor: &Tensor<1>| {
            let flex = tensor.clone().try_into_primitive::<Flex>().unwrap();
            flex.storage::<f32>().as_ptr() as usize
        };
        let weight = tensor([100], 1);
        let before = address(&weight);
        let (weight, moments) = STEP.update(weight, tensor([100], 2), None);
        assert_eq!(address(&weight), before);
        let of_moments = moments.each_ref().map(address);
        let (weight, moments) = STEP.update(weight, tensor([100], 2), Some(moments));
        assert_eq!((address(&weight), moments.each_ref().map(address)), (before, of_moments));

        let held = weight.clone();
        let values = data(held.clone());
        let (moved, _) = STEP.update(weight, tensor([100], 2), Some(moments));
        assert_ne!(address(&moved), before);
        assert_eq!(data(held), values);
    }
}
