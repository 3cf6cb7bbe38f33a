//! The settings of a training run with warm-up, decay, clipping and accumulation.

use serde::{Deserialize, Serialize};

use crate::Schedule;

/// What this appendix adds to the loop of chapter 5. The default is nothing: then training is that of
/// [`train_model_simple`](ch05_pretrain::train_model_simple).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Recipe {
    /// The learning rate of every step.
    pub schedule: Schedule,
    /// Gradient clipping; `None` for none.
    pub clip: Option<Clip>,
    /// Number of batches in one step, at least 1. The last step of an epoch takes the remaining ones.
    pub grad_accum: usize,
}

/// Gradient clipping.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clip {
    /// Maximum norm of all gradients together, above 0.
    pub max_norm: f64,
    /// The first step whose gradients are clipped. The book does not clip during the warm-up.
    #[serde(default)]
    pub first_step: usize,
}

/// Why a recipe is refused.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum RecipeError {
    /// A number outside its range.
    #[error("{name} is {value}, but must be {allowed}")]
    Value {
        /// Its name.
        name: &'static str,
        /// Its value.
        value: f64,
        /// What is allowed.
        allowed: String,
    },
    /// The peak would never be reached.
    #[error(
        "the warm-up takes {warmup_steps} steps, but the whole run has only {total_steps}: \
         take a shorter warm-up or more epochs"
    )]
    WarmupTooLong {
        /// Number of steps in the warm-up.
        warmup_steps: usize,
        /// Number of steps in the run.
        total_steps: usize,
    },
}

impl Default for Recipe {
    fn default() -> Self {
        Self { schedule: Schedule::default(), clip: None, grad_accum: 1 }
    }
}

impl Recipe {
    /// Number of steps in a run of `epochs` epochs of `num_batches` batches.
    pub fn total_steps(&self, num_batches: usize, epochs: usize) -> usize {
        num_batches.div_ceil(self.grad_accum) * epochs
    }

    /// Checks everything against the peak learning rate and the length of the run.
    ///
    /// # Errors
    /// The first value out of range, and what is allowed.
    pub fn validate(&self, peak_lr: f64, num_batches: usize, epochs: usize) -> Result<(), RecipeError> {
        let require = |ok: bool, name, value, allowed: &str| {
            if ok { Ok(()) } else { Err(RecipeError::Value { name, value, allowed: allowed.to_string() }) }
        };
        require(self.grad_accum > 0, "grad_accum", self.grad_accum as f64, "at least 1")?;
        let Schedule { warmup_steps, initial_lr, min_lr, .. } = self.schedule;
        let range = format!("between 0 and the peak, which is {peak_lr}");
        require((0.0..=peak_lr).contains(&initial_lr), "initial_lr", initial_lr, &range)?;
        require((0.0..=peak_lr).contains(&min_lr), "min_lr", min_lr, &range)?;
        if let Some(Clip { max_norm, .. }) = self.clip {
            require(max_norm.is_finite() && max_norm > 0.0, "max_norm", max_norm, "a number above 0")?;
        }
        let total_steps = self.total_steps(num_batches, epochs);
        if warmup_steps > 0 && warmup_steps >= total_steps {
            return Err(RecipeError::WarmupTooLong { warmup_steps, total_steps });
        }
        Ok(())
    }
}
