//! A whole GPT on the operations of [`kernels`]: the numbers of the lessons, faster.
//!
//! The lessons hold the formulas. This crate computes the same from the public fields of their types: `tests/` holds
//! every part to the lesson that it replaces. A model takes over the fast forward pass in one place,
//! [`GptModel::fast`](ch04_gpt::GptModel):
//!
//! ```
//! use burn::tensor::{Device, Int, Tensor};
//! use ch04_gpt::GptModel;
//! use shared::{GptConfig, Mode, init::torch_init, rng::TorchRng};
//!
//! let device = Device::flex();
//! let config = GptConfig { vocab_size: 100, ..GptConfig::preset("tiny")? };
//! let lesson = torch_init(GptModel::new(&config, &device), &mut TorchRng::new(123));
//! let fast = fast::accelerate(lesson.clone());
//! let ids = Tensor::<2, Int>::from_ints([[1, 2, 3, 4]], &device);
//! let difference = fast.forward(ids.clone(), &mut Mode::Eval) - lesson.forward(ids, &mut Mode::Eval);
//! assert!(difference.abs().max().into_scalar::<f32>() < 1e-5);
//! # Ok::<(), shared::config::ConfigError>(())
//! ```
//!
//! | module | instead of |
//! |---|---|
//! | [`mod@forward`], [`operations`] | [`GptModel::forward`](ch04_gpt::GptModel::forward) and everything it calls |
//! | [`loss`], [`adamw`], [`accelerated`] | the loss and the optimizer of chapter 5 |
//! | [`generator`] | [`generate`](ch05_pretrain::generate()) of chapter 5 and [`respond`](ch07_instruct::respond) of chapter 7 |
//! | [`cache`], [`cpu_decoder`] | the key-value cache of chapter 4; the second for one text on the CPU |
//! | [`llama_decoder`], [`llama_generator`] | [`LlamaCache`](bonus_llama::LlamaCache) and generation with Llama, Qwen3 and Gemma 3, on the CPU |
//! | [`inside`] | [`GptModel::look_inside`](ch04_gpt::GptModel::look_inside): attention weights and the logit lens |
//! | [`batch`] | the texts of many requests at the same time |
//! | [`precision`] | weights in 16, 8 and 4 bits |
//! | [`prompt`] | what a model sees of a prompt, and whether it can continue it |
//! | [`top_k`] | [`top_k_filter`](ch05_pretrain::generate::top_k_filter) of chapter 5 |
//! | [`token_filter`] | which tokens can come next, besides top-k and temperature |
//! | [`stream`], [`conversation`] | text that is shown while it is generated, and a chat |

#![warn(clippy::unwrap_used)]

pub mod accelerated;
pub mod adamw;
pub mod batch;
mod block_cache;
pub mod cache;
pub mod conversation;
pub mod cpu_decoder;
pub mod forward;
pub mod generator;
mod gpu_block;
pub mod inside;
pub mod llama_decoder;
pub mod llama_error;
pub mod llama_forward;
pub mod llama_generator;
pub mod loss;
pub mod operations;
pub mod precision;
pub mod prompt;
pub mod stream;
pub mod token_filter;
pub mod top_k;

pub use accelerated::Accelerated;
pub use adamw::adamw_step;
pub use batch::{Batch, TextToWrite, TokenScore};
pub use conversation::Conversation;
pub use forward::{accelerate, forward, forward_with, mixed};
pub use generator::{EntryResponse, Generator};
pub use inside::Inspect;
pub use llama_decoder::LlamaCpuDecoder;
pub use llama_error::LlamaError;
pub use llama_forward::{accelerate_llama, llama_forward, llama_loss_batch};
pub use llama_generator::{Finish, Generated, LlamaGenerator, LlamaOptions};
pub use loss::{calc_loss_batch, cross_entropy};
pub use operations::{Operations, Products};
pub use prompt::{PromptError, check_ids, check_prompt, crop};
pub use stream::TextStream;
pub use token_filter::TokenFilter;
