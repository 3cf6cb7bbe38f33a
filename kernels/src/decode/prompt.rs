//! Many tokens at once: matrix products instead of a matrix and a vector.

use multiversion::multiversion;
use rayon::prelude::*;

use super::token::{self, Desk, norm};
use super::weights::{Block, Norm, Projection, Weights};
use crate::gelu;
use crate::product::{Matrix as Strided, product_into};

/// Queries that are handled together. Only keys up to the last of them are looked at.
const QUERIES: usize = 64;

/// The vectors of some tokens behind the last block, `[tokens, emb_dim]`. The desks' caches hold the keys and values of
/// the first `kept` tokens; those of the new ones are added.
///
/// # Panics
/// If the tokens do not fit into the context.
pub fn prompt(weights: &Weights, ids: &[u32], kept: usize, desks: &mut [&mut Desk]) -> Vec<f32> {
    let width = weights.emb_dim();
    let mut x = vec![0.0; ids.len() * width];
    for (i, (x, &id)) in x.chunks_exact_mut(width).zip(ids).enumerate() {
        let (token, place) = (weights.tok_emb.row(id as usize), weights.pos_emb.row(kept + i));
        x.iter_mut().zip(&*token).zip(&*place).for_each(|((x, token), place)| *x = token + place);
    }
    let mut normed = vec![0.0; x.len()];
    for (index, block) in weights.blocks.iter().enumerate() {
        norm_rows(&block.norm1, &x, &mut normed);
        attention(weights, block, index, kept, &normed, &mut x, desks);
        norm_rows(&block.norm2, &x, &mut normed);
        let mut hidden = project(&block.expand, &normed);
        hidden.par_chunks_mut(block.expand.weight.cols()).for_each(gelu::overwrite);
        add_projected(&block.contract, &hidden, &mut x);
    }
    x
}

/// `x += attention(normed)`.
fn attention(
    weights: &Weights,
    block: &Block,
    index: usize,
    kept: usize,
    normed: &[f32],
    x: &mut [f32],
    desks: &mut [&mut Desk],
) {
    let (width, head_dim) = (weights.emb_dim(), weights.head_dim());
    let (new, context_length) = (normed.len() / width, weights.context_length());
    let per_head = context_length * head_dim;
    let queries = project(&block.query, normed); // [new, heads * head_dim]
    for (projection, which) in [(&block.key, 0), (&block.value, 1)] {
        let all = project(projection, normed);
        for desk in &mut *desks {
            let cache = &mut desk.cache[index];
            let cache = if which == 0 { &mut cache.keys } else { &mut cache.values };
            for (head, cache) in desk.heads.clone().zip(cache.chunks_exact_mut(per_head)) {
                let cache = cache[kept * head_dim..].chunks_exact_mut(head_dim);
                for (cache, row) in cache.zip(all.chunks_exact(width)) {
                    cache.copy_from_slice(&row[head * head_dim..][..head_dim]);
                }
            }
        }
    }
    let heads: Vec<(&[f32], &[f32])> = desks
        .iter()
        .flat_map(|desk| {
            let cache = &desk.cache[index];
            cache.keys.chunks_exact(per_head).zip(cache.values.chunks_exact(per_head))
        })
        .collect();

    // By heads, so that every block of queries has its own piece of memory: [heads, new, head_dim].
    let mut by_head = vec![0.0; new * width];
    by_head.par_chunks_mut(new * head_dim).enumerate().for_each(|(head, context)| {
        let (keys, values) = heads[head];
        context.par_chunks_mut(QUERIES * head_dim).enumerate().for_each(|(chunk, context)| {
            let first = chunk * QUERIES;
            let rows = context.len() / head_dim;
            let queries = Strided::strided(&queries[first * width + head * head_dim..], rows, head_dim, width);
            attend(queries, rows, kept + first, keys, values, context);
        });
    });
    let mut context = vec![0.0; new * width];
    context.par_chunks_mut(width).enumerate().for_each(|(i, row)| {
        for (head, part) in row.chunks_exact_mut(head_dim).enumerate() {
            part.copy_from_slice(&by_head[(head * new + i) * head_dim..][..head_dim]);
        }
    });
    add_projected(&block.out, &context, x);
}

/// What `rows` queries find, the first of which stands at position `first`.
///
/// # Shapes
/// - `queries`: `[rows, head_dim]`; `keys`, `values`: `[at least first + rows, head_dim]`; `context`:
///   `[rows, head_dim]`.
fn attend(queries: Strided, rows: usize, first: usize, keys: &[f32], values: &[f32], context: &mut [f32]) {
    let head_dim = context.len() / rows;
    let tokens = first + rows;
    let mut scores = vec![0.0; rows * tokens];
    let keys = Strided::new(keys, tokens, head_dim).transposed();
    product_into(&mut scores, tokens, queries, keys, 1.0, false);
    let factor = 1.0 / (head_dim as f32).sqrt();
    for (i, scores) in scores.chunks_exact_mut(tokens).enumerate() {
        let (seen, hidden) = scores.split_at_mut(first + i + 1);
        softmax(seen, factor);
        hidden.fill(0.0);
    }
    let (weights, values) = (Strided::new(&scores, rows, tokens), Strided::new(values, tokens, head_dim));
    product_into(context, head_dim, weights, values, 1.0, false);
}

#[multiversion(targets = "simd")]
fn softmax(scores: &mut [f32], factor: f32) {
    token::weights(scores, factor);
}

fn norm_rows(with: &Norm, x: &[f32], y: &mut [f32]) {
    let width = with.scale.len();
    y.par_chunks_mut(width).zip(x.par_chunks(width)).for_each(|(y, x)| norm(with, x, y));
}

/// `x W + b`, row by row.
fn project(projection: &Projection, x: &[f32]) -> Vec<f32> {
    let mut y = projection.weight.product(x);
    if let Some(bias) = &projection.bias {
        y.par_chunks_mut(bias.len()).for_each(|y| add(y, bias));
    }
    y
}

/// `y += x W + b`, row by row.
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
