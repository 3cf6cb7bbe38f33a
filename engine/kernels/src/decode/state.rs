//! What the threads of a decoder share, and what each of them owns.

use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::Matrix;
use super::cache::KeysAndValues;
use super::decoder::DecoderState;
use super::partial_sums::PartialSums;
use super::prompt::{Wanted, prompt};
use super::task::Task;
use super::thread_pool::Worker;
use super::weights::Weights;

/// What one worker owns.
#[derive(Debug, Default)]
pub struct WorkerState {
    /// The heads that this worker computes.
    pub heads: Range<usize>,
    /// Their keys and values, for the text in each place and every block.
    pub caches: Vec<Vec<Vec<KeysAndValues>>>,
    /// This worker's part of the logits, computed last: `[tokens, columns]`.
    pub logits: Vec<f32>,
    /// The vectors of the tokens, `[tokens, emb_dim]`: the same in every worker.
    pub x: Vec<f32>,
    /// `x` after layer normalization, `[tokens, emb_dim]`.
    pub normed: Vec<f32>,
    /// Queries, keys and values of this worker's heads, `[tokens, heads * head_dim]` each.
    pub projected: [Vec<f32>; 3],
    /// The context vectors of this worker's heads, `[tokens, heads * head_dim]`.
    pub context: Vec<f32>,
    /// This worker's part of the hidden layer of the feed-forward network.
    pub hidden: [Vec<f32>; 1],
    /// The attention scores of one head and one token.
    pub scores: Vec<f32>,
}

/// What all workers share.
#[derive(Debug)]
pub struct GptState {
    pub weights: Arc<Weights>,
    pub task: RwLock<Task>,
    /// The state of each worker; no other worker uses it during a round.
    pub workers: Vec<Mutex<WorkerState>>,
    /// The partial sums that the workers exchange.
    pub sums: PartialSums,
}

/// Locks a mutex, also after a panic in another thread: the data are plain numbers, and the thread pool reports the panic.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Reads what another thread has written. Such a lock is free whenever it is used: barriers separate readers from writers. As for
/// [`lock`], a panic elsewhere is reported by the thread pool.
pub fn read<T>(lock: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

/// As [`read`].
pub fn write<T>(lock: &RwLock<T>) -> RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}

/// Puts what belongs to a text into its place, which may be one behind the last.
pub fn put<T>(all: &mut Vec<T>, place: usize, new: T) {
    if place == all.len() {
        all.push(new);
    } else {
        all[place] = new;
    }
}

/// Appends the logits of all ids for each token, of which every worker has some columns: `[tokens, columns]`.
pub fn join_logits<'a>(parts: impl Iterator<Item = &'a [f32]> + Clone, tokens: usize, logits: &mut Vec<f32>) {
    for token in 0..tokens {
        for part in parts.clone() {
            let columns = part.len() / tokens;
            logits.extend_from_slice(&part[token * columns..][..columns]);
        }
    }
}

impl DecoderState for GptState {
    type Weights = Weights;

    fn new(weights: Arc<Weights>, threads: usize) -> Self {
        let worker = |index: usize| {
            let heads = weights.n_heads * index / threads..weights.n_heads * (index + 1) / threads;
            Mutex::new(WorkerState { heads, ..WorkerState::default() })
        };
        Self {
            task: RwLock::new(Task::none()),
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

    fn clear(&self, place: usize) {
        for worker in &self.workers {
            let WorkerState { caches, heads, .. } = &mut *lock(worker);
            let cache = |_| heads.clone().map(|_| KeysAndValues::default()).collect();
            put(caches, place, self.weights.blocks.iter().map(cache).collect());
        }
    }

    fn copy(&self, from: usize, place: usize, tokens: usize) {
        let head_dim = self.weights.head_dim();
        let copy = |heads: &Vec<KeysAndValues>| heads.iter().map(|head| head.first(tokens, head_dim)).collect();
        for worker in &self.workers {
            let caches = &mut lock(worker).caches;
            let copied = caches[from].iter().map(copy).collect();
            put(caches, place, copied);
        }
    }

    fn cache_bytes_per_token(&self) -> usize {
        2 * size_of::<f32>() * self.weights.blocks.len() * self.weights.emb_dim()
    }

    fn task(&self) -> &RwLock<Task> {
        &self.task
    }

    fn compute(&self, worker: &Worker) {
        self.compute_tokens(worker);
    }

    fn prompt(&self, place: usize, ids: &[u32], kept: usize, wanted: Wanted) -> Vec<f32> {
        let mut guards: Vec<_> = self.workers.iter().map(lock).collect();
        let mut workers: Vec<_> = guards.iter_mut().map(|worker| &mut **worker).collect();
        let found = prompt(&self.weights, ids, kept, place, &mut workers, wanted);
        if wanted == Wanted::Last {
            workers.iter_mut().for_each(|worker| worker.x.clone_from(&found));
        }
        found
    }

    fn collect_logits(&self, tokens: usize, logits: &mut Vec<f32>) {
        let workers: Vec<_> = self.workers.iter().map(lock).collect();
        join_logits(workers.iter().map(|worker| &worker.logits[..]), tokens, logits);
    }
}
