//! Many tokens at once: products of two matrices instead of a vector and a matrix.

use std::sync::RwLock;

use rayon::prelude::*;

use super::rms_norm::RmsNorm;
use super::rope::Rotation;
use super::state::TextCache;
use super::weights::{LlamaBlockWeights, LlamaWeights};
use crate::decode::Matrix;
use crate::decode::attention::attend_many;
use crate::decode::cache::KeysAndValues;
use crate::decode::prompt::Wanted;
use crate::decode::state::{read, write};

/// Reads some tokens. The cache holds the keys and values of the first `kept` tokens; those of the new ones are added. Returns
/// what is wanted of them.
pub fn prompt(weights: &LlamaWeights, cache: &TextCache, ids: &[u32], kept: usize, wanted: Wanted) -> Vec<f32> {
    let width = weights.emb_dim();
    let mut x = vec![0.0; ids.len() * width];
    x.par_chunks_exact_mut(width).zip(ids).for_each(|(x, &id)| weights.embed(id, x));
    let rotations = |frequencies: &Vec<f64>| {
        let positions = (kept..kept + ids.len()).into_par_iter();
        positions.map(|position| Rotation::at(position, frequencies)).collect()
    };
    let rotations: Vec<Vec<Rotation>> = weights.ropes.iter().map(rotations).collect();
    let whole = weights.blocks.len() - usize::from(wanted != Wanted::All);
    for (block, cache) in weights.blocks.iter().zip(cache).take(whole) {
        let projected = Projected::new(weights, block, &x, &rotations[block.rope]);
        projected.extend_cache(weights, cache, kept);
        let context = attention(weights, block, &projected, cache, kept);
        add_branch(&block.out, &context, block.post_attention_norm.as_ref(), &mut x);
        let hidden = hidden(block, &norm_rows(&block.norm2, &x));
        add_branch(&block.down, &hidden, block.post_ff_norm.as_ref(), &mut x);
    }
    let Some(block) = weights.blocks.get(whole) else {
        return norm_rows(&weights.final_norm, &x);
    };
    let found = x.split_off(if wanted == Wanted::Last { x.len() - width } else { x.len() });
    Projected::new(weights, block, &x, &rotations[block.rope]).extend_cache(weights, &cache[whole], kept);
    found
}

/// Queries, keys and values of some tokens: what the matrices of a block give, side by side.
struct Projected {
    /// Rows of each matrix, `[tokens, columns]`, and their number of columns.
    parts: Vec<(Vec<f32>, usize)>,
}

impl Projected {
    fn new(weights: &LlamaWeights, block: &LlamaBlockWeights, x: &[f32], rotations: &[Rotation]) -> Self {
        let normed = norm_rows(&block.norm1, x);
        let mut first = 0;
        let product = |matrix: &Matrix| {
            let (mut rows, cols) = (matrix.product(&normed), matrix.cols());
            rows.par_chunks_mut(cols).zip(rotations).for_each(|(row, rotation)| {
                let heads = row.chunks_exact_mut(weights.head_dim).enumerate();
                heads.for_each(|(head, vector)| weights.finish_head(block, first + head, rotation, vector));
            });
            first += cols / weights.head_dim;
            (rows, cols)
        };
        Self { parts: block.queries_keys_values.iter().map(product).collect() }
    }

    /// The rows from the column on where a head begins, and the number of columns.
    fn head(&self, head: usize, head_dim: usize) -> (&[f32], usize) {
        let mut column = head * head_dim;
        for (rows, cols) in &self.parts {
            match column.checked_sub(*cols) {
                Some(further) => column = further,
                None => return (rows.get(column..).unwrap_or_default(), *cols),
            }
        }
        (&[], 1)
    }

    /// Adds the keys and values to those of the first `kept` tokens.
    fn extend_cache(&self, weights: &LlamaWeights, cache: &[RwLock<KeysAndValues>], kept: usize) {
        let &LlamaWeights { n_heads, n_kv_heads, head_dim, .. } = weights;
        cache.par_iter().enumerate().for_each(|(head, cache)| {
            let mut cache = write(cache);
            let (rows, cols) = self.head(n_heads + head, head_dim);
            let keys = rows.chunks(cols).zip(kept..);
            keys.for_each(|(row, position)| cache.push_key(position, &row[..head_dim]));
            let (rows, cols) = self.head(n_heads + n_kv_heads + head, head_dim);
            let values = rows.chunks(cols).zip(kept..);
            values.for_each(|(row, position)| cache.push_value(position, &row[..head_dim]));
        });
    }
}

/// The context vectors of the new tokens, `[new, n_heads * head_dim]`.
fn attention(
    weights: &LlamaWeights,
    block: &LlamaBlockWeights,
    projected: &Projected,
    cache: &[RwLock<KeysAndValues>],
    kept: usize,
) -> Vec<f32> {
    let head_dim = weights.head_dim;
    let cache: Vec<_> = cache.iter().map(read).collect();
    let tokens = cache[0].values().len() / head_dim;
    let keys: Vec<Vec<f32>> = cache.par_iter().map(|cache| cache.keys_by_token(tokens, head_dim)).collect();
    let of_head = |head: usize| (&keys[head / weights.group()][..], cache[head / weights.group()].values());
    let heads: Vec<(&[f32], &[f32])> = (0..weights.n_heads).map(of_head).collect();
    let (queries, stride) = projected.head(0, head_dim);
    attend_many(queries, stride, &heads, kept, tokens - kept, block.span())
}

/// The hidden layer of the feed-forward network, `[tokens, hidden]`.
fn hidden(block: &LlamaBlockWeights, normed: &[f32]) -> Vec<f32> {
    let (mut gate, up) = (block.gate.product(normed), block.up.product(normed));
    let width = block.gate.cols();
    let rows = gate.par_chunks_mut(width).zip(up.par_chunks(width));
    rows.for_each(|(gate, up)| block.activation.overwrite(gate, up));
    gate
}

fn norm_rows(norm: &RmsNorm, x: &[f32]) -> Vec<f32> {
    let mut normed = x.to_vec();
    normed.par_chunks_mut(norm.scale.len()).for_each(|row| norm.overwrite(row));
    normed
}

/// `x += y W` for each row, after the norm if there is one.
fn add_branch(weight: &Matrix, y: &[f32], norm: Option<&RmsNorm>, x: &mut [f32]) {
    let width = weight.cols();
    x.par_chunks_mut(width).zip(weight.product(y).par_chunks_mut(width)).for_each(|(x, added)| {
        if let Some(norm) = norm {
            norm.overwrite(added);
        }
        x.iter_mut().zip(added).for_each(|(x, added)| *x += *added);
    });
}
