//! Runs that leave the finite numbers. Once a loss or a weight is infinite or not a number (NaN), every further step is
//! lost, and so is a model that is saved.

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Bool, Device, Tensor};
use ch04_gpt::GptModel;
use ch05_pretrain::{AdamW, Evaluation};
use model_files::inspect::{ParameterPath, parameters};

/// How a run has left the finite numbers. Steps count from 0.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Diverged {
    /// In the loss of a step.
    #[error("the loss of step {step} is {loss}")]
    Step {
        /// The step.
        step: usize,
        /// Its loss.
        loss: f32,
    },
    /// In a mean loss of an evaluation.
    #[error("the {part} loss after step {step} is {loss}")]
    Evaluation {
        /// The last step before it.
        step: usize,
        /// `training` or `validation`.
        part: &'static str,
        /// The loss.
        loss: f64,
    },
    /// In the model or the optimizer. The loss can still be finite then: gradients that are not finite spoil the weights
    /// after the loss of their step is computed.
    #[error("after step {step}, {name} holds numbers that are not finite")]
    Values {
        /// The last step.
        step: usize,
        /// The name of a parameter, or of its moment.
        name: String,
    },
}

/// Fails if the loss of a step is not finite.
///
/// # Errors
/// [`Diverged::Step`].
pub fn check_loss(step: usize, loss: f32) -> Result<(), Diverged> {
    if loss.is_finite() { Ok(()) } else { Err(Diverged::Step { step, loss }) }
}

/// Fails if a loss of an evaluation is not finite. A part without batches has no loss.
pub(crate) fn check_evaluation(evaluation: &Evaluation, batches: [usize; 2]) -> Result<(), Diverged> {
    let &Evaluation { step, train_loss, val_loss, .. } = evaluation;
    let parts = [("training", train_loss), ("validation", val_loss)];
    match parts.into_iter().zip(batches).find(|((_, loss), batches)| *batches > 0 && !loss.is_finite()) {
        Some(((part, loss), _)) => Err(Diverged::Evaluation { step, part, loss }),
        None => Ok(()),
    }
}

/// Fails if a parameter of `model` is not finite after `step`.
///
/// # Errors
/// [`Diverged::Values`] with the name of the first.
pub fn check_model(model: &impl Module, step: usize) -> Result<(), Diverged> {
    let mut values = Values::default();
    model.valid().visit(&mut values);
    values.check(step)
}

/// Fails if a parameter of `model` or a moment of `optimizer` is not finite after `step`.
///
/// # Errors
/// As [`check_model`].
pub(crate) fn check_model_and_optimizer(model: &GptModel, optimizer: &AdamW, step: usize) -> Result<(), Diverged> {
    let mut values = Values::default();
    model.valid().visit(&mut values);
    for (parameter, moments) in parameters(model).into_iter().zip(&optimizer.moments) {
        let Some(moments) = moments else { continue };
        values.add(format!("{}.exp_avg", parameter.name), moments.first.clone());
        values.add(format!("{}.exp_avg_sq", parameter.name), moments.second.clone());
    }
    values.check(step)
}

/// Whether tensors are finite. All answers are read from the device at once.
#[derive(Default)]
struct Values {
    path: ParameterPath,
    names: Vec<String>,
    /// `[1]` each.
    finite: Vec<Tensor<1, Bool>>,
}

impl Values {
    fn add<const D: usize>(&mut self, name: String, values: Tensor<D>) {
        self.names.push(name);
        self.finite.push(values.is_finite().all());
    }

    fn check(self, step: usize) -> Result<(), Diverged> {
        if self.finite.is_empty() {
            return Ok(());
        }
        let finite = Tensor::cat(self.finite, 0).into_data(); // [tensors]
        match self.names.into_iter().zip(finite.iter::<bool>()).find(|(_, finite)| !finite) {
            Some((name, _)) => Err(Diverged::Values { step, name }),
            None => Ok(()),
        }
    }
}

impl ModuleVisitor for Values {
    fn enter_module(&mut self, field: &str, _holder: &str) {
        self.path.enter(field);
    }

    fn exit_module(&mut self, _field: &str, _holder: &str) {
        self.path.exit();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.add(self.path.to_string(), param.val());
    }
}

/// The losses of the latest steps. Every loss is checked, but on a GPU several at once: reading one means waiting for it.
pub(crate) struct LossWatch {
    /// The steps with their losses, `[1]` each, that are not read yet.
    unread: Vec<(usize, Tensor<1>)>,
    /// Number of steps that are read together.
    every: usize,
}

impl LossWatch {
    pub(crate) fn new(device: &Device) -> Self {
        // The CPU computes at once, there is nothing to wait for.
        let every = if *device == Device::flex() { 1 } else { 32 };
        Self { unread: Vec::new(), every }
    }

    /// Takes the loss of a step.
    pub(crate) fn add(&mut self, step: usize, loss: &Tensor<1>) -> Result<(), Diverged> {
        self.unread.push((step, loss.clone()));
        if self.unread.len() < self.every { Ok(()) } else { self.check() }
    }

    /// Reads what is not read yet.
    pub(crate) fn check(&mut self) -> Result<(), Diverged> {
        let (steps, losses): (Vec<usize>, Vec<Tensor<1>>) = std::mem::take(&mut self.unread).into_iter().unzip();
        if losses.is_empty() {
            return Ok(());
        }
        let losses = Tensor::cat(losses, 0).into_data(); // [steps]
        steps.into_iter().zip(losses.iter::<f32>()).try_for_each(|(step, loss)| check_loss(step, loss))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losses_that_are_read_together_name_the_first_bad_step() {
        let loss = |loss: f32| Tensor::<1>::from_floats([loss], &Device::flex());
        let mut watch = LossWatch { unread: Vec::new(), every: 3 };
        for (step, finite) in [(0, 4.0), (1, 3.5), (2, 3.0), (3, 2.5)] {
            assert_eq!(watch.add(step, &loss(finite)), Ok(()));
        }
        assert_eq!(watch.add(4, &loss(f32::INFINITY)), Ok(()), "not read yet");
        let infinite = Diverged::Step { step: 4, loss: f32::INFINITY };
        assert_eq!(watch.add(5, &loss(f32::NAN)), Err(infinite.clone()));
        assert_eq!(infinite.to_string(), "the loss of step 4 is inf");
        assert_eq!(watch.check(), Ok(()), "nothing is left");
        let mut on_the_cpu = LossWatch::new(&Device::flex().autodiff());
        assert_eq!(on_the_cpu.add(7, &loss(f32::NAN)).unwrap_err().to_string(), "the loss of step 7 is NaN");
    }

    #[test]
    fn a_part_without_batches_has_no_loss_to_check() {
        let evaluation = |train_loss, val_loss| Evaluation { epoch: 1, step: 20, seen: 80, train_loss, val_loss };
        assert_eq!(check_evaluation(&evaluation(4.0, f64::NAN), [3, 0]), Ok(()));
        let of = |evaluation| check_evaluation(&evaluation, [3, 3]).unwrap_err().to_string();
        assert_eq!(of(evaluation(4.0, f64::NAN)), "the validation loss after step 20 is NaN");
        assert_eq!(of(evaluation(f64::INFINITY, 4.0)), "the training loss after step 20 is inf");
    }
}
