//! How threads that own some rows of a matrix each compute products together.

use std::ops::Range;
use std::sync::{PoisonError, RwLock};

use super::Matrix;
use super::input::Input;
use super::thread_pool::Worker;

/// Which of the three sets of partial sums a layer uses.
#[derive(Clone, Copy, Debug)]
pub enum SumSet {
    /// The output projection of the attention.
    Attention,
    /// The second layer of the feed-forward network.
    FeedForward,
    /// The layers before them.
    Input,
}

/// The partial sums that the workers exchange: in each set, `[vectors, columns]` for each worker. While slow workers still
/// read one set, fast ones may write the next one; they write the same set again only after another barrier.
#[derive(Debug)]
pub struct PartialSums {
    sets: [Vec<RwLock<Vec<f32>>>; 3],
}

impl PartialSums {
    /// Room for the sums of this many threads.
    pub fn new(threads: usize) -> Self {
        let set = || (0..threads).map(|_| RwLock::new(Vec::new())).collect();
        Self { sets: [set(), set(), set()] }
    }

    /// Multiplies this worker's numbers of each vector with their rows of each matrix, publishes the results, side by side, and
    /// waits for the other workers.
    pub fn exchange(&self, set: SumSet, matrices: &[&Matrix], input: &Input, worker: &Worker) {
        {
            let slot = &self.sets[set as usize][worker.index];
            let mut own = slot.write().unwrap_or_else(PoisonError::into_inner);
            let width = matrices.iter().map(|matrix| matrix.cols()).sum();
            own.clear();
            own.resize(input.n * width, 0.0);
            let mut first = 0;
            for matrix in matrices {
                matrix.add_products(input, 0..matrix.cols(), &mut own[first..], width);
                first += matrix.cols();
            }
        }
        worker.barrier();
    }

    /// Adds the partial sums of all workers, some columns of them, to `n` rows of `y`, which begin `stride` numbers apart. Every
    /// worker adds in the same order and so gets the same sum.
    pub fn add_to(&self, set: SumSet, columns: Range<usize>, y: &mut [f32], n: usize, stride: usize) {
        for sums in &self.sets[set as usize] {
            let sums = sums.read().unwrap_or_else(PoisonError::into_inner);
            let width = sums.len() / n;
            for row in 0..n {
                let y = &mut y[row * stride..][..columns.len()];
                y.iter_mut().zip(&sums[row * width..][columns.clone()]).for_each(|(y, s)| *y += s);
            }
        }
    }
}
