//! Chapter 4: a GPT model, put together from its parts, and greedy text generation.
//!
//! Read the modules in this order:
//!
//! | section | module | what |
//! |---|---|---|
//! | 4.1 | [`dummy_gpt`] | the skeleton: embeddings and output layer, with placeholders between |
//! | 4.2 | [`layer_norm`] | layer normalization |
//! | 4.3 | [`mod@gelu`], [`feed_forward`] | the activation and the network that uses it |
//! | 4.4 | [`shortcut`] | what shortcut connections do to gradients |
//! | 4.5 | [`transformer_block`] | attention and feed-forward with norms, dropout and shortcuts |
//! | 4.6 | [`gpt_model`] | the model, and what it weighs |
//! | 4.7 | [`generate`] | one token after the other |
//! | bonus | [`bonus`] | generation that computes every token once; what later models changed, and what it saves |
//!
//! ```
//! use burn::tensor::{Device, Int, Tensor};
//! use ch04_gpt::GptModel;
//! use shared::{GptConfig, Mode, init::torch_init, rng::TorchRng};
//!
//! let device = Device::flex();
//! let config = GptConfig { vocab_size: 100, ..GptConfig::preset("tiny")? };
//! let model = torch_init(GptModel::new(&config, &device), &mut TorchRng::new(123));
//! let ids = Tensor::<2, Int>::from_ints([[1, 2, 3, 4]], &device);
//! assert_eq!(model.forward(ids, &mut Mode::Eval).dims(), [1, 4, 100]);
//! # Ok::<(), shared::config::ConfigError>(())
//! ```

#![warn(clippy::unwrap_used)]

pub mod bonus;
pub mod dummy_gpt;
pub mod feed_forward;
pub mod gelu;
pub mod generate;
pub mod gpt_model;
pub mod layer_norm;
pub mod shortcut;
pub mod transformer_block;

pub use dummy_gpt::DummyGptModel;
pub use feed_forward::FeedForward;
pub use gelu::gelu;
pub use generate::generate_text_simple;
pub use gpt_model::{Forward, GptModel};
pub use layer_norm::LayerNorm;
pub use transformer_block::TransformerBlock;
