//! The parameters of a model, and its loss on a text.

use std::fmt;

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Device, Int, Tensor, TensorData};
use ch05_pretrain::perplexity;
use shared::{LanguageModel, Mode, cross_entropy};

/// A parameter of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Fields on the way to it, for example `trf_blocks.0.att.w_query.weight`.
    pub name: String,
    /// Its shape in burn's layout.
    pub shape: Vec<usize>,
}

impl Parameter {
    /// Number of values.
    pub fn num_values(&self) -> usize {
        self.shape.iter().product()
    }
}

/// All parameters of a model, in the order of its fields.
pub fn parameters(model: &impl Module) -> Vec<Parameter> {
    let mut list = ListParameters::default();
    model.visit(&mut list);
    list.found
}

/// Where a visitor or mapper is in a module: the fields on the way. Displayed as `trf_blocks.0.att.w_query.weight`.
#[derive(Clone, Debug, Default)]
pub struct ParameterPath(Vec<String>);

impl ParameterPath {
    /// For `enter_module`.
    pub fn enter(&mut self, field: &str) {
        self.0.push(field.to_string());
    }

    /// For `exit_module`.
    pub fn exit(&mut self) {
        self.0.pop();
    }
}

impl fmt::Display for ParameterPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("."))
    }
}

#[derive(Default)]
struct ListParameters {
    path: ParameterPath,
    found: Vec<Parameter>,
}

impl ModuleVisitor for ListParameters {
    fn enter_module(&mut self, field: &str, _holder: &str) {
        self.path.enter(field);
    }

    fn exit_module(&mut self, _field: &str, _holder: &str) {
        self.path.exit();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let shape = param.lazy_shape().iter().copied().collect();
        self.found.push(Parameter { name: self.path.to_string(), shape });
    }
}

/// How well a model predicts a text.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct TextLoss {
    /// Mean of -log p(token) over all predicted tokens.
    pub loss: f64,
    /// exp(loss).
    pub perplexity: f64,
    /// Number of predicted tokens: all but the first.
    pub tokens: usize,
}

/// Measures the loss on a text of at least two tokens. The model sees windows of `window` tokens that do not overlap;
/// the last one may be shorter. Every window but the first begins with the last token of the one before,
/// so that each token but the first is predicted exactly once.
///
/// `progress` is called with the loss of every window.
///
/// # Panics
/// If there are fewer than two ids, one is not in the model's vocabulary, or `window` is 0 or longer than the model's context.
pub fn text_loss(
    model: &impl LanguageModel,
    ids: &[u32],
    window: usize,
    device: &Device,
    mut progress: impl FnMut(f64),
) -> TextLoss {
    assert!(ids.len() >= 2, "a prediction needs at least two tokens");
    let model = model.valid();
    let device = device.clone().inner();
    let row = |ids: &[u32]| -> Vec<i64> { ids.iter().map(|&id| i64::from(id)).collect() };
    let mut total = 0.0;
    for from in (0..ids.len() - 1).step_by(window) {
        let to = (from + window).min(ids.len() - 1);
        let n = to - from;
        let inputs = Tensor::<2, Int>::from_data(TensorData::new(row(&ids[from..to]), [1, n]), &device);
        let targets = Tensor::<1, Int>::from_data(TensorData::new(row(&ids[from + 1..to + 1]), [n]), &device);
        let logits = model.forward(inputs, &mut Mode::Eval); // [1, n, vocab_size]
        let loss: f64 = cross_entropy(logits.flatten(0, 1), targets).into_scalar();
        total += loss * n as f64;
        progress(loss);
    }
    let tokens = ids.len() - 1;
    let loss = total / tokens as f64;
    TextLoss { loss, perplexity: perplexity(loss), tokens }
}

/// Number of windows that [`text_loss`] evaluates.
pub fn text_loss_windows(tokens: usize, window: usize) -> usize {
    tokens.saturating_sub(1).div_ceil(window)
}

#[cfg(test)]
mod tests {
    use ch04_gpt::GptModel;
    use shared::GptConfig;
    use shared::init::torch_init;
    use shared::rng::TorchRng;

    use super::*;

    fn model() -> GptModel {
        let config = GptConfig {
            vocab_size: 50,
            context_length: 8,
            emb_dim: 8,
            n_heads: 2,
            n_layers: 1,
            drop_rate: 0.0,
            qkv_bias: false,
        };
        torch_init(GptModel::new(&config, &Device::flex()), &mut TorchRng::new(123))
    }

    /// Token by token, with the context that each window gives it.
    #[test]
    fn every_token_but_the_first_counts_once() {
        let (model, device) = (model(), Device::flex());
        let ids: Vec<u32> = (0..20).map(|i| (7 * i) % 50).collect();
        let mut windows = 0;
        let found = text_loss(&model, &ids, 8, &device, |_| windows += 1);
        assert_eq!((found.tokens, windows), (19, text_loss_windows(20, 8)));

        let mut total = 0.0;
        for target in 1..20 {
            let from = (target - 1) / 8 * 8;
            let row: Vec<i64> = ids[from..target].iter().map(|&id| i64::from(id)).collect();
            let n = row.len();
            let inputs = Tensor::<2, Int>::from_data(TensorData::new(row, [1, n]), &device);
            let last = model.forward(inputs, &mut Mode::Eval).slice([0..1, n - 1..n]).flatten::<2>(0, 1);
            let log = burn::tensor::activation::log_softmax(last, 1).into_data();
            total -= log.iter::<f64>().nth(ids[target] as usize).unwrap();
        }
        assert!((found.loss - total / 19.0).abs() < 1e-5, "{} {}", found.loss, total / 19.0);
        assert!((found.perplexity - found.loss.exp()).abs() < 1e-9);
    }

    #[test]
    fn the_parameters_are_listed_with_their_shapes() {
        let list = parameters(&model());
        assert_eq!(list[0], Parameter { name: "tok_emb.weight".into(), shape: vec![50, 8] });
        assert_eq!(list.last().unwrap().name, "out_head.weight");
        assert_eq!(list.iter().map(Parameter::num_values).sum::<usize>(), model().num_params());
    }
}
