//! Llama, Qwen3 and Gemma 3: text generation with their weights.
//!
//! What GPT-2's decoder does ([`decode`](super)), for models with root mean square norms, rotary positions, shared heads of
//! keys and values, and a feed-forward network with a gate. The formulas stand in the crate `bonus-llama`.
//!
//! Few heads of keys and values cannot be divided among threads evenly, so the work is divided otherwise than in GPT-2. Each
//! thread computes some of the vectors of queries, keys and values, then the attention of some query heads and their rows of the
//! output projection; there is a barrier after each, and one after the feed-forward network. A barrier takes less than a
//! microsecond.
//!
//! | file | what |
//! |---|---|
//! | `weights` | the weights of a model |
//! | `rms_norm` | the norm |
//! | `rope` | the rotation of queries and keys |
//! | `gate` | the function of the feed-forward network |
//! //! | `state` | what the threads share, and what each of them owns |
//! | `token` | one token of each text: the work of each thread |
//! | `prompt` | many tokens at once |

mod gate;
mod prompt;
mod rms_norm;
mod rope;
mod state;
mod token;
mod weights;

pub use super::decoder::LlamaDecoder;
pub use gate::Activation;
pub use rms_norm::RmsNorm;
pub(super) use state::LlamaState;
pub use weights::{Embedding, LlamaBlockWeights, LlamaWeights};
