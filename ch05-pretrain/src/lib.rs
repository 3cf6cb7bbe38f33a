//! Chapter 5: a GPT learns from text, writes, and can be kept.
//!
//! | section | module | what |
//! |---|---|---|
//! | 5.1 | [`tokens`] | text to ids and back |
//! | 5.1 | [`loss`] | cross entropy, perplexity, the loss of a batch and of a loader |
//! | 5.1 | [`text_split`] | training and validation part of a text, and their loaders |
//! | 5.2 | [`adamw`] | the optimizer |
//! | 5.2 | [`train`] | the training loop and its evaluations |
//! | 5.2 | [`sample`] | what the model writes while it learns |
//! | 5.2 | [`loss_plot`] | the losses as a picture |
//! | 5.3 | [`mod@generate`] | temperature, top-k, the next token by chance |
//! | | [`decoder`] | the same at the speed of the memory, on the CPU |
//! | 5.3 | [`stream`] | text that is shown while it is written |
//! | 5.4 | [`checkpoint`] | a model in a folder |
//! | 5.4 | [`training_checkpoint`] | a run in a folder, to be continued |
//! | 5.5 | [`gpt2`] | GPT-2's published weights |
//! | | [`inspect`] | what a model is made of, and how well it knows a text |

#![warn(clippy::unwrap_used)]

pub mod adamw;
pub mod checkpoint;
pub mod decoder;
pub mod generate;
pub mod gpt2;
pub mod inspect;
pub mod loss;
pub mod loss_plot;
pub mod sample;
pub mod stream;
pub mod text_split;
pub mod tokens;
pub mod train;
pub mod training_checkpoint;

pub use adamw::AdamW;
pub use checkpoint::{CONFIG_FILE, WEIGHTS_FILE, load_model, save_model};
pub use generate::{GenerateError, GenerateOptions, Generator, generate, generate_with};
pub use gpt2::{ModelKind, model_kind, open_model};
pub use loss::{Batches, calc_loss_batch, calc_loss_loader, cross_entropy, perplexity};
pub use text_split::{Loaders, split_text};
pub use tokens::{text_to_token_ids, token_ids_to_text};
pub use train::{Evaluation, Event, Run, evaluate_model, train_model_simple, training_loop};
pub use training_checkpoint::{RunError, RunFile, load_checkpoint, load_run_file, newest_checkpoint, save_checkpoint};
