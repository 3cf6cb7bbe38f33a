//! Bonus: the attention of section 3.6.2, written in other ways.
//!
//! Every variant is made from a [`MultiHeadAttention`](crate::MultiHeadAttention) and takes its weights over, so all of
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
//!
//! PyTorch has two more that burn has no counterpart for: its multi-head module told not to return weights (burn's
//! always does), and FlexAttention, which compiles a mask given as a function.

pub mod burn_module;
pub mod combined_qkv;
pub mod einstein;
pub mod fused;
pub mod wrapper_with_projection;

pub use burn_module::BurnAttention;
pub use combined_qkv::CombinedQkvAttention;
pub use einstein::EinsteinAttention;
pub use fused::FusedAttention;
pub use wrapper_with_projection::WrapperWithProjection;
