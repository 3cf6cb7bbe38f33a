//! Saving and loading weights (section 5.4).
//!
//! The weights alone are enough to generate text. To train on, the optimizer's moments are needed too: without them
//! AdamW starts again with steps that are too large.
//!
//! | the book | here |
//! |---|---|
//! | `torch.save(model.state_dict(), "model.pth")` | [`save_weights`] |
//! | `model.load_state_dict(torch.load("model.pth"))` | [`load_weights`] |
//! | `torch.save({"model_state_dict": ..., "optimizer_state_dict": ...}, ...)` | [`save_model_and_optimizer`] |
//! | the same, loaded | [`load_model_and_optimizer`] |
//!
//! burn keeps the parameters of a module in a file (`.bpk`) under the names of its fields. What is not a parameter is
//! not in the file: the sizes come from the configuration, from which you make the model to load into.

use std::path::Path;

use burn::module::{Module, ModuleVisitor, Param, ParamId};
use burn::store::RecordError;
use burn::tensor::{Int, Tensor};
use ch04_gpt::GptModel;

use crate::AdamW;
use crate::adamw::Moments;

/// Writes the weights into a file.
///
/// # Errors
/// If the file cannot be written.
pub fn save_weights(path: &Path, model: &GptModel) -> Result<(), RecordError> {
    model.clone().save_file(path)
}

/// Gives `model`, a new one of the same sizes, the weights in a file.
///
/// # Errors
/// If the file cannot be read, or its tensors are not those of `model`.
pub fn load_weights(path: &Path, model: GptModel) -> Result<GptModel, RecordError> {
    model.try_load_file(path)
}

/// Writes the weights and the state of the optimizer into one file, so that training can go on.
///
/// # Errors
/// If the file cannot be written.
pub fn save_model_and_optimizer(path: &Path, model: &GptModel, optimizer: &AdamW) -> Result<(), RecordError> {
    ModelAndOptimizer::new(model.clone(), optimizer).save_file(path)
}

/// Gives `model` and `optimizer`, new ones of the same settings, the weights and the state in a file.
///
/// # Errors
/// If the file cannot be read, or its tensors are not those of `model`.
pub fn load_model_and_optimizer(
    path: &Path,
    model: GptModel,
    mut optimizer: AdamW,
) -> Result<(GptModel, AdamW), RecordError> {
    let saved = ModelAndOptimizer::new(model, &optimizer).try_load_file(path)?;
    let mut steps = saved.steps.val().into_data().iter::<u32>().collect::<Vec<_>>().into_iter();
    optimizer.steps = steps.next().unwrap_or(0);
    optimizer.moments = steps
        .zip(saved.exp_avg.iter().zip(&saved.exp_avg_sq))
        .map(|(steps, (m, v))| (steps > 0).then(|| Moments { steps, first: m.val(), second: v.val() }))
        .collect();
    Ok((saved.model, optimizer))
}

/// What is in the file: a module of everything that is a tensor. The names are PyTorch's.
#[derive(Module, Debug)]
struct ModelAndOptimizer {
    model: GptModel,
    /// The first moment of every parameter, m; zeros if it has not had a gradient.
    exp_avg: Vec<Param<Tensor<1>>>,
    /// The second, v.
    exp_avg_sq: Vec<Param<Tensor<1>>>,
    /// Steps of the optimizer, then those of every parameter.
    steps: Param<Tensor<1, Int>>,
}

impl ModelAndOptimizer {
    fn new(model: GptModel, optimizer: &AdamW) -> Self {
        let mut sizes = Sizes(Vec::new());
        model.visit(&mut sizes);
        let device = model.tok_emb.weight.lazy_device().inner(); // moments need no gradients
        let (mut exp_avg, mut exp_avg_sq, mut steps) = (Vec::new(), Vec::new(), vec![optimizer.steps]);
        for (i, &size) in sizes.0.iter().enumerate() {
            let zeros =
                || Moments { steps: 0, first: Tensor::zeros([size], &device), second: Tensor::zeros([size], &device) };
            let moments = optimizer.moments.get(i).cloned().flatten().unwrap_or_else(zeros);
            exp_avg.push(Param::from_tensor(moments.first));
            exp_avg_sq.push(Param::from_tensor(moments.second));
            steps.push(moments.steps);
        }
        let steps = Param::initialized(ParamId::new(), Tensor::from_data(steps.as_slice(), &device));
        Self { model, exp_avg, exp_avg_sq, steps }
    }
}

/// The number of values of every parameter, in the order of the model's fields.
struct Sizes(Vec<usize>);

impl ModuleVisitor for Sizes {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.0.push(param.lazy_shape().num_elements());
    }
}
