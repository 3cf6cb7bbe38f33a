//! First values of the parameters, drawn as PyTorch draws them.
//!
//! A model is put together from lazy layers, as burn makes them: they hold no values until these are read.
//! [`torch_init`] then walks over the model and draws every value from a [`TorchRng`], in the order of the fields. The
//! fields of this workspace's modules stand in the order in which the book's classes create their layers, so the same
//! seed gives the same weights.

use burn::module::{Module, ModuleMapper, Param};
use burn::nn::{Embedding, EmbeddingConfig};
use burn::tensor::{Device, Tensor, TensorData};

use crate::Linear;
use crate::rng::TorchRng;

/// Draws all values of `module` from `rng`, layer by layer in the order of its fields:
///
/// - `burn::nn::Embedding`: standard normal;
/// - [`Linear`] and `burn::nn::Linear`: weight, then bias, both uniform in ±1/√d_in. PyTorch keeps the weight as
///   `[d_out, d_in]` and draws it in that order; burn keeps the transpose;
/// - norms (any type whose name ends in `Norm`): nothing is drawn, they keep their ones and zeros.
///
/// # Panics
/// If there are other parameters, with their names: values that are not drawn from `rng` would not be reproducible. A
/// module that starts with values of its own draws them in its constructor.
pub fn torch_init<M: Module>(module: M, rng: &mut TorchRng) -> M {
    let mut init = TorchInit { rng, fields: Vec::new(), bound: 0.0, unknown: Vec::new() };
    let module = module.map(&mut init);
    let unknown = init.unknown;
    assert!(
        unknown.is_empty(),
        "torch_init has no rule for the parameters {}: draw them from the generator in the constructor",
        unknown.join(", ")
    );
    module
}

/// `torch.nn.Linear(d_in, d_out, bias)` with values from `rng`.
pub fn linear(d_in: usize, d_out: usize, bias: bool, rng: &mut TorchRng, device: &Device) -> Linear {
    torch_init(Linear::new(d_in, d_out, bias, device), rng)
}

/// `torch.nn.Embedding(rows, width)` with values from `rng`.
pub fn embedding(rows: usize, width: usize, rng: &mut TorchRng, device: &Device) -> Embedding {
    torch_init(EmbeddingConfig::new(rows, width).init(device), rng)
}

/// `torch.rand(shape)`: uniform in [0, 1).
pub fn rand<const D: usize>(shape: [usize; D], rng: &mut TorchRng, device: &Device) -> Tensor<D> {
    Tensor::from_data(TensorData::new(rng.rand(shape.iter().product()), shape), device)
}

/// `torch.randn(shape)`: standard normal.
pub fn randn<const D: usize>(shape: [usize; D], rng: &mut TorchRng, device: &Device) -> Tensor<D> {
    Tensor::from_data(TensorData::new(rng.randn(shape.iter().product()), shape), device)
}

struct TorchInit<'a> {
    rng: &'a mut TorchRng,
    /// The fields on the way to the current parameter, each with the type that holds it, e.g. `weight` and
    /// `Struct:Linear`.
    fields: Vec<[String; 2]>,
    /// 1/√d_in of the linear layer whose weight came last; its bias has the same bound.
    bound: f32,
    /// Names of the parameters that no rule covers.
    unknown: Vec<String>,
}

impl ModuleMapper for TorchInit<'_> {
    fn enter_module(&mut self, field: &str, holder: &str) {
        self.fields.push([field.to_string(), holder.to_string()]);
    }

    fn exit_module(&mut self, _field: &str, _holder: &str) {
        self.fields.pop();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let (id, shape, device) = (param.id, param.lazy_shape(), param.lazy_device());
        let n = shape.num_elements();
        let [field, holder] = self.fields.last().map_or(["", ""], |last| last.each_ref().map(String::as_str));
        let values = match (holder, field) {
            ("Struct:Linear", "weight") => {
                let (d_in, d_out) = (shape[0], shape[1]);
                self.bound = (1.0 / (d_in as f64).sqrt()) as f32;
                transpose(&self.rng.uniform(n, -self.bound, self.bound), d_out, d_in)
            }
            ("Struct:Linear", "bias") => self.rng.uniform(n, -self.bound, self.bound),
            ("Struct:Embedding", "weight") => self.rng.randn(n),
            (norm, _) if norm.ends_with("Norm") => return param,
            _ => {
                let path: Vec<&str> = self.fields.iter().map(|[field, _]| field.as_str()).collect();
                self.unknown.push(path.join("."));
                return param;
            }
        };
        param.transform_for_load(Tensor::from_data(TensorData::new(values, shape), &device), id)
    }
}

/// The transpose of a row-major `rows` x `cols` matrix, tile by tile so that reads and writes stay in the cache.
pub fn transpose(matrix: &[f32], rows: usize, cols: usize) -> Vec<f32> {
    const TILE: usize = 32;
    let mut out = vec![0.0; matrix.len()];
    for row0 in (0..rows).step_by(TILE) {
        for col0 in (0..cols).step_by(TILE) {
            for row in row0..(row0 + TILE).min(rows) {
                for col in col0..(col0 + TILE).min(cols) {
                    out[col * rows + row] = matrix[row * cols + col];
                }
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use burn::nn::LayerNormConfig;

    use super::*;

    #[derive(Module, Debug)]
    struct Part {
        layer: Linear,
        norm: burn::nn::LayerNorm,
        temperature: Param<Tensor<1>>,
    }

    #[derive(Module, Debug)]
    struct Whole {
        parts: Vec<Part>,
        mixture: Param<Tensor<2>>,
    }

    #[test]
    #[should_panic(expected = "no rule for the parameters parts.0.temperature, mixture:")]
    fn parameters_without_a_rule_are_refused_by_name() {
        let device = Device::flex();
        let part = Part {
            layer: Linear::new(2, 3, true, &device),
            norm: LayerNormConfig::new(3).init(&device),
            temperature: Param::from_data([1.0], &device),
        };
        let mixture = Param::from_tensor(Tensor::ones([2, 2], &device));
        torch_init(Whole { parts: vec![part], mixture }, &mut TorchRng::new(123));
    }

    #[test]
    fn transpose_of_an_odd_shape() {
        let (rows, cols) = (37, 65);
        let matrix: Vec<f32> = (0..rows * cols).map(|i| i as f32).collect();
        let turned = transpose(&matrix, rows, cols);
        assert!((0..rows).all(|r| (0..cols).all(|c| turned[c * rows + r] == matrix[r * cols + c])));
    }
}
