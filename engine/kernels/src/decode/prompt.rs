//! Many tokens at once: products of two matrices instead of a vector and a matrix.

use rayon::prelude::*;

use super::attention::{Span, attend_many};
use super::state::WorkerState;
use super::token::norm;
use super::weights::{BlockWeights, Norm, Projection, Weights};
use crate::gelu;

/// Reads some tokens, at least two. The workers' caches hold the keys and values of the first `kept` tokens; those of the new
/// ones are added. Returns the vector of the last token before the last block, `[emb_dim]`: only the logits of that token
/// are needed, so the last block computes nothing but a key and a value for the tokens before it.
///
/// # Panics
/// If the tokens do not fit into the context.
pub fn prompt(weights: &Weights, ids: &[u32], kept: usize, workers: &mut [&mut WorkerState]) -> Vec<f32> {
    let width = weights.emb_dim();
    let mut x = vec![0.0; ids.len() * width];
    for (i, (x, &id)) in x.chunks_exact_mut(width).zip(ids).enumerate() {
        weights.embed(id, kept + i, x);
    }
    let mut normed = vec![0.0; x.len()];
    let (last, others) = weights.blocks.split_last().expect("a model has a block");
    for (index, block) in others.iter().enumerate() {
        norm_rows(&block.norm1, &x, &mut normed);
        extend_cache(weights, block, index, kept, &normed, workers);
        let context = attention(weights, block, index, kept, &normed, workers);
        add_projected(&block.out, &context, &mut x);
        norm_rows(&block.norm2, &x, &mut normed);
        let mut hidden = project(&block.expand, &normed);
        hidden.par_chunks_mut(block.expand.weight.cols()).for_each(gelu::overwrite);
        add_projected(&block.contract, &hidden, &mut x);
    }
    let of_last = x.split_off((ids.len() - 1) * width);
    normed.truncate(x.len());
    norm_rows(&last.norm1, &x, &mut normed);
    extend_cache(weights, last, others.len(), kept, &normed, workers);
    of_last
}

/// Adds the keys and values of the new tokens to those of the first `kept`.
fn extend_cache(
    weights: &Weights,
    block: &BlockWeights,
    index: usize,
    kept: usize,
    normed: &[f32],
    workers: &mut [&mut WorkerState],
) {
    let (width, head_dim) = (weights.emb_dim(), weights.head_dim());
    let (keys, values) = (project(&block.key, normed), project(&block.value, normed));
    workers.par_iter_mut().for_each(|worker| {
        let cache = &mut worker.cache[index];
        for (caches, new) in [(&mut cache.keys, &keys), (&mut cache.values, &values)] {
            for (head, cache) in worker.heads.clone().zip(caches) {
                cache.truncate(kept * head_dim);
                for row in new.chunks_exact(width) {
                    cache.extend_from_slice(&row[head * head_dim..][..head_dim]);
                }
            }
        }
    });
}

/// The context vectors of the new tokens, `[new, heads * head_dim]`.
fn attention(
    weights: &Weights,
    block: &BlockWeights,
    index: usize,
    kept: usize,
    normed: &[f32],
    workers: &[&mut WorkerState],
) -> Vec<f32> {
    let (width, head_dim) = (weights.emb_dim(), weights.head_dim());
    let new = normed.len() / width;
    let queries = project(&block.query, normed); // [new, heads * head_dim]
    let caches = workers.iter().map(|worker| &worker.cache[index]);
    let heads = caches.flat_map(|cache| cache.keys.iter().zip(&cache.values));
    let heads: Vec<(&[f32], &[f32])> = heads.map(|(keys, values)| (&keys[..], &values[..])).collect();
    attend_many(&queries, width, &heads, kept, new, Span::all(head_dim))
}

fn norm_rows(with: &Norm, x: &[f32], y: &mut [f32]) {
    let width = with.scale.len();
    y.par_chunks_mut(width).zip(x.par_chunks(width)).for_each(|(y, x)| norm(with, x, y));
}

/// `x W + b` for each row of `x`.
fn project(projection: &Projection, x: &[f32]) -> Vec<f32> {
    let mut y = projection.weight.product(x);
    if let Some(bias) = &projection.bias {
        y.par_chunks_mut(bias.len()).for_each(|y| add(y, bias));
    }
    y
}

/// `y += x W + b` for each row of `x`.
fn add_projected(projection: &Projection, x: &[f32], y: &mut [f32]) {
    let d_out = projection.weight.cols();
    y.par_chunks_mut(d_out).zip(projection.weight.product(x).par_chunks(d_out)).for_each(|(y, projected)| {
        add(y, projected);
        if let Some(bias) = &projection.bias {
            add(y, bias);
        }
    });
}

fn add(y: &mut [f32], x: &[f32]) {
    y.iter_mut().zip(x).for_each(|(y, x)| *y += x);
}
