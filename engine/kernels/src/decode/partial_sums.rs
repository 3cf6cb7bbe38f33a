//! How threads that own some rows of a matrix each compute one product together.

use std::ops::Range;
use std::sync::{PoisonError, RwLock};

use super::Matrix;
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

/// The partial sums that the workers exchange: in each set, one vector for each worker. While slow workers still read one
/// set, fast ones may write the next one; they write the same set again only after another barrier.
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

    /// Multiplies this worker's values with their rows of each matrix, publishes the results, one after the other, and waits
    /// for the other workers. All matrices have the same number of rows.
    pub fn exchange(&self, set: SumSet, matrices: &[&Matrix], values: &[f32], rows: Range<usize>, worker: &Worker) {
        {
            let slot = &self.sets[set as usize][worker.index];
            let mut own = slot.write().unwrap_or_else(PoisonError::into_inner);
            own.clear();
            own.resize(matrices.iter().map(|matrix| matrix.cols()).sum(), 0.0);
            let mut left = &mut own[..];
            for matrix in matrices {
                let (own, next) = left.split_at_mut(matrix.cols());
                matrix.add_product(values, rows.clone(), 0..matrix.cols(), own);
                left = next;
            }
        }
        worker.barrier();
    }

    /// Adds the partial sums of all workers to `y`, from column `first` on. Every worker adds in the same order and so gets
    /// the same sum.
    pub fn add_to(&self, set: SumSet, first: usize, y: &mut [f32]) {
        for sums in &self.sets[set as usize] {
            let sums = sums.read().unwrap_or_else(PoisonError::into_inner);
            y.iter_mut().zip(&sums[first..]).for_each(|(y, s)| *y += s);
        }
    }
}
