//! Chapter 3: attention, in which every token of a text takes from the others what it needs.
//!
//! Four mechanisms follow one another, and each adds one thing to the one before. Read the modules in this order:
//!
//! | section | module | what |
//! |---|---|---|
//! | 3.3.1 | [`running_example`] | the sentence that all sections compute with |
//! | 3.3 | [`simplified`] | scores, weights, context vectors, nothing to train yet |
//! | 3.4 | [`self_attention`] | queries, keys and values from trainable matrices |
//! | 3.5.1 | [`causal_mask`] | two ways to hide the future |
//! | 3.5.2, 3.5.3 | [`causal`] | batches, mask and dropout in one module |
//! | 3.6.1 | [`multi_head_wrapper`] | several heads, one after the other |
//! | 3.6.2 | [`multi_head`] | several heads at once: the module that the GPT model of chapter 4 uses |
//! | bonus | [`bonus`] | the same attention written in other ways, some of them faster |
//!
//! Dropout itself (3.5.2) is [`shared::Dropout`].
//!
//! ```
//! use burn::tensor::Device;
//! use ch03_attention::{MultiHeadAttention, MultiHeadAttentionConfig, running_example};
//! use shared::{Mode, init::torch_init, rng::TorchRng};
//!
//! let (device, mut rng) = (Device::flex(), TorchRng::new(123));
//! let config =
//!     MultiHeadAttentionConfig { d_in: 3, d_out: 2, context_length: 6, num_heads: 2, dropout: 0.0, qkv_bias: false };
//! let attention = torch_init(MultiHeadAttention::new(&config, &device), &mut rng);
//! let context = attention.forward(running_example::batch(&device), &mut Mode::Eval);
//! assert_eq!(context.dims(), [2, 6, 2]); // [batch, tokens, d_out]
//! ```

#![warn(clippy::unwrap_used)]

pub mod bonus;
pub mod causal;
pub mod causal_mask;
pub mod multi_head;
pub mod multi_head_wrapper;
pub mod running_example;
pub mod self_attention;
pub mod simplified;

pub use causal::{CausalAttention, CausalAttentionConfig};
pub use multi_head::{MultiHeadAttention, MultiHeadAttentionConfig};
pub use multi_head_wrapper::{MultiHeadAttentionWrapper, MultiHeadAttentionWrapperConfig};
pub use self_attention::{SelfAttentionV1, SelfAttentionV2, SelfAttentionV2Config};
