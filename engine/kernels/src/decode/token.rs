//! One token of each of some texts through the model, computed by all threads of the pool together.
//!
//! The work is divided so that the threads need few barriers. Every thread owns some of the heads: it computes their attention
//! and multiplies the context vectors with the rows of the output projection that belong to these heads. The result is one
//! summand of the block's output; the threads exchange their summands and add them up. The feed-forward network is divided
//! in the same way: columns of the first matrix, the same rows of the second one (Shoeybi et al., Megatron-LM, 2019, divided
//! it among GPUs like this).
//!
//! In a row-major matrix, some columns of every row are short pieces of memory, which the processor cannot prefetch well. So
//! weights in 32 bits are always divided by rows, which costs two more barriers per block ([`GptState::project`]).
//!
//! Several texts have several vectors. They share the reading of the weights, which is most of the time, and nothing else: each
//! text has its own attention, and all of its numbers are computed as if it were alone.

use std::ops::Range;

use super::attention::Span;
use super::input::Input;
use super::partial_sums::SumSet;
use super::state::{GptState, WorkerState, lock, read};
use super::task::{Task, Token};
use super::thread_pool::Worker;
use super::weights::{BlockWeights, Norm, Projection};
use crate::{gelu, layer_norm};

/// Columns whose 16-bit numbers fill one cache line, and 32-bit numbers two: a thread's part begins at a multiple of this.
const CACHE_LINE: usize = 32;

impl GptState {
    /// One worker's part of a round. Afterwards, each worker's state holds its part of the logits.
    pub fn compute_tokens(&self, worker: &Worker) {
        let state = &mut *lock(&self.workers[worker.index]);
        let weights = &*self.weights;
        let task = &*read(&self.task);
        let Task { tokens, only_last_block, .. } = task;
        let (n, emb_dim) = (tokens.len(), weights.emb_dim());
        if !only_last_block {
            state.x.resize(n * emb_dim, 0.0);
            let rows = state.x.chunks_exact_mut(emb_dim).zip(tokens);
            rows.for_each(|(x, token)| weights.embed(token.id, token.position, x));
        }
        state.normed.resize(n * emb_dim, 0.0);
        let first_block = if *only_last_block { weights.blocks.len() - 1 } else { 0 };
        for (index, block) in weights.blocks.iter().enumerate().skip(first_block) {
            self.attention(block, index, tokens, state, worker);
            self.feed_forward(block, n, state, worker);
        }

        let columns = worker.share(weights.head.weight.cols(), CACHE_LINE);
        let x = task.for_logits(&state.x, emb_dim);
        let (n, normed) = (task.logits_of.len(), &mut state.normed[..x.len()]);
        norm(&weights.final_norm, &x, normed);
        let input = Input::new(&weights.head.weight, n, normed, emb_dim, 0..emb_dim);
        project_columns(&weights.head, &input, columns, &mut state.logits);
    }

    /// `x += attention(norm1(x))`.
    fn attention(
        &self,
        block: &BlockWeights,
        index: usize,
        tokens: &[Token],
        state: &mut WorkerState,
        worker: &Worker,
    ) {
        let head_dim = self.weights.head_dim();
        let columns = state.heads.start * head_dim..state.heads.end * head_dim;
        norm(&block.norm1, &state.x, &mut state.normed);

        let projections = [&block.query, &block.key, &block.value];
        self.project(projections, tokens.len(), &state.normed, columns.clone(), &mut state.projected, worker);
        let [queries, keys, values] = &state.projected;
        state.context.resize(queries.len(), 0.0);
        for (row, &Token { place, position, .. }) in tokens.iter().enumerate() {
            let own = row * columns.len()..(row + 1) * columns.len();
            let vectors = [queries, keys, values].map(|vectors| vectors[own.clone()].chunks_exact(head_dim));
            let [queries, keys, values] = vectors;
            let heads = state.caches[place][index].iter_mut().zip(state.context[own].chunks_exact_mut(head_dim));
            for ((head, context), ((query, key), value)) in heads.zip(queries.zip(keys).zip(values)) {
                head.push_key(position, key);
                head.push_value(position, value);
                head.attend(query, position, Span::all(head_dim), head_dim, &mut state.scores, context);
            }
        }
        let input = Input::new(&block.out.weight, tokens.len(), &state.context, columns.len(), columns);
        self.add_rows(&block.out, &input, &mut state.x, SumSet::Attention, worker);
    }

    /// `x += feed_forward(norm2(x))`.
    fn feed_forward(&self, block: &BlockWeights, n: usize, state: &mut WorkerState, worker: &Worker) {
        norm(&block.norm2, &state.x, &mut state.normed);
        let own = worker.share(block.expand.weight.cols(), CACHE_LINE);
        self.project([&block.expand], n, &state.normed, own.clone(), &mut state.hidden, worker);
        let [hidden] = &mut state.hidden;
        gelu::overwrite(hidden);
        let input = Input::new(&block.contract.weight, n, hidden, own.len(), own);
        self.add_rows(&block.contract, &input, &mut state.x, SumSet::FeedForward, worker);
    }

    /// `y = x W + b` for `n` vectors and some columns of each matrix; all matrices have the same number of columns.
    ///
    /// If they are row-major, every worker multiplies some numbers of each vector with their rows, and then takes its columns
    /// from the sum over all workers.
    fn project<const N: usize>(
        &self,
        projections: [&Projection; N],
        n: usize,
        x: &[f32],
        columns: Range<usize>,
        y: &mut [Vec<f32>; N],
        worker: &Worker,
    ) {
        let (width, first) = (x.len() / n, &projections[0].weight);
        if !first.is_full() {
            let input = Input::new(first, n, x, width, 0..width);
            for (projection, y) in projections.into_iter().zip(y) {
                project_columns(projection, &input, columns.clone(), y);
            }
            return;
        }
        let rows = worker.share(width, CACHE_LINE);
        let matrices = projections.map(|projection| &projection.weight);
        let input = Input::new(first, n, &x[rows.start..], width, rows);
        self.sums.exchange(SumSet::Input, &matrices, &input, worker);
        for (index, (projection, y)) in projections.iter().zip(y).enumerate() {
            start_with_bias(projection, n, columns.clone(), y);
            let first = index * projection.weight.cols();
            self.sums.add_to(SumSet::Input, first + columns.start..first + columns.end, y, n, columns.len());
        }
    }

    /// `x += y W + b`, where every worker has the numbers of each `y` for some rows of `W`.
    fn add_rows(&self, projection: &Projection, y: &Input, x: &mut [f32], set: SumSet, worker: &Worker) {
        let width = projection.weight.cols();
        self.sums.exchange(set, &[&projection.weight], y, worker);
        self.sums.add_to(set, 0..width, x, y.n, width);
        if let Some(bias) = &projection.bias {
            x.chunks_exact_mut(width).for_each(|x| x.iter_mut().zip(bias).for_each(|(x, b)| *x += b));
        }
    }
}

/// `y = x W + b` for some columns of `W`.
fn project_columns(projection: &Projection, x: &Input, columns: Range<usize>, y: &mut Vec<f32>) {
    start_with_bias(projection, x.n, columns.clone(), y);
    let stride = columns.len();
    projection.weight.add_products(x, columns, y, stride);
}

/// `y = b` in `n` rows, or 0 without a bias.
fn start_with_bias(projection: &Projection, n: usize, columns: Range<usize>, y: &mut Vec<f32>) {
    y.clear();
    match &projection.bias {
        Some(bias) => (0..n).for_each(|_| y.extend_from_slice(&bias[columns.clone()])),
        None => y.resize(n * columns.len(), 0.0),
    }
}

/// The layer norm of some vectors.
pub fn norm(norm: &Norm, x: &[f32], y: &mut [f32]) {
    let width = norm.scale.len();
    for (x, y) in x.chunks_exact(width).zip(y.chunks_exact_mut(width)) {
        layer_norm::band_forward(x, &norm.scale, &norm.shift, norm.eps, y, &mut [[0.0; 2]]);
    }
}
