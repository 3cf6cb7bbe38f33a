//! One token through the model, computed by all threads of the pool together.
//!
//! The work is divided so that the threads need few barriers. Every thread owns some of the heads: it computes their attention
//! and multiplies the context vectors with the rows of the output projection that belong to these heads. The result is one
//! summand of the block's output; the threads exchange their summands and add them up. The feed-forward network is divided
//! in the same way: columns of the first matrix, the same rows of the second one (Shoeybi et al., Megatron-LM, 2019, divided
//! it among GPUs like this).
//!
//! In a row-major matrix, some columns of every row are short pieces of memory, which the processor cannot prefetch well. So
//! weights in 32 bits are always divided by rows, which costs two more barriers per block ([`GptState::project`]).

use std::ops::Range;

use super::attention::{Span, attend};
use super::partial_sums::SumSet;
use super::state::{GptState, TokenTask, WorkerState, lock};
use super::thread_pool::Worker;
use super::weights::{BlockWeights, Norm, Projection};
use crate::{gelu, layer_norm};

/// Columns whose 16-bit numbers fill one cache line, and 32-bit numbers two: a thread's part begins at a multiple of this.
const CACHE_LINE: usize = 32;

impl GptState {
    /// One worker's part of a token. Afterwards, each worker's state holds its part of the logits.
    pub fn compute_token(&self, worker: &Worker) {
        let state = &mut *lock(&self.workers[worker.index]);
        let weights = &*self.weights;
        let (first_block, position) = match *lock(&self.task) {
            TokenTask::Token(id, position) => {
                weights.embed(id, position, &mut state.x);
                (0, position)
            }
            TokenTask::LastBlock(position) => (weights.blocks.len() - 1, position),
        };
        for (index, block) in weights.blocks.iter().enumerate().skip(first_block) {
            self.attention(block, index, position, state, worker);
            self.feed_forward(block, state, worker);
        }

        norm(&weights.final_norm, &state.x, &mut state.normed);
        let columns = worker.share(weights.head.weight.cols(), CACHE_LINE);
        project_columns(&weights.head, &state.normed, columns, &mut state.logits);
    }

    /// `x += attention(norm1(x))`.
    fn attention(&self, block: &BlockWeights, index: usize, position: usize, state: &mut WorkerState, worker: &Worker) {
        let head_dim = self.weights.head_dim();
        let columns = state.heads.start * head_dim..state.heads.end * head_dim;
        norm(&block.norm1, &state.x, &mut state.normed);

        let projections = [&block.query, &block.key, &block.value];
        self.project(projections, &state.normed, columns.clone(), &mut state.projected, worker);
        let [queries, keys, values] = &state.projected;
        let cache = &mut state.cache[index];
        for (kept, new) in [(&mut cache.keys, keys), (&mut cache.values, values)] {
            for (kept, new) in kept.iter_mut().zip(new.chunks_exact(head_dim)) {
                kept.truncate(position * head_dim);
                kept.extend_from_slice(new);
            }
        }

        let factor = Span::all(head_dim).factor;
        state.context.resize(columns.len(), 0.0);
        state.scores.resize(position + 1, 0.0);
        let vectors = queries.chunks_exact(head_dim).zip(state.context.chunks_exact_mut(head_dim));
        for ((query, context), (keys, values)) in vectors.zip(cache.keys.iter().zip(&cache.values)) {
            attend(query, keys, values, factor, &mut state.scores, context);
        }
        self.add_rows(&block.out, &state.context, columns, &mut state.x, SumSet::Attention, worker);
    }

    /// `x += feed_forward(norm2(x))`.
    fn feed_forward(&self, block: &BlockWeights, state: &mut WorkerState, worker: &Worker) {
        norm(&block.norm2, &state.x, &mut state.normed);
        let own = worker.share(block.expand.weight.cols(), CACHE_LINE);
        self.project([&block.expand], &state.normed, own.clone(), &mut state.hidden, worker);
        let [hidden] = &mut state.hidden;
        gelu::overwrite(hidden);
        self.add_rows(&block.contract, hidden, own, &mut state.x, SumSet::FeedForward, worker);
    }

    /// `y = x W + b` for some columns of each matrix; all matrices have the same number of columns.
    ///
    /// If they are row-major, every worker multiplies some values of `x` with their rows, and then takes its columns from the
    /// sum over all workers.
    fn project<const N: usize>(
        &self,
        projections: [&Projection; N],
        x: &[f32],
        columns: Range<usize>,
        y: &mut [Vec<f32>; N],
        worker: &Worker,
    ) {
        if !projections[0].weight.is_full() {
            for (projection, y) in projections.into_iter().zip(y) {
                project_columns(projection, x, columns.clone(), y);
            }
            return;
        }
        let rows = worker.share(x.len(), CACHE_LINE);
        let matrices = projections.map(|projection| &projection.weight);
        self.sums.exchange(SumSet::Input, &matrices, &x[rows.clone()], rows, worker);
        for (index, (projection, y)) in projections.iter().zip(y).enumerate() {
            start_with_bias(projection, columns.clone(), y);
            self.sums.add_to(SumSet::Input, index * projection.weight.cols() + columns.start, y);
        }
    }

    /// `x += y W + b`, where every worker has the values of `y` for some rows of `W`.
    fn add_rows(
        &self,
        projection: &Projection,
        y: &[f32],
        rows: Range<usize>,
        x: &mut [f32],
        set: SumSet,
        worker: &Worker,
    ) {
        self.sums.exchange(set, &[&projection.weight], y, rows, worker);
        self.sums.add_to(set, 0, x);
        if let Some(bias) = &projection.bias {
            x.iter_mut().zip(bias).for_each(|(x, b)| *x += b);
        }
    }
}

/// `y = x W + b` for some columns of `W`.
fn project_columns(projection: &Projection, x: &[f32], columns: Range<usize>, y: &mut Vec<f32>) {
    start_with_bias(projection, columns.clone(), y);
    projection.weight.add_product(x, 0..x.len(), columns, y);
}

/// `y = b`, or 0 without a bias.
fn start_with_bias(projection: &Projection, columns: Range<usize>, y: &mut Vec<f32>) {
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
