//! One token through the model, computed by all threads of the pool together.

use std::ops::Range;

use super::attention::TOGETHER;
use super::rms_norm::RmsNorm;
use super::rope::Rotation;
use super::state::{LlamaState, LlamaWorker, read, write};
use super::weights::LlamaBlockWeights;
use crate::decode::Matrix;
use crate::decode::partial_sums::SumSet;
use crate::decode::state::{TokenTask, lock};
use crate::decode::thread_pool::Worker;

/// Columns whose 16-bit numbers fill one cache line, and 32-bit numbers two: a thread's part begins at a multiple of this.
const CACHE_LINE: usize = 32;

impl LlamaState {
    /// One worker's part of a token. Afterwards, each worker's state holds its part of the logits.
    pub fn compute_token(&self, worker: &Worker) {
        let state = &mut *lock(&self.workers[worker.index]);
        let weights = &*self.weights;
        let (first_block, position) = match *lock(&self.task) {
            TokenTask::Token(id, position) => {
                weights.embed(id, &mut state.x);
                (0, position)
            }
            TokenTask::LastBlock(position) => (weights.blocks.len() - 1, position),
        };
        state.rotations = weights.ropes.iter().map(|frequencies| Rotation::at(position, frequencies)).collect();
        for (index, block) in weights.blocks.iter().enumerate().skip(first_block) {
            self.attention(block, index, position, state, worker);
            self.feed_forward(block, state, worker);
        }

        weights.final_norm.apply(&state.x, &mut state.normed);
        let own = worker.share(weights.vocab_size(), CACHE_LINE);
        state.logits.clear();
        state.logits.resize(own.len(), 0.0);
        weights.add_logits(&state.normed, own, &mut state.logits);
    }

    /// `x += attention(norm1(x))`, with another norm around the attention where the block has one.
    fn attention(
        &self,
        block: &LlamaBlockWeights,
        index: usize,
        position: usize,
        state: &mut LlamaWorker,
        worker: &Worker,
    ) {
        let weights = &*self.weights;
        let head_dim = weights.head_dim;
        block.norm1.apply(&state.x, &mut state.normed);
        let own = worker.share(weights.n_heads + 2 * weights.n_kv_heads, 1);
        let parts = side_by_side(&block.queries_keys_values, own.start * head_dim..own.end * head_dim);
        self.project(&parts, &state.normed, &mut state.projected, worker);
        for (head, vector) in own.zip(state.projected.chunks_exact_mut(head_dim)) {
            weights.finish_head(block, head, &state.rotations[block.rope], vector);
            self.keep(index, position, head, vector);
        }
        worker.barrier();

        let heads = worker.share(weights.n_heads, 1);
        self.attend(block, index, position, heads.clone(), state);
        let rows = heads.start * head_dim..heads.end * head_dim;
        self.sums.exchange(SumSet::Attention, &[&block.out], &state.context, rows, worker);
        self.add_branch(SumSet::Attention, block.post_attention_norm.as_ref(), state);
    }

    /// The context vectors of some heads, one after the other.
    fn attend(
        &self,
        block: &LlamaBlockWeights,
        index: usize,
        position: usize,
        mut heads: Range<usize>,
        state: &mut LlamaWorker,
    ) {
        let (head_dim, group) = (self.weights.head_dim, self.weights.group());
        let LlamaWorker { queries, scores, context, .. } = state;
        context.clear();
        while !heads.is_empty() {
            // As many as share keys and values, and are computed together.
            let shared = heads.start / group;
            let together = heads.start..heads.end.min((shared + 1) * group).min(heads.start + TOGETHER);
            heads.start = together.end;
            queries.clear();
            together.for_each(|head| queries.extend_from_slice(&read(&self.queries[head])));
            let first = context.len();
            context.resize(first + queries.len(), 0.0);
            let contexts = &mut context[first..];
            read(&self.cache[index][shared]).attend(queries, position, block.span(), head_dim, scores, contexts);
        }
    }

    /// Stores a finished vector of queries, keys or values where the other workers find it.
    fn keep(&self, block: usize, position: usize, head: usize, vector: &[f32]) {
        let (n_heads, n_kv_heads) = (self.weights.n_heads, self.weights.n_kv_heads);
        if let Some(queries) = self.queries.get(head) {
            let mut queries = write(queries);
            queries.clear();
            queries.extend_from_slice(vector);
            return;
        }
        let mut cache = write(&self.cache[block][(head - n_heads) % n_kv_heads]);
        match head < n_heads + n_kv_heads {
            true => cache.push_key(position, vector),
            false => cache.push_value(position, vector),
        }
    }

    /// `x += feed_forward(norm2(x))`, with another norm around the network where the block has one.
    fn feed_forward(&self, block: &LlamaBlockWeights, state: &mut LlamaWorker, worker: &Worker) {
        block.norm2.apply(&state.x, &mut state.normed);
        let own = worker.share(block.gate.cols(), CACHE_LINE);
        let parts = [(&block.gate, own.clone()), (&block.up, own.clone())];
        self.project(&parts, &state.normed, &mut state.hidden, worker);
        let (gate, up) = state.hidden.split_at_mut(own.len());
        block.activation.overwrite(gate, up);
        self.sums.exchange(SumSet::FeedForward, &[&block.down], gate, own, worker);
        self.add_branch(SumSet::FeedForward, block.post_ff_norm.as_ref(), state);
    }

    /// Adds to `x` the sum over all workers, after the norm if there is one.
    fn add_branch(&self, set: SumSet, norm: Option<&RmsNorm>, state: &mut LlamaWorker) {
        let LlamaWorker { x, branch, .. } = state;
        branch.fill(0.0);
        self.sums.add_to(set, 0, branch);
        if let Some(norm) = norm {
            norm.overwrite(branch);
        }
        x.iter_mut().zip(branch).for_each(|(x, added)| *x += *added);
    }

    /// The products of `x` and some columns of each matrix, one after the other.
    ///
    /// If the matrices are row-major, every worker multiplies some values of `x` with their rows, and then takes its columns
    /// from the sum over all workers.
    fn project(&self, parts: &[(&Matrix, Range<usize>)], x: &[f32], y: &mut Vec<f32>, worker: &Worker) {
        y.clear();
        y.resize(parts.iter().map(|(_, columns)| columns.len()).sum(), 0.0);
        let full = parts[0].0.is_full();
        if full {
            let rows = worker.share(x.len(), CACHE_LINE);
            let matrices: Vec<&Matrix> = parts.iter().map(|(matrix, _)| *matrix).collect();
            self.sums.exchange(SumSet::Input, &matrices, &x[rows.clone()], rows, worker);
        }
        let (mut y, mut first) = (&mut y[..], 0);
        for (matrix, columns) in parts {
            let (own, others) = y.split_at_mut(columns.len());
            match full {
                true => self.sums.add_to(SumSet::Input, first + columns.start, own),
                false => matrix.add_product(x, 0..x.len(), columns.clone(), own),
            }
            (y, first) = (others, first + matrix.cols());
        }
    }
}

/// The columns of each matrix that are some columns of all matrices side by side.
fn side_by_side(matrices: &[Matrix], columns: Range<usize>) -> Vec<(&Matrix, Range<usize>)> {
    let mut first = 0;
    let part = |matrix| {
        let (start, end) = (first, first + Matrix::cols(matrix));
        first = end;
        let cut = |column: usize| column.clamp(start, end) - start;
        (matrix, cut(columns.start)..cut(columns.end))
    };
    matrices.iter().map(part).collect()
}
