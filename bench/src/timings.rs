//! Repeated runs with a clock.

use std::time::Instant;

use burn::tensor::Device;
use workshop::device::is_cpu;

/// Seconds of several runs of the same work.
pub struct Timings {
    /// Sorted.
    seconds: Vec<f64>,
}

impl Timings {
    /// Runs once to warm up, then `runs` times with a clock.
    ///
    /// # Errors
    /// The first error of `work`.
    pub fn of<E>(runs: usize, work: impl FnMut() -> Result<(), E>) -> Result<Self, E> {
        Self::with(1, runs, || (), work)
    }

    /// The same with `warm_ups` runs to warm up, and with `prepare` before each run, for which the clock stands still.
    ///
    /// # Errors
    /// The first error of `work`.
    pub fn with<E>(
        warm_ups: usize,
        runs: usize,
        prepare: impl Fn(),
        mut work: impl FnMut() -> Result<(), E>,
    ) -> Result<Self, E> {
        for _ in 0..warm_ups {
            prepare();
            work()?;
        }
        let timed = (0..runs).map(|_| {
            prepare();
            let start = Instant::now();
            work().map(|()| start.elapsed().as_secs_f64())
        });
        Ok(Self::new(timed.collect::<Result<_, E>>()?))
    }

    /// Timings that were taken elsewhere, at least one.
    pub fn new(mut seconds: Vec<f64>) -> Self {
        seconds.sort_by(f64::total_cmp);
        Self { seconds }
    }

    /// Median in seconds.
    pub fn median(&self) -> f64 {
        median(self.seconds.clone())
    }

    /// Shortest time in seconds.
    pub fn best(&self) -> f64 {
        self.seconds[0]
    }

    /// Longest time in seconds.
    pub fn worst(&self) -> f64 {
        self.seconds[self.seconds.len() - 1]
    }

    /// For people: the number of runs and how far they lie apart.
    pub fn spread(&self) -> String {
        format!("median of {}, {:.3} to {:.3} s", self.seconds.len(), self.best(), self.worst())
    }
}

/// Runs before those that count. A GPU's kernels are compiled and chosen when they are first needed, and the optimizer's
/// second step needs others than its first.
pub(crate) fn warm_ups(device: &Device) -> usize {
    if is_cpu(device) { 1 } else { 3 }
}

/// The median of some numbers.
pub(crate) fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    let middle = numbers.len() / 2;
    if numbers.len() % 2 == 1 { numbers[middle] } else { f64::midpoint(numbers[middle - 1], numbers[middle]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_odd_and_even_numbers_of_runs() {
        assert_eq!(median(vec![2.0, 9.0, 1.0]), 2.0);
        assert_eq!(median(vec![4.0, 1.0, 9.0, 2.0]), 3.0);
    }

    #[test]
    fn the_first_run_is_not_counted() {
        let mut runs = 0;
        let timings = Timings::of(3, || {
            runs += 1;
            Ok::<_, std::convert::Infallible>(())
        });
        assert_eq!((timings.unwrap().seconds.len(), runs), (3, 4));
    }
}
