//! What the threads of a Llama's decoder share, and what each of them owns.

use std::sync::{Arc, Mutex, RwLock};

use super::prompt::prompt;
use super::rope::Rotation;
use super::weights::LlamaWeights;
use crate::decode::Matrix;
use crate::decode::cache::KeysAndValues;
use crate::decode::decoder::DecoderState;
use crate::decode::partial_sums::PartialSums;
use crate::decode::prompt::Wanted;
use crate::decode::state::{join_logits, lock, put, read, write};
use crate::decode::task::Task;
use crate::decode::thread_pool::Worker;

/// What one worker owns.
#[derive(Debug, Default)]
pub struct LlamaWorker {
    /// This worker's part of the logits, computed last: `[tokens, columns]`.
    pub logits: Vec<f32>,
    /// The vectors of the tokens, `[tokens, emb_dim]`: the same in every worker.
    pub x: Vec<f32>,
    /// `x` after a norm, `[tokens, emb_dim]`.
    pub normed: Vec<f32>,
    /// What a branch of a block adds to `x`, `[tokens, emb_dim]`.
    pub branch: Vec<f32>,
    /// Queries, keys and values that this worker computes, `[tokens, heads * head_dim]`.
    pub projected: Vec<f32>,
    /// The context vectors of this worker's heads, `[tokens, heads * head_dim]`.
    pub context: Vec<f32>,
    /// This worker's part of the gate in the feed-forward network, `[tokens, columns]`.
    pub gate: Vec<f32>,
    /// What the gate is multiplied with.
    pub up: Vec<f32>,
    /// The attention scores of some heads and one token.
    pub scores: Vec<f32>,
    /// The queries of some heads.
    pub queries: Vec<f32>,
    /// The rotations of the tokens, for each of the model's ropes.
    pub rotations: Vec<Vec<Rotation>>,
}

/// For each block, the heads of keys and values of a text.
pub type TextCache = Vec<Vec<RwLock<KeysAndValues>>>;

/// What all workers share.
#[derive(Debug)]
pub struct LlamaState {
    pub weights: Arc<LlamaWeights>,
    pub task: RwLock<Task>,
    /// The state of each worker; no other worker uses it during a round.
    pub workers: Vec<Mutex<LlamaWorker>>,
    /// For the text in each place and each block, the heads of keys and values. They grow with the text.
    pub caches: RwLock<Vec<TextCache>>,
    /// For each head, the queries of the tokens after norm and rotation, `[tokens, head_dim]`.
    pub queries: Vec<RwLock<Vec<f32>>>,
    /// The partial sums that the workers exchange.
    pub sums: PartialSums,
}

impl DecoderState for LlamaState {
    type Weights = LlamaWeights;

    fn new(weights: Arc<LlamaWeights>, threads: usize) -> Self {
        Self {
            task: RwLock::new(Task::none()),
            workers: (0..threads).map(|_| Mutex::default()).collect(),
            caches: RwLock::default(),
            queries: (0..weights.n_heads).map(|_| RwLock::default()).collect(),
            sums: PartialSums::new(threads),
            weights,
        }
    }

    fn weights(&self) -> &LlamaWeights {
        &self.weights
    }

    fn vocab_size(&self) -> usize {
        self.weights.vocab_size()
    }

    fn context_length(&self) -> usize {
        self.weights.context_length
    }

    fn a_matrix(&self) -> &Matrix {
        &self.weights.blocks[0].out
    }

    fn clear(&self, place: usize) {
        let heads = |_| (0..self.weights.n_kv_heads).map(|_| RwLock::default()).collect();
        put(&mut write(&self.caches), place, self.weights.blocks.iter().map(heads).collect());
    }

    fn copy(&self, from: usize, place: usize, tokens: usize) {
        let mut caches = write(&self.caches);
        let head = |head: &RwLock<KeysAndValues>| RwLock::new(read(head).first(tokens, self.weights.head_dim));
        let copy = caches[from].iter().map(|heads| heads.iter().map(head).collect()).collect();
        put(&mut caches, place, copy);
    }

    fn cache_bytes_per_token(&self) -> usize {
        let weights = &*self.weights;
        2 * size_of::<f32>() * weights.blocks.len() * weights.n_kv_heads * weights.head_dim
    }

    fn task(&self) -> &RwLock<Task> {
        &self.task
    }

    fn compute(&self, worker: &Worker) {
        self.compute_tokens(worker);
    }

    fn prompt(&self, place: usize, ids: &[u32], kept: usize, wanted: Wanted) -> Vec<f32> {
        let found = prompt(&self.weights, &read(&self.caches)[place], ids, kept, wanted);
        if wanted == Wanted::Last {
            self.workers.iter().for_each(|worker| lock(worker).x.clone_from(&found));
        }
        found
    }

    fn collect_logits(&self, tokens: usize, logits: &mut Vec<f32>) {
        let workers: Vec<_> = self.workers.iter().map(lock).collect();
        join_logits(workers.iter().map(|worker| &worker.logits[..]), tokens, logits);
    }
}
