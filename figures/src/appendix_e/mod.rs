//! The figures of appendix E.

use appendix_lora::linear_weights;
use burn::module::Module;
use burn::tensor::Device;
use ch04_gpt::GptModel;
use shared::{GptConfig, Linear};

use crate::Figure;
use crate::theme::{Paint, Role};
use crate::{Dash, Style};

mod areas;
mod places;
mod ranks;
mod ways;

/// All of them, in the order of the pages.
pub fn figures() -> Vec<Figure> {
    vec![areas::areas(), places::places(), ranks::ranks(), ways::ways()]
}

/// The rank of the book's runs.
const RANK: usize = 16;

/// Of GPT-2 small as a classifier.
struct Sizes {
    /// All parameters.
    parameters: usize,
    /// Inputs and outputs of each linear layer, in the order of the model.
    layers: Vec<[usize; 2]>,
    /// Number of blocks.
    blocks: usize,
}

impl Sizes {
    /// From the shapes of a model whose parameters are never made.
    fn of_the_classifier() -> Self {
        let config = GptConfig::preset("124M").expect("it is one of the presets");
        let config = GptConfig { qkv_bias: true, drop_rate: 0.0, ..config };
        let device = Device::flex();
        let mut model = GptModel::new(&config, &device);
        model.out_head = Linear::new(config.emb_dim, 2, true, &device);
        let layers = linear_weights(&model).into_iter().map(|(_, shape)| shape).collect();
        Self { parameters: model.num_params(), layers, blocks: config.n_layers }
    }

    /// How many numbers A and B of all layers have.
    fn trained(&self, rank: usize) -> usize {
        self.layers.iter().map(|shape| numbers(*shape, rank)).sum()
    }
}

/// How many numbers A and B of a layer have.
fn numbers([inputs, outputs]: [usize; 2], rank: usize) -> usize {
    rank * (inputs + outputs)
}

/// What keeps its values: pale and dashed.
fn frozen() -> Style {
    Style::fill(Paint::Soft(Role::Weight)).outlined(Paint::Strong(Role::Weight)).dash(Dash::Dashed)
}

/// What is trained: strong, with a thick outline.
fn trained() -> Style {
    Style::fill(Paint::Strong(Role::Weight)).outlined(Paint::Strong(Role::Weight)).width(2.5).opacity(0.45)
}
