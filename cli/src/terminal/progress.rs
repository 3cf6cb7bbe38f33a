//! The progress of a training run.

use std::fmt::Display;

use burn::tensor::Tensor;
pub use workshop::progress::Progress;

use super::say;

/// A progress bar that shows the loss, with lines of output above it.
pub struct LossProgress {
    progress: Progress,
    /// What is being trained, in front of the loss.
    prefix: &'static str,
}

impl LossProgress {
    /// Starts with `done` of `total` steps behind it.
    pub fn new(done: usize, total: usize) -> Self {
        Self { progress: Progress::new(done as u64, total as u64), prefix: "" }
    }

    /// The same with a word in front of the loss.
    pub fn with_prefix(self, prefix: &'static str) -> Self {
        Self { prefix, ..self }
    }

    /// One step is done. Its loss is read only when it is shown: on a GPU the program has to wait for it.
    pub fn step(&mut self, loss: &Tensor<1>) {
        let prefix = self.prefix;
        self.progress.step(|| format!("{prefix}loss {:.3}", loss.clone().into_scalar::<f32>()));
    }

    /// Writes a line to standard output.
    pub fn say(&self, line: impl Display) {
        self.progress.suspend(|| say(line));
    }

    /// Removes the bar.
    pub fn finish(self) {
        self.progress.finish();
    }
}
