//! Many tokens at once: products of two matrices instead of a vector and a matrix.

use rayon::prelude::*;

use super::attention::{Span, attend_many};
use super::state::WorkerState;
use super::token::norm;
use super::weights::{BlockWeights, Norm, Projection, Weights};
use crate::gelu;

/// What is wanted of some tokens besides their keys and values. The last block computes no more than that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Nothing: more tokens follow.
    Nothing,
    /// The vector of the last token before the last block, `[emb_dim]`, for its logits. Its key and value in that block are
    /// computed with the rest of the block.
    Last,
    /// The vectors of all tokens after the final norm, `[tokens, emb_dim]`.
    All,
}

/// Reads some tokens. The workers' caches hold the keys and values of the first `kept` tokens of the text in a place; those of
/// the new ones are added. Returns what is wanted of them.
///
/// # Panics
/// If the tokens do not fit into the context.
pub fn prompt(
    weights: &Weights,
    ids: &[u32],
    kept: usize,
    place: usize,
    workers: &mut [&mut WorkerState],
    wanted: Wanted,
) -> Vec<f32> {
    let width = weights.emb_dim();
    let mut x = vec![0.0; ids.len() * width];
    for (i, (x, &id)) in x.chunks_exact_mut(width).zip(ids).enumerate() {
        weights.embed(id, kept + i, x);
    }
    let mut normed = vec![0.0; x.len()];
    let whole = weights.blocks.len() - usize::from(wanted != Wanted::All);
    for (index, block) in weights.blocks[..whole].iter().enumerate() {
        norm_rows(&block.norm1, &x, &mut normed);
        extend_cache(weights, block, (place, index), kept, &normed, workers);
        let context = attention(weights, block, (place, index), kept, &normed, workers);
        add_projected(&block.out, &context, &mut x);
        norm_rows(&block.norm2, &x, &mut normed);
        let mut hidden = project(&block.expand, &normed);
        hidden.par_chunks_mut(block.expand.weight.cols()).for_each(gelu::overwrite);
        add_projected(&block.contract, &hidden, &mut x);
    }
    let Some(last) = weights.blocks.get(whole) else {
        norm_rows(&weights.final_norm, &x, &mut normed);
        return normed;
    };
    let found = x.split_off(if wanted == Wanted::Last { x.len() - width } else { x.len() });
    normed.truncate(x.len());
    norm_rows(&last.norm1, &x, &mut normed);
    extend_cache(weights, last, (place, whole), kept, &normed, workers);
    found
}

/// Adds the keys and values of the new tokens to those of the first `kept`.
fn extend_cache(
    weights: &Weights,
    block: &BlockWeights,
    (place, index): (usize, usize),
    kept: usize,
    normed: &[f32],
    workers: &mut [&mut WorkerState],
) {
    let (width, head_dim) = (weights.emb_dim(), weights.head_dim());
    let (keys, values) = (project(&block.key, normed), project(&block.value, normed));
    workers.par_iter_mut().for_each(|worker| {
        for (head, cache) in worker.heads.clone().zip(&mut worker.caches[place][index]) {
            let rows = keys.chunks_exact(width).zip(values.chunks_exact(width));
            for (position, (key, value)) in (kept..).zip(rows) {
                cache.push_key(position, &key[head * head_dim..][..head_dim]);
                cache.push_value(position, &value[head * head_dim..][..head_dim]);
            }
        }
    });
}

/// The context vectors of the new tokens, `[new, heads * head_dim]`.
fn attention(
    weights: &Weights,
    block: &BlockWeights,
    (place, index): (usize, usize),
    kept: usize,
    normed: &[f32],
    workers: &[&mut WorkerState],
) -> Vec<f32> {
    let (width, head_dim) = (weights.emb_dim(), weights.head_dim());
    let new = normed.len() / width;
    let queries = project(&block.query, normed); // [new, heads * head_dim]
    let caches: Vec<_> = workers.iter().flat_map(|worker| &worker.caches[place][index]).collect();
    let keys: Vec<Vec<f32>> = caches.par_iter().map(|cache| cache.keys_by_token(kept + new, head_dim)).collect();
    let heads: Vec<(&[f32], &[f32])> =
        keys.iter().zip(caches).map(|(keys, cache)| (&keys[..], cache.values())).collect();
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
