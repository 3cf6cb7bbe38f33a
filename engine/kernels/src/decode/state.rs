//! What the threads of a decoder share, and what each of them owns.

use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Matrix;
use super::decoder::DecoderState;
use super::partial_sums::PartialSums;
use super::prompt::prompt;
use super::thread_pool::Worker;
use super::weights::Weights;

/// Keys and values of some heads in one block, `[tokens, head_dim]` for each head, with capacity for the whole context.
#[derive(Debug)]
pub struct HeadCache {
    pub keys: Vec<Vec<f32>>,
    pub values: Vec<Vec<f32>>,
}

/// What one worker owns.
#[derive(Debug)]
pub struct WorkerState {
    /// The heads that this worker computes.
    pub heads: Range<usize>,
    /// Their keys and values, for every block.
    pub cache: Vec<HeadCache>,
    /// This worker's part of the logits, computed last.
    pub logits: Vec<f32>,
    /// The vector of the token, `[emb_dim]`: the same in every worker.
    pub x: Vec<f32>,
    /// `x` after layer normalization, `[emb_dim]`.
    pub normed: Vec<f32>,
    /// Queries, keys and values of this worker's heads.
    pub projected: [Vec<f32>; 3],
    /// The context vectors of this worker's heads.
    pub context: Vec<f32>,
    /// This worker's part of the hidden layer of the feed-forward network.
    pub hidden: [Vec<f32>; 1],
    /// The attention scores of one head, `[tokens]`.
    pub scores: Vec<f32>,
}

/// What the workers compute in the next round.
#[derive(Clone, Copy, Debug)]
pub enum TokenTask {
    /// A token, given by its id, at a position.
    Token(u32, usize),
    /// The rest of the token at this position. Its vector before the last block is already in every worker's `x`.
    LastBlock(usize),
}

/// What all workers share.
#[derive(Debug)]
pub struct GptState {
    pub weights: Arc<Weights>,
    pub task: Mutex<TokenTask>,
    /// The state of each worker; no other worker uses it while a token is computed.
    pub workers: Vec<Mutex<WorkerState>>,
    /// The partial sums that the workers exchange.
    pub sums: PartialSums,
}

/// Locks a mutex, also after a panic in another thread: the data are plain numbers, and the thread pool reports the panic.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl DecoderState for GptState {
    type Weights = Weights;

    fn new(weights: Arc<Weights>, threads: usize) -> Self {
        let emb_dim = weights.emb_dim();
        let worker = |index: usize| {
            let heads = weights.n_heads * index / threads..weights.n_heads * (index + 1) / threads;
            let per_head = weights.context_length() * weights.head_dim();
            let room = || heads.clone().map(|_| Vec::with_capacity(per_head)).collect();
            let cache = || HeadCache { keys: room(), values: room() };
            Mutex::new(WorkerState {
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
        Self {
            task: Mutex::new(TokenTask::Token(0, 0)),
            workers: (0..threads).map(worker).collect(),
            sums: PartialSums::new(threads),
            weights,
        }
    }

    fn weights(&self) -> &Weights {
        &self.weights
    }

    fn vocab_size(&self) -> usize {
        self.weights.vocab_size()
    }

    fn context_length(&self) -> usize {
        self.weights.context_length()
    }

    fn a_matrix(&self) -> &Matrix {
        &self.weights.blocks[0].out.weight
    }

    fn task(&self) -> &Mutex<TokenTask> {
        &self.task
    }

    fn token(&self, worker: &Worker) {
        self.compute_token(worker);
    }

    fn prompt(&self, ids: &[u32], kept: usize) {
        let mut guards: Vec<_> = self.workers.iter().map(lock).collect();
        let mut workers: Vec<_> = guards.iter_mut().map(|worker| &mut **worker).collect();
        let last = prompt(&self.weights, ids, kept, &mut workers);
        workers.iter_mut().for_each(|worker| worker.x.copy_from_slice(&last));
    }

    fn collect_logits(&self, logits: &mut Vec<f32>) {
        self.workers.iter().for_each(|worker| logits.extend_from_slice(&lock(worker).logits));
    }
}
