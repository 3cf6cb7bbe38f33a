//! The options of `llm pretrain`.

use std::path::PathBuf;

use shared::GptConfig;

use crate::options::{DeviceArgs, PrecisionArgs, RecipeArgs, TextArgs, TypedText, typed_text, vocab_size_or_gpt2};
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
    /// JSON file with settings, as --print-config writes it; what it leaves out is as --size has it, and the other options
    /// override it
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Print all settings of the run as a file for --config, and do not train
    #[arg(long)]
    pub print_config: bool,
    /// Number of tokens in the vocabulary, which is trained on the text first; "gpt2" takes GPT-2's with its 50257 tokens
    /// [default: 768 for tiny, gpt2 for GPT-2's sizes]
    #[arg(long, value_name = "N", value_parser = vocab_size_or_gpt2)]
    pub vocab_size: Option<usize>,
    /// Folder with the vocabulary to use: one of `llm tokenizer train`, or that of a model
    #[arg(long, value_name = "DIR", conflicts_with = "vocab_size")]
    pub tokenizer: Option<PathBuf>,
    /// Number of epochs: passes over the text [default: 12 for tiny, 10 for GPT-2's sizes]
    #[arg(long, value_name = "N", value_parser = positive)]
    pub epochs: Option<usize>,
    /// Number of windows in a batch [default: 4 for tiny, 2 for GPT-2's sizes]
    #[arg(long, value_name = "N", value_parser = positive)]
    pub batch_size: Option<usize>,
    /// Number of tokens in a window; also the maximum number of tokens that the model can see [default: 64 for tiny, 256 for
    /// GPT-2's sizes]
    #[arg(long, value_name = "N", value_parser = positive)]
    pub context_length: Option<usize>,
    /// Learning rate; its peak if there is a schedule [default: 0.002 for tiny, 0.0004 for GPT-2's sizes]
    #[arg(long, value_name = "X")]
    pub lr: Option<f64>,
    #[command(flatten)]
    pub recipe: RecipeArgs,
    /// Weight decay of AdamW, at least 0 [default: 0.1]
    #[arg(long, value_name = "X")]
    pub weight_decay: Option<f64>,
    /// Dropout rate, at least 0 and below 1 [default: 0.1]
    #[arg(long, value_name = "X")]
    pub drop_rate: Option<f64>,
    /// Seed of all random numbers; the same seed gives the same run [default: 123]
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Number of steps between two evaluations [default: 10 for tiny, 5 for GPT-2's sizes]
    #[arg(long, value_name = "N", value_parser = positive)]
    pub eval_freq: Option<usize>,
    /// Number of batches in an evaluation, of the training part and of the validation part [default: 4 for tiny, 5 for GPT-2's
    /// sizes]
    #[arg(long, value_name = "N", value_parser = positive)]
    pub eval_iter: Option<usize>,
    /// Start of the samples; - reads standard input [default: "Every effort moves you", or one that suits the embedded story]
    #[arg(long, value_name = "TEXT", value_parser = typed_text)]
    pub prompt: Option<TypedText>,
    /// Folder for the model and the loss plot
    #[arg(long, value_name = "DIR", default_value = PRETRAIN_FOLDER)]
    pub out: PathBuf,
    /// File for the log of all losses, one JSON object per line [default: no log]
    #[arg(long, value_name = "FILE")]
    pub log: Option<PathBuf>,
    #[command(flatten)]
    pub device: DeviceArgs,
    /// Draw dropout masks on the host also for a GPU, so that a seed gives the same masks everywhere
    #[arg(long)]
    pub reproducible_masks: bool,
    #[command(flatten)]
    pub precision: PrecisionArgs,
    /// Save a checkpoint every N steps, so that the run can be continued [default: at the end of each epoch and after Ctrl-C
    /// only]
    #[arg(long, value_name = "N", value_parser = positive)]
    pub save_every: Option<usize>,
    /// Continue the run in this folder; only --epochs and --device can be given with it, and --text and --log if these
    /// files were moved
    #[arg(long, value_name = "DIR", conflicts_with_all = ["dataset", "size", "config", "print_config", "vocab_size",
        "tokenizer", "batch_size", "context_length", "lr", "weight_decay", "drop_rate", "seed", "eval_freq", "eval_iter",
        "prompt", "out", "reproducible_masks", "plain", "precision", "save_every", "warmup_steps", "warmup_ratio",
        "initial_lr", "min_lr", "lr_schedule", "clip_grad_norm", "grad_accum"])]
    pub resume: Option<PathBuf>,
}
