//! Bonus: the attention of section 3.6.2, written in other ways.
//!
//! Every variant is made from a [`MultiHeadAttention`](crate::MultiHeadAttention) and takes over its weights, so all of
//! them give the same context vectors. They differ in speed and in what you can still see of the formula. The example
//! `bonus_variants` times them.
//!
//! | module | idea |
//! |---|---|
//! | [`wrapper_with_projection`] | a list of single heads, then an output projection |
//! | [`combined_qkv`] | one matrix product for queries, keys and values together |
//! | [`einstein`] | Einstein summation on bare matrices: no reshaping back and forth between heads and tokens |
//! | [`fused`] | burn's `attention` function, with its causal flag or with a mask |
//! | [`burn_module`] | burn's own multi-head module |
//! | [`heads`] | the steps of the chapter's module as functions, and the attention weights to look at |
//!
//! PyTorch has two more that burn has no counterpart for: its multi-head module with `need_weights=False` (burn's
//! always returns the weights), and FlexAttention, which compiles a mask given as a function.

pub mod burn_module;
pub mod combined_qkv;
pub mod einstein;
pub mod fused;
pub mod heads;
pub mod wrapper_with_projection;

pub use burn_module::BurnAttention;
pub use combined_qkv::CombinedQkvAttention;
pub use einstein::EinsteinAttention;
pub use fused::FusedAttention;
pub use wrapper_with_projection::WrapperWithProjection;
