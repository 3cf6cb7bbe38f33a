//! The options of `llm pretrain`.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use shared::GptConfig;

use crate::options::{DeviceArgs, PrecisionArgs, RecipeArgs, TextArgs};
use crate::run_folder::PRETRAIN_FOLDER;
use crate::terminal::positive;

#[derive(clap::Args)]
#[command(allow_negative_numbers = true)]
pub struct Args {
    #[command(flatten)]
    pub text: TextArgs,
    /// Size of the model: tiny, gpt2-small (124M), gpt2-medium (355M), gpt2-large (774M), gpt2-xl (1558M)
    #[arg(long, value_name = "SIZE", default_value = "tiny", value_parser = GptConfig::preset)]
    pub size: GptConfig,
    /// JSON file {"model": {...}, "training": {...}}; the other options override it
    #[arg(long, value_name = "FILE", conflicts_with = "size")]
    pub config: Option<PathBuf>,
    /// Number of epochs: passes over the text
    #[arg(long, value_name = "N", value_parser = positive)]
    pub epochs: Option<usize>,
    /// Windows in a batch
    #[arg(long, value_name = "N", value_parser = positive)]
    pub batch_size: Option<usize>,
    /// Tokens in a window; also the maximum number of tokens that the model can see
    #[arg(long, value_name = "N", value_parser = positive)]
    pub context_length: Option<usize>,
    /// Learning rate; its peak if there is a schedule
    #[arg(long, value_name = "X")]
    pub lr: Option<f64>,
    #[command(flatten)]
    pub recipe: RecipeArgs,
    /// Weight decay
    #[arg(long, value_name = "X")]
    pub weight_decay: Option<f64>,
    /// Dropout rate
    #[arg(long, value_name = "X")]
    pub drop_rate: Option<f64>,
    /// Seed of all random numbers; the same seed gives the same run
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Steps between two evaluations
    #[arg(long, value_name = "N", value_parser = positive)]
    pub eval_freq: Option<usize>,
    /// Batches in an evaluation
    #[arg(long, value_name = "N", value_parser = positive)]
    pub eval_iter: Option<usize>,
    /// Start of the samples
    #[arg(long, value_name = "TEXT")]
    pub prompt: Option<String>,
    /// Folder for the model and the loss plot
    #[arg(long, value_name = "DIR", default_value = PRETRAIN_FOLDER)]
    pub out: PathBuf,
    /// File for the log of all losses, one JSON object per line
    #[arg(long, value_name = "FILE")]
    pub log: Option<PathBuf>,
    #[command(flatten)]
    pub device: DeviceArgs,
    /// Draw dropout masks on the host also for a GPU, so that a seed gives the same masks everywhere
    #[arg(long)]
    pub reproducible_masks: bool,
    #[command(flatten)]
    pub precision: PrecisionArgs,
    /// Save a checkpoint every N steps, besides the end of each epoch, so that the run can be continued
    #[arg(long, value_name = "N", value_parser = positive)]
    pub save_every: Option<usize>,
    /// Continue the run in this folder; only --epochs and --device can be given with it, and --text and --log if these
    /// files were moved
    #[arg(long, value_name = "DIR", conflicts_with_all = ["dataset", "size", "config", "batch_size",
        "context_length", "lr", "weight_decay", "drop_rate", "seed", "eval_freq", "eval_iter", "prompt", "out",
        "reproducible_masks", "plain", "precision", "save_every", "warmup_steps", "warmup_ratio", "initial_lr", "min_lr",
        "lr_schedule", "clip_grad_norm", "grad_accum"])]
    pub resume: Option<PathBuf>,
}

/// The path from the root, which also holds when the run is continued in another folder.
pub fn absolute(path: &Path) -> Result<PathBuf> {
    std::path::absolute(path).with_context(|| format!("{} is not a path", path.display()))
}
