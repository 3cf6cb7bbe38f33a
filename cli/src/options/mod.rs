//! Groups of command line options that several commands have, each declared once.
//!
//! The types have no doc comments: clap would show them as the description of the command.

mod answer;
mod device;
#[cfg(test)]
pub mod help;
mod lora;
mod model;
mod precision;
mod recipe;
mod sampling;
mod seed;
mod text;
mod tokenizer;
mod weights;

pub use answer::{AnswerArgs, Answerer};
pub use device::DeviceArgs;
pub use lora::LoraArgs;
pub use model::{BaseModelArgs, MODEL_HELP, ModelArgs};
pub use precision::PrecisionArgs;
pub use recipe::RecipeArgs;
pub use sampling::{SamplingArgs, TopPArgs, share};
pub use seed::SeedArgs;
pub use text::{TextArgs, TextSource, TypedText, absolute, standard_input, typed_text};
pub use tokenizer::{TokenizerArgs, vocab_size, vocab_size_or_gpt2};
pub use weights::{WeightPrecision, WeightsArgs};
