//! The options of `llm pretrain` for appendix D: learning rate schedule, clipping, gradient accumulation.

use anyhow::{Result, bail, ensure};
use appendix_train_tricks::{Clip, Decay, Recipe};

use crate::terminal::positive;

/// The learning rate at the start of a warm-up and at the end of a decay by default, as a share of the peak: the book's
/// choice in section D.4.
const LOW_SHARE: f64 = 0.01;

#[derive(clap::Args)]
pub struct RecipeArgs {
    /// Number of steps in which the learning rate rises from --initial-lr to --lr [default: 0]
    #[arg(long, value_name = "N", conflicts_with = "warmup_ratio", allow_negative_numbers = true)]
    warmup_steps: Option<usize>,
    /// --warmup-steps as a share of all steps, at least 0 and below 1
    #[arg(long, value_name = "X", value_parser = ratio, allow_negative_numbers = true)]
    warmup_ratio: Option<f64>,
    /// Learning rate of the first step of a warm-up [default: a hundredth of --lr]
    #[arg(long, value_name = "X", value_parser = not_negative, allow_negative_numbers = true)]
    initial_lr: Option<f64>,
    /// Learning rate at the end of a decay [default: a hundredth of --lr]
    #[arg(long, value_name = "X", value_parser = not_negative, allow_negative_numbers = true)]
    min_lr: Option<f64>,
    /// Learning rate after the warm-up: cosine, linear or constant [default: cosine with --min-lr, else constant]
    #[arg(long, value_name = "SHAPE")]
    lr_schedule: Option<Decay>,
    /// Scale the gradients of a step down where their global norm exceeds this, above 0 [default: no clipping]
    #[arg(long, value_name = "X", value_parser = above_zero, allow_negative_numbers = true)]
    clip_grad_norm: Option<f64>,
    /// Number of batches per step (gradient accumulation): like one batch of N times the size, with the memory of one
    /// [default: 1]
    #[arg(long, value_name = "N", value_parser = positive, allow_negative_numbers = true)]
    grad_accum: Option<usize>,
}

impl RecipeArgs {
    /// `recipe` with the options applied, checked for a run of `epochs` epochs of `num_batches` batches.
    pub fn apply(&self, mut recipe: Recipe, peak_lr: f64, num_batches: usize, epochs: usize) -> Result<Recipe> {
        recipe.grad_accum = self.grad_accum.unwrap_or(recipe.grad_accum);
        if let Some(max_norm) = self.clip_grad_norm {
            recipe.clip = Some(Clip { max_norm, first_step: 0 });
        }

        let schedule = &mut recipe.schedule;
        let no_warmup = schedule.warmup_steps == 0;
        let steps = num_batches.div_ceil(recipe.grad_accum.max(1)) * epochs;
        if let Some(ratio) = self.warmup_ratio {
            schedule.warmup_steps = (ratio * steps as f64) as usize;
        }
        schedule.warmup_steps = self.warmup_steps.unwrap_or(schedule.warmup_steps);
        if no_warmup && schedule.warmup_steps > 0 {
            schedule.initial_lr = LOW_SHARE * peak_lr;
        }
        if let Some(initial_lr) = self.initial_lr {
            if let (0, Some(ratio)) = (schedule.warmup_steps, self.warmup_ratio) {
                bail!(
                    "--warmup-ratio {ratio} gives a warm-up of 0 of {steps} steps, so --initial-lr has no effect; give a \
                     larger ratio or --warmup-steps"
                );
            }
            ensure!(
                schedule.warmup_steps > 0,
                "--initial-lr is the start of a warm-up: it needs --warmup-steps or --warmup-ratio"
            );
            schedule.initial_lr = initial_lr;
        }

        let no_decay = schedule.decay == Decay::Constant;
        let implied = if no_decay && self.min_lr.is_some() { Decay::Cosine } else { schedule.decay };
        schedule.decay = self.lr_schedule.unwrap_or(implied);
        if no_decay && schedule.decay != Decay::Constant {
            schedule.min_lr = LOW_SHARE * peak_lr;
        }
        if let Some(min_lr) = self.min_lr {
            ensure!(
                schedule.decay != Decay::Constant,
                "--min-lr is the end of a decay: it needs --lr-schedule cosine or linear, not constant"
            );
            schedule.min_lr = min_lr;
        }
        recipe.validate(peak_lr, num_batches, epochs)?;
        Ok(recipe)
    }
}

/// For clap: a number for which `ok` holds.
fn number(text: &str, ok: fn(f64) -> bool, allowed: &str) -> Result<f64, String> {
    let number: f64 = text.parse().map_err(|_| "is not a number".to_string())?;
    if number.is_finite() && ok(number) { Ok(number) } else { Err(format!("must be {allowed}")) }
}

fn ratio(text: &str) -> Result<f64, String> {
    number(text, |x| (0.0..1.0).contains(&x), "at least 0 and below 1")
}

fn not_negative(text: &str) -> Result<f64, String> {
    number(text, |x| x >= 0.0, "at least 0")
}

fn above_zero(text: &str) -> Result<f64, String> {
    number(text, |x| x > 0.0, "above 0")
}
