//! numpy's legacy generator `numpy.random.RandomState`, which pandas' `sample(random_state=...)` uses.

use super::Mt19937;

/// The random numbers of `numpy.random.RandomState(seed)`.
///
/// It takes its bits from the same generator as [`TorchRng`](super::TorchRng), but makes other numbers of them.
#[derive(Clone, Debug)]
pub struct NumpyRng {
    mt: Mt19937,
}

impl NumpyRng {
    /// `numpy.random.RandomState(seed)`.
    pub fn new(seed: u32) -> Self {
        Self { mt: Mt19937::new(seed) }
    }

    /// `random_sample()`: a float in [0, 1) with 53 random bits.
    pub fn random_sample(&mut self) -> f64 {
        let (high, low) = (self.mt.next_u32() >> 5, self.mt.next_u32() >> 6);
        (f64::from(high) * f64::from(1 << 26) + f64::from(low)) / (1u64 << 53) as f64
    }

    /// An integer in `[0, max]`, by masking and trying again until it fits.
    fn interval(&mut self, max: u32) -> u32 {
        let mask = u32::MAX.checked_shr(max.leading_zeros()).unwrap_or(0);
        loop {
            let value = self.mt.next_u32() & mask;
            if value <= max {
                return value;
            }
        }
    }

    /// `permutation(n)`: the numbers 0 to n - 1 in random order.
    ///
    /// # Panics
    /// If `n` exceeds 2^32.
    pub fn permutation(&mut self, n: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..n).collect();
        for i in (1..n).rev() {
            let j = self.interval(u32::try_from(i).expect("at most 2^32 items"));
            order.swap(i, j as usize);
        }
        order
    }

    /// `choice(n, size, replace=False)`: `size` different numbers below `n`. This is the order in which pandas'
    /// `DataFrame.sample(n=size)` takes rows.
    ///
    /// # Panics
    /// If `size > n`.
    pub fn choice(&mut self, n: usize, size: usize) -> Vec<usize> {
        assert!(size <= n, "cannot take {size} different items from {n}");
        let mut order = self.permutation(n);
        order.truncate(size);
        order
    }
}
