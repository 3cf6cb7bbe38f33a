//! What every notebook begins with: `use notebook::prelude::*;`.
//!
//! A variable that a later cell uses needs its type written in a notebook, so the types of tensors have short names:
//!
//! | name | type |
//! |---|---|
//! | `T1` … `T4` | tensors of floating-point numbers with one to four dimensions |
//! | `I1` … `I3` | the same of whole numbers, for instance token ids |
//! | `B1` … `B3` | the same of truth values, for instance masks |

pub use anyhow::{Context, Result, bail, ensure};
pub use appendix_burn_intro;
pub use appendix_lora;
pub use appendix_train_tricks;
pub use burn;
pub use burn::module::{Module, Param};
pub use burn::tensor::{Bool, Device, Int, Tensor, TensorData, s};
pub use ch02_text;
pub use ch03_attention;
pub use ch04_gpt;
pub use ch05_pretrain;
pub use ch06_classify;
pub use ch07_instruct;
pub use regex;
pub use shared;
pub use shared::Mode;
pub use shared::rng::TorchRng;
pub use tiktoken_rs;
pub use workshop::{grouped, print_tensor};

pub use crate::cells::cell;
pub use crate::pictures::{bars, curves, heatmap, show};

/// A vector.
pub type T1 = Tensor<1>;
/// A matrix.
pub type T2 = Tensor<2>;
/// A batch of matrices.
pub type T3 = Tensor<3>;
/// A batch of matrices for each head.
pub type T4 = Tensor<4>;
/// A vector of whole numbers.
pub type I1 = Tensor<1, Int>;
/// A matrix of whole numbers.
pub type I2 = Tensor<2, Int>;
/// A batch of matrices of whole numbers.
pub type I3 = Tensor<3, Int>;
/// A vector of truth values.
pub type B1 = Tensor<1, Bool>;
/// A matrix of truth values.
pub type B2 = Tensor<2, Bool>;
/// A batch of matrices of truth values.
pub type B3 = Tensor<3, Bool>;
