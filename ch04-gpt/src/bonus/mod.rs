//! Bonus: generation with a key-value cache, and what later models changed about attention and the feed-forward
//! network.
//!
//! | module | idea | what it saves |
//! |---|---|---|
//! | [`kv_cache`], [`attention_cache`] | keys and values are kept while a text grows | time per token |
//! | [`grouped_query`] | several query heads share one head of keys and values | memory for past tokens |
//! | [`latent`] | keys and values are recomputed from a short vector | memory for past tokens |
//! | [`sliding_window`] | a token sees only its nearest predecessors | memory and time in long texts |
//! | [`mixture_of_experts`] | many feed-forward networks, few of them active | time per token |
//! | [`gated_attention`] | a gate on the heads' result | nothing; training gets steadier |
//! | [`gated_delta_net`] | a memory of fixed size instead of attention | time and memory in long texts |
//! | [`hybrid_gpt`] | a GPT that chooses for every layer | |
//! | [`flops`] | arithmetic of a forward pass, and how well a GPU is used | |
//! | [`cache_memory`] | bytes that past tokens take | |
//! | [`expert_sizes`] | parameters of a mixture of experts, all and active | |
//! | [`inside`] | attention weights and the logit lens, to look at | |
//!
//! Grouped queries, latent vectors and windows change what is kept of past tokens, so each has a `forward_cached`
//! beside its `forward`: the same numbers for new tokens alone.

pub mod attention_cache;
pub mod cache_memory;
pub mod expert_sizes;
pub mod flops;
pub mod gated_attention;
pub mod gated_delta_net;
pub mod grouped_query;
pub mod hybrid_gpt;
pub mod inside;
pub mod kv_cache;
pub mod latent;
pub mod mixture_of_experts;
pub mod sliding_window;

pub use attention_cache::KvCache;
pub use gated_attention::{GatedMultiHeadAttention, GatedMultiHeadAttentionConfig};
pub use gated_delta_net::{GatedDeltaNet, GatedDeltaNetConfig};
pub use grouped_query::{GroupedQueryAttention, GroupedQueryAttentionConfig};
pub use hybrid_gpt::{AttentionKind, HybridGptConfig, HybridGptModel};
pub use inside::Inside;
pub use kv_cache::{GptCache, generate_text_cached, generate_text_windowed};
pub use latent::{LatentCache, MultiHeadLatentAttention, MultiHeadLatentAttentionConfig};
pub use mixture_of_experts::{MoeFeedForward, MoeFeedForwardConfig};
pub use sliding_window::{SlidingWindowAttention, SlidingWindowAttentionConfig};
