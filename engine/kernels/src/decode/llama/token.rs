//! One token of each of some texts through the model, computed by all threads of the pool together.

use std::ops::Range;
use std::sync::RwLock;

use super::rms_norm::RmsNorm;
use super::rope::Rotation;
use super::state::{LlamaState, LlamaWorker, TextCache};
use super::weights::LlamaBlockWeights;
use crate::decode::Matrix;
use crate::decode::cache::{KeysAndValues, TOGETHER};
use crate::decode::input::Input;
use crate::decode::partial_sums::SumSet;
use crate::decode::state::{lock, read, write};
use crate::decode::task::{Task, Token};
use crate::decode::thread_pool::Worker;

/// Columns whose 16-bit numbers fill one cache line, and 32-bit numbers two: a thread's part begins at a multiple of this.
const CACHE_LINE: usize = 32;

/// A block of the model, and the keys and values of each token's text in it.
struct Block<'a> {
    weights: &'a LlamaBlockWeights,
    tokens: &'a [Token],
    caches: Vec<&'a [RwLock<KeysAndValues>]>,
}

impl LlamaState {
    /// One worker's part of a round. Afterwards, each worker's state holds its part of the logits.
    pub fn compute_tokens(&self, worker: &Worker) {
        let state = &mut *lock(&self.workers[worker.index]);
        let weights = &*self.weights;
        let task = &*read(&self.task);
        let Task { tokens, only_last_block, .. } = task;
        let emb_dim = weights.emb_dim();
        if !only_last_block {
            state.x.resize(tokens.len() * emb_dim, 0.0);
            let rows = state.x.chunks_exact_mut(emb_dim).zip(tokens);
            rows.for_each(|(x, token)| weights.embed(token.id, x));
        }
        let rotations =
            |frequencies: &Vec<f64>| tokens.iter().map(|token| Rotation::at(token.position, frequencies)).collect();
        state.rotations = weights.ropes.iter().map(rotations).collect();
        let texts = &*read(&self.caches);
        let texts: Vec<&TextCache> = tokens.iter().map(|token| &texts[token.place]).collect();
        let first_block = if *only_last_block { weights.blocks.len() - 1 } else { 0 };
        for (index, weights) in weights.blocks.iter().enumerate().skip(first_block) {
            let block = Block { weights, tokens, caches: texts.iter().map(|text| &text[index][..]).collect() };
            self.attention(&block, state, worker);
            self.feed_forward(&block, state, worker);
        }

        weights.final_norm.apply(&task.for_logits(&state.x, emb_dim), &mut state.normed);
        let own = worker.share(weights.vocab_size(), CACHE_LINE);
        let n = task.logits_of.len();
        state.logits.clear();
        state.logits.resize(n * own.len(), 0.0);
        weights.add_logits(n, &state.normed, own, &mut state.logits);
    }

    /// `x += attention(norm1(x))`, with another norm around the attention where the block has one.
    fn attention(&self, block: &Block, state: &mut LlamaWorker, worker: &Worker) {
        let (weights, n) = (&*self.weights, block.tokens.len());
        let head_dim = weights.head_dim;
        block.weights.norm1.apply(&state.x, &mut state.normed);
        let own = worker.share(weights.n_heads + 2 * weights.n_kv_heads, 1);
        let parts = side_by_side(&block.weights.queries_keys_values, own.start * head_dim..own.end * head_dim);
        self.project(&parts, n, &state.normed, [&mut state.projected], worker);
        let rotations = &state.rotations[block.weights.rope];
        for (place, head) in own.clone().enumerate() {
            let rows = state.projected.chunks_exact_mut(own.len() * head_dim);
            let vectors = rows.map(|row| &mut row[place * head_dim..][..head_dim]);
            self.keep(block, head, vectors, rotations);
        }
        worker.barrier();

        let heads = worker.share(weights.n_heads, 1);
        let rows = heads.start * head_dim..heads.end * head_dim;
        state.context.resize(n * rows.len(), 0.0);
        for row in 0..n {
            self.attend(block, row, heads.clone(), state);
        }
        let out = &block.weights.out;
        let input = Input::new(out, n, &state.context, rows.len(), rows);
        self.sums.exchange(SumSet::Attention, &[out], &input, worker);
        self.add_branch(SumSet::Attention, block.weights.post_attention_norm.as_ref(), n, state);
    }

    /// The context vectors of a token for some heads.
    fn attend(&self, block: &Block, row: usize, mut heads: Range<usize>, state: &mut LlamaWorker) {
        let (head_dim, group) = (self.weights.head_dim, self.weights.group());
        let LlamaWorker { queries, scores, context, .. } = state;
        let width = heads.len() * head_dim;
        let mut context = &mut context[row * width..][..width];
        while !heads.is_empty() {
            // As many as share keys and values, and are computed together.
            let shared = heads.start / group;
            let together = heads.start..heads.end.min((shared + 1) * group).min(heads.start + TOGETHER);
            heads.start = together.end;
            queries.clear();
            together
                .for_each(|head| queries.extend_from_slice(&read(&self.queries[head])[row * head_dim..][..head_dim]));
            let (contexts, others) = context.split_at_mut(queries.len());
            let (position, span) = (block.tokens[row].position, block.weights.span());
            read(&block.caches[row][shared]).attend(queries, position, span, head_dim, scores, contexts);
            context = others;
        }
    }

    /// Finishes the vectors of queries, keys or values of a head, one for each token, and stores them where the other workers
    /// find them.
    fn keep<'v>(
        &self,
        block: &Block,
        head: usize,
        vectors: impl Iterator<Item = &'v mut [f32]>,
        rotations: &[Rotation],
    ) {
        let (n_heads, n_kv_heads) = (self.weights.n_heads, self.weights.n_kv_heads);
        let mut queries = self.queries.get(head).map(write);
        if let Some(queries) = &mut queries {
            queries.clear();
        }
        for (row, (vector, rotation)) in vectors.zip(rotations).enumerate() {
            self.weights.finish_head(block.weights, head, rotation, vector);
            if let Some(queries) = &mut queries {
                queries.extend_from_slice(vector);
                continue;
            }
            let mut cache = write(&block.caches[row][(head - n_heads) % n_kv_heads]);
            match head < n_heads + n_kv_heads {
                true => cache.push_key(block.tokens[row].position, vector),
                false => cache.push_value(block.tokens[row].position, vector),
            }
        }
    }

    /// `x += feed_forward(norm2(x))`, with another norm around the network where the block has one.
    fn feed_forward(&self, block: &Block, state: &mut LlamaWorker, worker: &Worker) {
        let (block, n) = (block.weights, block.tokens.len());
        block.norm2.apply(&state.x, &mut state.normed);
        let own = worker.share(block.gate.cols(), CACHE_LINE);
        let parts = [(&block.gate, own.clone()), (&block.up, own.clone())];
        self.project(&parts, n, &state.normed, [&mut state.gate, &mut state.up], worker);
        block.activation.overwrite(&mut state.gate, &state.up);
        let input = Input::new(&block.down, n, &state.gate, own.len(), own);
        self.sums.exchange(SumSet::FeedForward, &[&block.down], &input, worker);
        self.add_branch(SumSet::FeedForward, block.post_ff_norm.as_ref(), n, state);
    }

    /// Adds to each `x` the sum over all workers, after the norm if there is one.
    fn add_branch(&self, set: SumSet, norm: Option<&RmsNorm>, n: usize, state: &mut LlamaWorker) {
        let LlamaWorker { x, branch, .. } = state;
        let width = x.len() / n;
        branch.clear();
        branch.resize(x.len(), 0.0);
        self.sums.add_to(set, 0..width, branch, n, width);
        if let Some(norm) = norm {
            branch.chunks_exact_mut(width).for_each(|branch| norm.overwrite(branch));
        }
        x.iter_mut().zip(branch).for_each(|(x, added)| *x += *added);
    }

    /// The products of `n` vectors and some columns of each matrix: side by side in one result, `[n, columns of all]`, or in a
    /// result for each matrix.
    ///
    /// If the matrices are row-major, every worker multiplies some numbers of each vector with their rows, and then takes its
    /// columns from the sum over all workers.
    fn project<const N: usize>(
        &self,
        parts: &[(&Matrix, Range<usize>)],
        n: usize,
        x: &[f32],
        results: [&mut Vec<f32>; N],
        worker: &Worker,
    ) {
        let (first, width) = (parts[0].0, x.len() / n);
        let input = if first.is_full() {
            let rows = worker.share(width, CACHE_LINE);
            let matrices: Vec<&Matrix> = parts.iter().map(|(matrix, _)| *matrix).collect();
            let input = Input::new(first, n, &x[rows.start..], width, rows);
            self.sums.exchange(SumSet::Input, &matrices, &input, worker);
            input
        } else {
            Input::new(first, n, x, width, 0..width)
        };
        let (per_result, mut first_column) = (parts.len().div_ceil(N), 0);
        for (parts, y) in parts.chunks(per_result).zip(results) {
            let stride = parts.iter().map(|(_, columns)| columns.len()).sum();
            y.clear();
            y.resize(n * stride, 0.0);
            let mut first = 0;
            for (matrix, columns) in parts {
                let y = &mut y[first..];
                if matrix.is_full() {
                    let of_all = first_column + columns.start..first_column + columns.end;
                    self.sums.add_to(SumSet::Input, of_all, y, n, stride);
                } else {
                    matrix.add_products(&input, columns.clone(), y, stride);
                }
                first += columns.len();
                first_column += matrix.cols();
            }
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
