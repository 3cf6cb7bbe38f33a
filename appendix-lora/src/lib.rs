//! Appendix E: LoRA, low-rank adaptation (Hu et al., 2021).
//!
//! Fine-tuning adds a matrix ΔW to every weight W. LoRA keeps W and learns ΔW as the product of two thin matrices:
//!
//! ```text
//! y = x W + b + scale · (x A) B        A: [d_in, rank], B: [rank, d_out]
//! ```
//!
//! Read the modules in this order:
//!
//! | section | module | what |
//! |---|---|---|
//! | E.4 | [`lora_layer`] | the two matrices, their first values, their scale |
//! | E.4 | [`linear_with_lora`] | a linear layer and its LoRA layer, side by side |
//! | E.4 | [`attach`] | a LoRA layer for every linear layer of a model; nothing else is trained |
//! | | [`merge`] | the LoRA layers become part of the weights |

#![warn(clippy::unwrap_used)]

pub mod attach;
pub mod linear_with_lora;
pub mod lora_layer;
pub mod merge;

pub use attach::{attach_layers, attach_lora, freeze, linear_weights};
pub use linear_with_lora::LinearWithLora;
pub use lora_layer::{LoraLayer, LoraSettings, Scale, SettingsError};
pub use merge::merge_lora;
