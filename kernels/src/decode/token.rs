//! One token through the model, by all threads of a team together.
//!
//! The work is cut so that the threads seldom meet. Every thread owns some of the heads: it attends with them, and
//! multiplies what it found with the rows of the output projection that belong to them. What comes out is one summand of
//! the block's output; the threads exchange their summands and add them up. The feed-forward network is cut in the same
//! way: columns of the first matrix, the same rows of the second (Shoeybi et al., Megatron-LM, 2019, cut over GPUs in this
//! way).
//!
//! Columns of a matrix that lies row after row are short pieces of memory, and the processor cannot read them ahead. So
//! weights of 32 bits are always cut by rows, at the price of two more meetings per block ([`Office::project`]).

use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};

use multiversion::multiversion;

use super::team::Member;
use super::weights::{Block, Norm, Projection, Weights};
use crate::math::{exp, max, sum, sum_pairs};
use crate::{gelu, layer_norm};

/// Columns whose numbers of 16 bits fill a cache line, and those of 32 bits two: no thread's share begins inside of one.
const CACHE_LINE: usize = 32;

/// Keys and values of some heads in one block, `[tokens, head_dim]` for each head, with room for the whole context.
#[derive(Debug)]
pub struct HeadCache {
    pub keys: Vec<Vec<f32>>,
    pub values: Vec<Vec<f32>>,
}

/// What belongs to one thread.
#[derive(Debug)]
pub struct Desk {
    /// The heads that this thread owns.
    pub heads: std::ops::Range<usize>,
    /// Their keys and values, for every block.
    pub cache: Vec<HeadCache>,
    /// The share of the logits, filled by the last step of a token.
    pub logits: Vec<f32>,
    /// The vector of the token, `[emb_dim]`: the same on every desk.
    pub x: Vec<f32>,
    normed: Vec<f32>,
    /// Queries, keys and values of the own heads.
    projected: [Vec<f32>; 3],
    context: Vec<f32>,
    hidden: [Vec<f32>; 1],
    scores: Vec<f32>,
}

/// What the team is to compute next.
#[derive(Clone, Copy, Debug)]
pub enum Task {
    /// A token at a position.
    Token(u32, usize),
    /// The rest of the token at this position, whose vector in front of the last block lies on the desks.
    LastBlock(usize),
}

/// What all threads of a team see.
#[derive(Debug)]
pub struct Office {
    pub weights: std::sync::Arc<Weights>,
    pub task: Mutex<Task>,
    /// A place for each thread; nobody else looks at it while a token is computed.
    pub desks: Vec<Mutex<Desk>>,
    /// The summands that the threads exchange, one of each. There are three sets: one behind the attention, one behind
    /// the feed-forward network, one for what goes into either. While the slower threads still read one, the faster ones
    /// may write the next, but they come back to it after another meeting only.
    summands: [Vec<RwLock<Vec<f32>>>; 3],
}

/// A lock whose holder panicked guards plain numbers: the team reports the panic.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Office {
    /// Room for `threads` threads.
    pub fn new(weights: std::sync::Arc<Weights>, threads: usize) -> Self {
        let emb_dim = weights.emb_dim();
        let desk = |index: usize| {
            let heads = weights.n_heads * index / threads..weights.n_heads * (index + 1) / threads;
            let per_head = weights.context_length() * weights.head_dim();
            let room = || heads.clone().map(|_| Vec::with_capacity(per_head)).collect();
            let cache = || HeadCache { keys: room(), values: room() };
            Mutex::new(Desk {
                cache: weights.blocks.iter().map(|_| cache()).collect(),
                heads,
                logits: Vec::new(),
                x: vec![0.0; emb_dim],
                normed: vec![0.0; emb_dim],
                projected: Default::default(),
                context: Vec::new(),
                hidden: Default::default(),
                scores: Vec::new(),
            })
        };
        let summands = || (0..threads).map(|_| RwLock::new(Vec::new())).collect();
        Self {
            task: Mutex::new(Task::Token(0, 0)),
            desks: (0..threads).map(desk).collect(),
            summands: [summands(), summands(), summands()],
            weights,
        }
    }

    /// One thread's part of a token. The logits lie on the desks afterwards, each share on its own.
    pub fn token(&self, member: &Member) {
        let desk = &mut *lock(&self.desks[member.index]);
        let weights = &*self.weights;
        let (first_block, position) = match *lock(&self.task) {
            Task::Token(id, position) => {
                weights.embed(id, position, &mut desk.x);
                (0, position)
            }
            Task::LastBlock(position) => (weights.blocks.len() - 1, position),
        };
        for (index, block) in weights.blocks.iter().enumerate().skip(first_block) {
            self.attention(block, index, position, desk, member);
            self.feed_forward(block, desk, member);
        }

        norm(&weights.final_norm, &desk.x, &mut desk.normed);
        let columns = member.share(weights.head.weight.cols(), CACHE_LINE);
        project_columns(&weights.head, &desk.normed, columns, &mut desk.logits);
    }

    /// `x += attention(norm1(x))`.
    fn attention(&self, block: &Block, index: usize, position: usize, desk: &mut Desk, member: &Member) {
        let head_dim = self.weights.head_dim();
        let columns = desk.heads.start * head_dim..desk.heads.end * head_dim;
        norm(&block.norm1, &desk.x, &mut desk.normed);

        let projections = [&block.query, &block.key, &block.value];
        self.project(projections, &desk.normed, columns.clone(), &mut desk.projected, member);
        let [queries, keys, values] = &desk.projected;
        let cache = &mut desk.cache[index];
        for (kept, new) in [(&mut cache.keys, keys), (&mut cache.values, values)] {
            for (kept, new) in kept.iter_mut().zip(new.chunks_exact(head_dim)) {
                kept.truncate(position * head_dim);
                kept.extend_from_slice(new);
            }
        }

        desk.context.resize(columns.len(), 0.0);
        desk.scores.resize(position + 1, 0.0);
        let vectors = queries.chunks_exact(head_dim).zip(desk.context.chunks_exact_mut(head_dim));
        for ((query, context), (keys, values)) in vectors.zip(cache.keys.iter().zip(&cache.values)) {
            attend(query, keys, values, &mut desk.scores, context);
        }
        self.add_rows(&block.out, &desk.context, columns, &mut desk.x, 0, member);
    }

    /// `x += feed_forward(norm2(x))`.
    fn feed_forward(&self, block: &Block, desk: &mut Desk, member: &Member) {
        norm(&block.norm2, &desk.x, &mut desk.normed);
        let own = member.share(block.expand.weight.cols(), CACHE_LINE);
        self.project([&block.expand], &desk.normed, own.clone(), &mut desk.hidden, member);
        let [hidden] = &mut desk.hidden;
        gelu::overwrite(hidden);
        self.add_rows(&block.contract, hidden, own, &mut desk.x, 1, member);
    }

    /// `y = x W + b` for some columns of each matrix; all are of one width.
    ///
    /// If they lie row after row, every thread multiplies some values of `x` with their rows, and then takes its columns
    /// out of the sum of what all have found.
    fn project<const N: usize>(
        &self,
        projections: [&Projection; N],
        x: &[f32],
        columns: std::ops::Range<usize>,
        y: &mut [Vec<f32>; N],
        member: &Member,
    ) {
        if !projections[0].weight.is_full() {
            for (projection, y) in projections.into_iter().zip(y) {
                project_columns(projection, x, columns.clone(), y);
            }
            return;
        }
        let rows = member.share(x.len(), CACHE_LINE);
        self.exchange(2, &projections, &x[rows.clone()], rows, member);
        for (place, (projection, y)) in projections.iter().zip(y).enumerate() {
            start_with_bias(projection, columns.clone(), y);
            self.add_summands(2, place * projection.weight.cols() + columns.start, y);
        }
    }

    /// `x += y W + b`, where every thread has some of the values of `y`.
    fn add_rows(
        &self,
        projection: &Projection,
        y: &[f32],
        rows: std::ops::Range<usize>,
        x: &mut [f32],
        set: usize,
        member: &Member,
    ) {
        self.exchange(set, &[projection], y, rows, member);
        self.add_summands(set, 0, x);
        if let Some(bias) = &projection.bias {
            x.iter_mut().zip(bias).for_each(|(x, b)| *x += b);
        }
    }

    /// Every thread multiplies its values with their rows of each matrix, and shows the others what it has found: one
    /// result behind the other, all of one width.
    fn exchange(
        &self,
        set: usize,
        projections: &[&Projection],
        values: &[f32],
        rows: std::ops::Range<usize>,
        member: &Member,
    ) {
        let width = projections[0].weight.cols();
        {
            let mut own = self.summands[set][member.index].write().unwrap_or_else(PoisonError::into_inner);
            own.clear();
            own.resize(projections.len() * width, 0.0);
            for (projection, own) in projections.iter().zip(own.chunks_exact_mut(width)) {
                projection.weight.add_product(values, rows.clone(), 0..width, own);
            }
        }
        member.barrier();
    }

    /// Adds what all threads have found, from column `first` on. All add in the same order, so that all have the same
    /// sum.
    fn add_summands(&self, set: usize, first: usize, y: &mut [f32]) {
        for summand in &self.summands[set] {
            let summand = summand.read().unwrap_or_else(PoisonError::into_inner);
            y.iter_mut().zip(&summand[first..]).for_each(|(y, s)| *y += s);
        }
    }
}

/// `y = x W + b` for some columns of `W`.
fn project_columns(projection: &Projection, x: &[f32], columns: std::ops::Range<usize>, y: &mut Vec<f32>) {
    start_with_bias(projection, columns.clone(), y);
    projection.weight.add_product(x, 0..x.len(), columns, y);
}

/// `y = b`, or 0 without a bias.
fn start_with_bias(projection: &Projection, columns: std::ops::Range<usize>, y: &mut Vec<f32>) {
    y.clear();
    match &projection.bias {
        Some(bias) => y.extend_from_slice(&bias[columns]),
        None => y.resize(columns.len(), 0.0),
    }
}

/// The layer norm of one vector.
pub fn norm(norm: &Norm, x: &[f32], y: &mut [f32]) {
    layer_norm::band_forward(x, &norm.scale, &norm.shift, norm.eps, y, &mut [[0.0; 2]]);
}

/// What one query finds among the kept keys: `softmax(q K^T / sqrt(head_dim)) V`.
///
/// # Shapes
/// - `query`, `context`: `[head_dim]`; `keys`, `values`: `[tokens, head_dim]`; `scores`: `[tokens]`, for work.
#[multiversion(targets = "simd")]
fn attend(query: &[f32], keys: &[f32], values: &[f32], scores: &mut [f32], context: &mut [f32]) {
    let head_dim = query.len();
    for (score, key) in scores.iter_mut().zip(keys.chunks_exact(head_dim)) {
        *score = sum_pairs(query, key, |q, k| q * k);
    }
    weights(scores, 1.0 / (head_dim as f32).sqrt());
    context.fill(0.0);
    for (weight, value) in scores.iter().zip(values.chunks_exact(head_dim)) {
        context.iter_mut().zip(value).for_each(|(c, v)| *c += weight * v);
    }
}

/// Turns scores into weights that sum to 1: `e^(factor (s - max)) / sum`.
#[inline(always)]
pub fn weights(scores: &mut [f32], factor: f32) {
    let largest = max(scores);
    for score in &mut *scores {
        *score = exp(factor * (*score - largest));
    }
    let scale = 1.0 / sum(scores, |score| score);
    for score in scores {
        *score *= scale;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_sum_to_1_and_keep_ratios() {
        let mut scores = [1.0, 2.0, 4.0];
        weights(&mut scores, 0.5);
        assert!((scores.iter().sum::<f32>() - 1.0).abs() < 1e-6);
        assert!((scores[2] / scores[1] - 1.0f32.exp()).abs() < 1e-5);
    }
}
