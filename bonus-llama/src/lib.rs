//! Bonus: the models after GPT-2. Chapter 4's GPT becomes a Llama, one change at a time; then what Qwen3 and Gemma 3 do
//! differently.
//!
//! Read the modules in this order:
//!
//! | module | instead of chapter 4's | what |
//! |---|---|---|
//! | [`rms_norm`] | layer normalization | the division without the mean |
//! | [`rope`] | position table | positions turn queries and keys |
//! | [`rope_scaling`] | | Llama 3's longer context |
//! | [`feed_forward`] | GELU network | a gate: SwiGLU |
//! | [`attention`] | multi-head attention | query heads share keys and values; no biases |
//! | [`block`], [`model`] | block and model | all of it put together, with a tied head |
//! | [`cache`] | | a new token costs the work of one token |
//! | [`qk_norm`] | | Qwen3: norms of queries and keys |
//! | [`gemma3`] | | Gemma 3: windows, two bases, norms on both sides, an embedding factor |
//! | [`inside`] | | attention weights and the logit lens, to look at |
//! | [`config`], [`sizes`] | | the sizes, and those of published models |
//! | [`classifier`] | | fine-tuning: a classification head, what is trained, LoRA (chapter 6 and appendix E) |
//!
//! ```
//! use bonus_llama::{LlamaConfig, LlamaModel};
//! use burn::tensor::{Device, Int, Tensor};
//! use shared::{Mode, init::torch_init, rng::TorchRng};
//!
//! let device = Device::flex();
//! let config = LlamaConfig { vocab_size: 100, ..LlamaConfig::preset("tiny")? };
//! let model = torch_init(LlamaModel::new(&config, &device), &mut TorchRng::new(123));
//! let ids = Tensor::<2, Int>::from_ints([[1, 2, 3, 4]], &device);
//! assert_eq!(model.forward(ids, &mut Mode::Eval).dims(), [1, 4, 100]);
//! # Ok::<(), shared::config::ConfigError>(())
//! ```

#![warn(clippy::unwrap_used)]

pub mod attention;
pub mod block;
pub mod cache;
pub mod classifier;
pub mod config;
pub mod feed_forward;
pub mod gemma3;
pub mod inside;
pub mod model;
pub mod qk_norm;
pub mod rms_norm;
pub mod rope;
pub mod rope_scaling;
pub mod sizes;

pub use attention::GroupedQueryAttention;
pub use block::LlamaBlock;
pub use cache::{LlamaCache, generate_greedy};
pub use classifier::{add_classification_head, attach_lora_to_blocks, set_trainable};
pub use config::{Family, Gemma3Config, LlamaConfig, RopeScaling};
pub use feed_forward::GatedFeedForward;
pub use model::{LlamaForward, LlamaModel};
pub use rms_norm::RmsNorm;
pub use rope::{Rope, Rotation};
