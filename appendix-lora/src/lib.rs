//! Appendix E: LoRA, low-rank adaptation (Hu et al., 2021).
//!
//! Fine-tuning adds a matrix ΔW to every weight W. LoRA keeps W and learns ΔW as the product of two thin matrices:
//!
//! ```text
//! y = x W + b + scale · (x A) B        A: [d_in, rank], B: [rank, d_out]
//! ```
//!
//! | section | module | what |
//! |---|---|---|
//! | E.4 | [`lora_layer`] | the two matrices, their first values, their strength |
//! | E.4 | [`linear_with_lora`] | a linear layer and its addition |
//! | E.4 | [`linear_layers`](mod@linear_layers) | which linear layers a model has, and how they are called |
//! | E.4 | [`replace`] | an addition for every linear layer of a model; nothing else is trained |
//! | | [`merge`] | the additions become part of the weights |
//! | | [`adapter_file`] | the additions alone in a folder, as the `peft` library keeps them |

#![warn(clippy::unwrap_used)]

pub mod adapter_file;
pub mod linear_layers;
pub mod linear_with_lora;
pub mod lora_layer;
pub mod merge;
pub mod replace;

pub use adapter_file::{AdapterError, load_adapter, save_adapter};
pub use linear_layers::{LinearLayers, linear_layers};
pub use linear_with_lora::LinearWithLora;
pub use lora_layer::{LoraLayer, LoraSettings, Scale, SettingsError};
pub use merge::merge_lora;
pub use replace::{freeze, replace_linear_with_lora};
