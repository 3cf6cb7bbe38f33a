//! The optimizer (section 5.2): AdamW as PyTorch computes it.

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Gradients, Tensor};

/// Adam with decoupled weight decay, Loshchilov and Hutter, 2019. For every parameter `w` with gradient `g`, at the
/// `t`-th step that it takes part in:
///
/// ```text
/// w = w (1 - lr · weight_decay)
/// m = β₁ m + (1 - β₁) g
/// v = β₂ v + (1 - β₂) g²
/// w = w - lr / (1 - β₁ᵗ) · m / (√v / √(1 - β₂ᵗ) + eps)
/// ```
///
/// burn has an AdamW too (`burn::optim::AdamW`); a test holds both to the same result. This one keeps its moments where
/// a checkpoint can read them, in the order of the model's parameters.
#[derive(Clone, Debug)]
pub struct AdamW {
    /// Decay of the first moment, β₁.
    pub beta_1: f64,
    /// Decay of the second moment, β₂.
    pub beta_2: f64,
    /// Prevents a division by zero.
    pub eps: f64,
    /// Weight decay: a step takes this share, times the learning rate, of every parameter away.
    pub weight_decay: f64,
    /// Steps so far.
    pub steps: u32,
    /// The moments of every parameter, flat, in the order of the model's fields. Empty before the first step; `None`
    /// for a parameter that has not had a gradient yet.
    pub moments: Vec<Option<Moments>>,
}

/// The moments of one parameter.
#[derive(Clone, Debug)]
pub struct Moments {
    /// Steps that this parameter took part in, t.
    pub steps: u32,
    /// Decaying mean of the gradients, m.
    pub first: Tensor<1>,
    /// Decaying mean of their squares, v.
    pub second: Tensor<1>,
}

impl AdamW {
    /// PyTorch's settings: β₁ 0.9, β₂ 0.999, eps 1e-8.
    pub fn new(weight_decay: f64) -> Self {
        Self { beta_1: 0.9, beta_2: 0.999, eps: 1e-8, weight_decay, steps: 0, moments: Vec::new() }
    }

    /// Updates every parameter that has a gradient.
    ///
    /// The model must have the parameters that it had at the step before, in the same order: moments are matched by
    /// position.
    ///
    /// # Panics
    /// If a parameter has another size than its moments.
    pub fn step<M: Module>(&mut self, learning_rate: f64, model: M, gradients: Gradients) -> M {
        self.steps += 1;
        let mut update = Update { optimizer: self, learning_rate, gradients, next: 0 };
        model.map(&mut update)
    }

    /// The formula, for the parameter whose moments stand at `place`.
    ///
    /// # Panics
    /// If there is no such place, or the moments there have another size.
    pub fn update<const D: usize>(
        &mut self,
        place: usize,
        learning_rate: f64,
        param: Param<Tensor<D>>,
        gradient: Tensor<D>,
    ) -> Param<Tensor<D>> {
        let Self { beta_1, beta_2, eps, weight_decay, ref mut moments, .. } = *self;
        let shape = gradient.dims();
        let gradient: Tensor<1> = gradient.reshape([-1]);
        let old = moments[place].take().unwrap_or_else(|| Moments {
            steps: 0,
            first: gradient.zeros_like(),
            second: gradient.zeros_like(),
        });

        let first = old.first * beta_1 + gradient.clone() * (1.0 - beta_1);
        let second = old.second * beta_2 + gradient.square() * (1.0 - beta_2);
        let steps = old.steps + 1;
        let correction_1 = 1.0 - beta_1.powi(steps as i32);
        let correction_2 = 1.0 - beta_2.powi(steps as i32);
        let denominator = second.clone().sqrt() / correction_2.sqrt() + eps;
        let change = first.clone() / denominator * (learning_rate / correction_1);
        moments[place] = Some(Moments { steps, first, second });

        let kept = 1.0 - learning_rate * weight_decay;
        param.map(|weight| {
            let trained = weight.is_require_grad();
            let updated = weight.inner() * kept - change.reshape(shape);
            Tensor::from_inner(updated).set_require_grad(trained)
        })
    }
}

/// One step, parameter by parameter.
struct Update<'a> {
    optimizer: &'a mut AdamW,
    learning_rate: f64,
    gradients: Gradients,
    next: usize,
}

impl ModuleMapper for Update<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let place = self.next;
        self.next += 1;
        if self.optimizer.moments.len() <= place {
            self.optimizer.moments.push(None);
        }
        match param.val().grad_remove(&mut self.gradients) {
            Some(gradient) => self.optimizer.update(place, self.learning_rate, param, gradient),
            None => param,
        }
    }
}

#[cfg(test)]
mod tests {
    use burn::nn::{Linear, LinearConfig};
    use burn::optim::{AdamWConfig, GradientsParams};
    use burn::tensor::Device;
    use shared::init::torch_init;
    use shared::rng::TorchRng;

    use super::*;

    /// One number that gets these gradients, one after the other, with learning rate 0.1 and decay 0.1; `None` is a
    /// step in which it has none.
    fn train(gradients: &[Option<f64>]) -> f64 {
        let device = Device::flex().autodiff();
        let mut weight: Param<Tensor<1>> = Param::from_data([1.0f32], &device);
        let mut optimizer = AdamW::new(0.1);
        for gradient in gradients {
            let gradients = match gradient {
                Some(gradient) => (weight.val() * *gradient).sum().backward(),
                None => Tensor::<1>::ones([1], &device).require_grad().sum().backward(),
            };
            weight = optimizer.step(0.1, weight, gradients);
        }
        weight.val().into_scalar()
    }

    /// The formula in the documentation of [`AdamW`], in 64 bits.
    fn by_hand(gradients: &[f64]) -> f64 {
        let (mut w, mut m, mut v) = (1.0, 0.0, 0.0);
        for (t, g) in (1..).zip(gradients) {
            w *= 1.0 - 0.1 * 0.1;
            m = 0.9 * m + 0.1 * g;
            v = 0.999 * v + 0.001 * g * g;
            w -= 0.1 * (m / (1.0 - 0.9f64.powi(t))) / ((v / (1.0 - 0.999f64.powi(t))).sqrt() + 1e-8);
        }
        w
    }

    /// Gradients of changing size and sign, so that each of the betas counts; then gradients as small as eps, which
    /// halves the step. 1e-6 is rounding of numbers about 1.
    #[test]
    fn three_steps_by_hand() {
        for gradients in [[2.0, -0.5, 1.0], [1e-8, 1e-8, 1e-8]] {
            let (found, expected) = (train(&gradients.map(Some)), by_hand(&gradients));
            assert!((found - expected).abs() < 1e-6, "{gradients:?}: {found} is not {expected}");
        }
        // With eps = g, each quotient is 1/2; without eps it would be 1.
        let expected = [(); 3].iter().fold(1.0, |w, ()| w * 0.99 - 0.05);
        assert!((by_hand(&[1e-8; 3]) - expected).abs() < 1e-9);
    }

    /// As in PyTorch, a parameter counts its own steps. With the optimizer's count, the first step of this one would be
    /// three fifths of what it is.
    #[test]
    fn a_parameter_that_thaws_late_starts_at_its_first_step() {
        let late = train(&[None, None, None, Some(2.0), Some(-0.5)]);
        assert_eq!(late, train(&[Some(2.0), Some(-0.5)]));
    }

    #[test]
    fn agrees_with_burn_s_adamw() {
        let device = Device::flex().autodiff();
        let make = || torch_init(LinearConfig::new(5, 3).init(&device), &mut TorchRng::new(123));
        let loss = |layer: &Linear| layer.forward(Tensor::<2>::ones([2, 5], &device)).square().sum().backward();
        let (mut ours, mut theirs) = (make(), make());
        let mut our_optimizer = AdamW::new(0.1);
        let mut their_optimizer = AdamWConfig::new().with_epsilon(1e-8).with_weight_decay(0.1).init();
        for _ in 0..5 {
            let gradients = loss(&ours);
            ours = our_optimizer.step(0.01, ours, gradients);
            let gradients = GradientsParams::from_grads(loss(&theirs), &theirs);
            theirs = their_optimizer.step(0.01, theirs, gradients);
        }
        let difference: f32 = (ours.weight.val() - theirs.weight.val()).abs().max().into_scalar();
        assert!(difference < 1e-6, "{difference}");
    }
}
