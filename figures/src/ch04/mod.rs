//! The figures of chapter 4.

use burn::tensor::Tensor;
use shared::GptConfig;

use crate::Figure;

mod areas;
mod block;
mod cache;
mod costs;
mod experts;
mod feed_forward;
mod gelu;
mod gradients;
mod inside;
mod latent;
mod memory;
mod norm;
mod overview;
mod paths;
mod shapes;
mod sharing;
mod skeleton;
mod steps;
mod tower;
mod windows;

/// All of them, in the order of the pages.
pub fn figures() -> Vec<Figure> {
    vec![
        overview::road_map(),
        overview::parts(),
        skeleton::skeleton(),
        norm::before_and_after(),
        norm::rows_and_columns(),
        gelu::values_and_slopes(),
        feed_forward::feed_forward(),
        paths::four_paths(),
        gradients::gradients(),
        block::block(),
        tower::tower(),
        areas::areas(),
        steps::one_step(),
        steps::six_steps(),
        costs::arithmetic(),
        costs::memory(),
        cache::cache(),
        sharing::sharing(),
        latent::latent(),
        windows::windows(),
        experts::experts(),
        memory::memory(),
        inside::four_heads(),
        inside::lens(),
    ]
}

/// The sizes of GPT-2 small.
fn gpt2_small() -> GptConfig {
    GptConfig::preset("124M").expect("it is one of the presets")
}

/// The rows of a matrix.
fn rows(matrix: Tensor<2>) -> Vec<Vec<f32>> {
    let [_, columns] = matrix.dims();
    values(matrix).chunks(columns).map(<[f32]>::to_vec).collect()
}

/// The numbers of a tensor, row by row.
fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().iter().collect()
}
