//! Chapter 5: a GPT learns from text, generates text, and is saved.
//!
//! Read the modules in this order:
//!
//! | section | module | what |
//! |---|---|---|
//! | 5.1 | [`tokens`] | text to ids and back |
//! | 5.1 | [`loss`] | cross entropy, perplexity, the loss of a batch and of a loader |
//! | 5.1 | [`text_split`] | training and validation part of a text, and their loaders |
//! | 5.2 | [`adamw`] | the optimizer |
//! | 5.2 | [`train`] | the training loop and its evaluations |
//! | 5.2 | [`sample`] | what the model generates while it learns |
//! | 5.3 | [`mod@generate`] | temperature, top-k, the next token by chance |
//! | 5.4 | [`save_load`] | weights in a file, and the optimizer's state with them |
//! | 5.5 | [`gpt2`] | GPT-2's published weights |

#![warn(clippy::unwrap_used)]

pub mod adamw;
pub mod generate;
pub mod gpt2;
pub mod loss;
pub mod sample;
pub mod save_load;
pub mod text_split;
pub mod tokens;
pub mod train;

pub use adamw::AdamW;
pub use generate::{GenerateError, GenerateOptions, generate};
pub use gpt2::load_weights_into_gpt;
pub use loss::{calc_loss_batch, calc_loss_loader, perplexity};
pub use save_load::{load_model_and_optimizer, load_weights, save_model_and_optimizer, save_weights};
pub use shared::{IGNORE_INDEX, cross_entropy};
pub use text_split::{Loaders, split_text};
pub use tokens::{text_to_token_ids, token_ids_to_text};
pub use train::{Evaluation, evaluate_model, train_model_simple};
