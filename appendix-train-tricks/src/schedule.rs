//! The learning rate of every step (sections D.1 and D.2).

use std::f64::consts::PI;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// How the learning rate falls after the warm-up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Decay {
    /// No decay: the learning rate stays at the peak.
    #[default]
    Constant,
    /// Half a cosine: slowly at first, steeply in the middle, slowly at the end.
    Cosine,
    /// A straight line.
    Linear,
}

impl FromStr for Decay {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "constant" => Ok(Self::Constant),
            "cosine" => Ok(Self::Cosine),
            "linear" => Ok(Self::Linear),
            _ => Err("must be constant, cosine or linear".to_string()),
        }
    }
}

/// The learning rate over the steps of a run: a linear rise from `initial_lr` to the peak, then a decay towards `min_lr`.
///
/// The peak is no field: it is the learning rate of the training configuration, as the book takes it from the optimizer. The
/// default is that learning rate at every step.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Schedule {
    /// Number of steps in the rise; 0 for none.
    pub warmup_steps: usize,
    /// Learning rate of the first step, if there is a warm-up.
    pub initial_lr: f64,
    /// Learning rate at the end of the decay, one step after the last step of the run.
    pub min_lr: f64,
    /// Shape of the decay.
    pub decay: Decay,
}

impl Schedule {
    /// The learning rate of step `step` (from 0) in a run of `total_steps`. With `w` warm-up steps:
    ///
    /// ```text
    /// s < w    initial + s (peak - initial) / w
    /// s ≥ w    progress = (s - w) / (total - w)
    ///          cosine:   min + (peak - min) (1 + cos(π progress)) / 2
    ///          linear:   min + (peak - min) (1 - progress)
    ///          constant: peak
    /// ```
    ///
    /// From step `total_steps` on, it stays at the end of the decay.
    pub fn learning_rate(&self, step: usize, peak_lr: f64, total_steps: usize) -> f64 {
        if step < self.warmup_steps { self.warm_up(step, peak_lr) } else { self.decay(step, peak_lr, total_steps) }
    }

    /// The rise (section D.1): the learning rate of a step below `warmup_steps`.
    pub fn warm_up(&self, step: usize, peak_lr: f64) -> f64 {
        let increment = (peak_lr - self.initial_lr) / self.warmup_steps as f64;
        self.initial_lr + step as f64 * increment
    }

    /// The decay (section D.2): the learning rate of a step from `warmup_steps` on.
    pub fn decay(&self, step: usize, peak_lr: f64, total_steps: usize) -> f64 {
        let Self { warmup_steps, min_lr, decay, .. } = *self;
        let decay_steps = total_steps.saturating_sub(warmup_steps).max(1) as f64;
        let progress = ((step - warmup_steps) as f64 / decay_steps).min(1.0);
        match decay {
            Decay::Constant => peak_lr,
            Decay::Cosine => min_lr + (peak_lr - min_lr) * 0.5 * (1.0 + (PI * progress).cos()),
            Decay::Linear => min_lr + (peak_lr - min_lr) * (1.0 - progress),
        }
    }
}
