//! A step of chapter 5's optimizer, in place.

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Gradients, Tensor};
use ch05_pretrain::AdamW;
use ch05_pretrain::adamw::Moments;
use kernels::AdamWStep;

/// [`AdamW::step`], in place where the parameters are 32-bit numbers on the CPU. The moments are those of `optimizer`,
/// so a run can switch between the two.
pub fn adamw_step<M: Module>(optimizer: &mut AdamW, learning_rate: f64, model: M, gradients: Gradients) -> M {
    optimizer.steps += 1;
    model.map(&mut FastUpdate { optimizer, learning_rate, gradients, next: 0 })
}

/// One step, parameter by parameter.
struct FastUpdate<'a> {
    optimizer: &'a mut AdamW,
    learning_rate: f64,
    gradients: Gradients,
    next: usize,
}

impl ModuleMapper for FastUpdate<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let place = self.next;
        self.next += 1;
        if self.optimizer.moments.len() <= place {
            self.optimizer.moments.push(None);
        }
        let Some(gradient) = param.val().grad_remove(&mut self.gradients) else { return param };
        if !kernels::fits(&gradient) {
            return self.optimizer.update(place, self.learning_rate, param, gradient);
        }

        let AdamW { beta_1, beta_2, eps, weight_decay, ref mut moments, .. } = *self.optimizer;
        let old = moments[place].take();
        let steps = 1 + old.as_ref().map_or(0, |old| old.steps);
        let step = AdamWStep { learning_rate: self.learning_rate, beta_1, beta_2, eps, weight_decay, step: steps };
        let old = old.map(|Moments { first, second, .. }| [first, second]);
        param.map(|weight| {
            let trained = weight.is_require_grad();
            let (updated, [first, second]) = step.update(weight.inner(), gradient, old);
            moments[place] = Some(Moments { steps, first, second });
            Tensor::from_inner(updated).set_require_grad(trained)
        })
    }
}

#[cfg(test)]
mod tests {
    use burn::nn::{Linear, LinearConfig};
    use burn::tensor::Device;
    use shared::init::torch_init;
    use shared::rng::TorchRng;

    use super::*;

    #[test]
    fn fast_steps_are_the_lesson_s_and_in_place() {
        let device = Device::flex().autodiff();
        let make = || torch_init(LinearConfig::new(40, 30).init(&device), &mut TorchRng::new(123));
        let loss = |layer: &Linear| layer.forward(Tensor::<2>::ones([2, 40], &device)).square().sum().backward();
        let address = |layer: &Linear| {
            let weight = layer.weight.val().inner().try_into_primitive::<burn::backend::Flex>().unwrap();
            weight.bytes().as_ptr()
        };
        let (mut lesson, mut fast) = (make(), make());
        let (mut lesson_optimizer, mut fast_optimizer) = (AdamW::new(0.1), AdamW::new(0.1));
        let before = address(&fast);
        for _ in 0..5 {
            let gradients = loss(&lesson);
            lesson = lesson_optimizer.step(0.01, lesson, gradients);
            let gradients = loss(&fast);
            fast = adamw_step(&mut fast_optimizer, 0.01, fast, gradients);
        }
        assert_eq!(address(&fast), before);
        assert!(fast.weight.val().is_require_grad());
        let difference: f32 = (lesson.weight.val() - fast.weight.val()).abs().max().into_scalar();
        assert!(difference < 1e-6, "{difference}");
    }

    /// As in PyTorch, a parameter counts its own steps.
    #[test]
    fn a_parameter_that_thaws_late_starts_at_its_first_step() {
        let device = Device::flex().autodiff();
        let train = |gradients: &[Option<f64>]| -> f64 {
            let mut weight: Param<Tensor<1>> = Param::from_data([1.0f32], &device);
            let mut optimizer = AdamW::new(0.1);
            for gradient in gradients {
                let gradients = match gradient {
                    Some(gradient) => (weight.val() * *gradient).sum().backward(),
                    None => Tensor::<1>::ones([1], &device).require_grad().sum().backward(),
                };
                weight = adamw_step(&mut optimizer, 0.1, weight, gradients);
            }
            weight.val().into_scalar()
        };
        assert_eq!(train(&[None, None, None, Some(2.0), Some(-0.5)]), train(&[Some(2.0), Some(-0.5)]));
    }
}
