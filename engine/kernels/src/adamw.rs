//! A step of AdamW, in place and in one pass.
//!
//! ```text
//! m = β₁ m + (1 - β₁) g        v = β₂ v + (1 - β₂) g²
//! w = w (1 - lr · decay) - lr / (1 - β₁ᵗ) · m / (√v / √(1 - β₂ᵗ) + eps)
//! ```
//!
//! With tensor operations, this formula reads each parameter a dozen times and allocates as many buffers, which for a model of
//! 163 million parameters takes a fifth of the training time. Here each number is read once and written once, and the
//! buffers are reused, because nothing else owns them at this point.

use burn::backend::Flex;
use burn::tensor::Tensor;
use burn_flex::FlexTensor;
use multiversion::multiversion;
use rayon::iter::repeat_n;
use rayon::prelude::*;

use crate::tensor::{dense, dims, from_vec, values};

/// Numbers that a thread updates at a time.
const CHUNK: usize = 1 << 16;

/// The settings of one step.
#[derive(Clone, Copy, Debug)]
pub struct AdamWStep {
    /// Learning rate, lr.
    pub learning_rate: f64,
    /// Decay of the first moment, β₁.
    pub beta_1: f64,
    /// Decay of the second moment, β₂.
    pub beta_2: f64,
    /// Added to the denominator, so that it is not zero.
    pub eps: f64,
    /// Weight decay: a step subtracts this share of the weight, times the learning rate.
    pub weight_decay: f64,
    /// Number of this step, t, from 1.
    pub step: u32,
}

impl AdamWStep {
    /// Updates one parameter and its moments, in place; a tensor with another owner is copied first. A parameter without
    /// moments gets zeros. The tensors must not be tracked by autodiff.
    ///
    /// # Shapes
    /// - `weight`, `gradient`: any, both the same; the first result has it too;
    /// - `moments`, and the second result: first and second moment, flat, with as many numbers as the weight.
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
        // Not `vec![0.0; n]`: the system provides those zeros as pages that it maps twice, at the first read and again at the
        // first write.
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
        if weight.len() <= CHUNK {
            // Most parameters are biases and norms: they are updated before another thread would wake up.
            return pass(factors, weight, gradient, first, second);
        }
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

/// The constants of a step: how much of each moment is kept and how much of the gradient is added, then those of the weight.
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
    use burn::module::Param;
    use burn::tensor::{Device, TensorData};
    use ch05_pretrain::AdamW;

    use super::*;
    use crate::testing::{assert_equal_up_to_rounding, numbers};

    const STEP: AdamWStep =
        AdamWStep { learning_rate: 0.01, beta_1: 0.9, beta_2: 0.999, eps: 1e-8, weight_decay: 0.1, step: 1 };

    fn tensor<const D: usize>(shape: [usize; D], seed: u32) -> Tensor<D> {
        let n = shape.iter().product();
        Tensor::from_data(TensorData::new(numbers(n, seed), shape), &Device::flex())
    }

    fn data<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
        tensor.into_data().try_into_vec_as().unwrap()
    }

    /// With the usual eps, and with one that has a visible effect.
    #[test]
    fn three_steps_are_those_of_chapter_5() {
        for eps in [1e-8, 0.1] {
            let mut lesson = AdamW { eps, moments: vec![None], ..AdamW::new(STEP.weight_decay) };
            let mut param = Param::from_tensor(Tensor::from_inner(tensor([17, 59], 1)));
            let (mut weight, mut moments) = (tensor([17, 59], 1), None);
            for step in 1..=3 {
                // The second gradient is a view that is not contiguous.
                let gradient = if step == 2 { tensor([59, 17], 9).swap_dims(0, 1) } else { tensor([17, 59], step + 1) };
                param = lesson.update(0, STEP.learning_rate, param, gradient.clone());
                let (updated, new) = AdamWStep { step, eps, ..STEP }.update(weight, gradient, moments);
                (weight, moments) = (updated, Some(new));
            }
            let ([first, second], expected) = (moments.unwrap(), lesson.moments[0].take().unwrap());
            assert_eq!(first.dims(), [17 * 59]);
            assert_equal_up_to_rounding(&data(weight), &data(param.val().inner()), "weight");
            assert_equal_up_to_rounding(&data(first), &data(expected.first), "first moment");
            assert_equal_up_to_rounding(&data(second), &data(expected.second), "second moment");
        }
    }

    #[test]
    fn buffers_are_reused_unless_they_have_another_owner() {
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
