//! What the threads of a Llama's decoder share, and what each of them owns.

use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::attention::KeysAndValues;
use super::prompt::prompt;
use super::rope::Rotation;
use super::weights::LlamaWeights;
use crate::decode::Matrix;
use crate::decode::decoder::DecoderState;
use crate::decode::partial_sums::PartialSums;
use crate::decode::state::{TokenTask, lock};
use crate::decode::thread_pool::Worker;

/// What one worker owns.
#[derive(Debug, Default)]
pub struct LlamaWorker {
    /// This worker's part of the logits, computed last.
    pub logits: Vec<f32>,
    /// The vector of the token, `[emb_dim]`: the same in every worker.
    pub x: Vec<f32>,
    /// `x` after a norm, `[emb_dim]`.
    pub normed: Vec<f32>,
    /// What a branch of a block adds to `x`, `[emb_dim]`.
    pub branch: Vec<f32>,
    /// Queries, keys and values that this worker computes.
    pub projected: Vec<f32>,
    /// The context vectors of this worker's heads.
    pub context: Vec<f32>,
    /// This worker's part of both hidden layers of the feed-forward network, the gate first.
    pub hidden: Vec<f32>,
    /// The attention scores of some heads.
    pub scores: Vec<f32>,
    /// The queries of some heads.
    pub queries: Vec<f32>,
    /// The rotations of the token.
    pub rotations: Vec<Rotation>,
}

/// What all workers share.
#[derive(Debug)]
pub struct LlamaState {
    pub weights: Arc<LlamaWeights>,
    pub task: Mutex<TokenTask>,
    /// The state of each worker; no other worker uses it while a token is computed.
    pub workers: Vec<Mutex<LlamaWorker>>,
    /// For each block, the heads of keys and values. It grows with the text.
    pub cache: Vec<Vec<RwLock<KeysAndValues>>>,
    /// The queries of the token, for each head, after norm and rotation.
    pub queries: Vec<RwLock<Vec<f32>>>,
    /// The partial sums that the workers exchange.
    pub sums: PartialSums,
}

/// Reads what another worker has written. A lock is free whenever it is used: barriers separate readers from writers. As for
/// [`lock`], a panic elsewhere is reported by the thread pool.
pub fn read<T>(lock: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

/// As [`read`].
pub fn write<T>(lock: &RwLock<T>) -> RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}

impl DecoderState for LlamaState {
    type Weights = LlamaWeights;

    fn new(weights: Arc<LlamaWeights>, threads: usize) -> Self {
        let emb_dim = weights.emb_dim();
        let vector = || vec![0.0; emb_dim];
        let worker = |_| LlamaWorker { x: vector(), normed: vector(), branch: vector(), ..LlamaWorker::default() };
        let cache = |_| (0..weights.n_kv_heads).map(|_| RwLock::default()).collect();
        Self {
            task: Mutex::new(TokenTask::Token(0, 0)),
            workers: (0..threads).map(worker).map(Mutex::new).collect(),
            cache: weights.blocks.iter().map(cache).collect(),
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

    fn task(&self) -> &Mutex<TokenTask> {
        &self.task
    }

    fn token(&self, worker: &Worker) {
        self.compute_token(worker);
    }

    fn prompt(&self, ids: &[u32], kept: usize) {
        let last = prompt(self, ids, kept);
        self.workers.iter().for_each(|worker| lock(worker).x.copy_from_slice(&last));
    }

    fn collect_logits(&self, logits: &mut Vec<f32>) {
        self.workers.iter().for_each(|worker| logits.extend_from_slice(&lock(worker).logits));
    }
}
