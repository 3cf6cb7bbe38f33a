//! # Exercise 4.2: Larger models by configuration alone
//!
//! GPT-2 comes in four sizes. The code of the model is the same for all of them; only three numbers of the
//! configuration change:
//!
//! | name | `emb_dim` | `n_layers` | `n_heads` |
//! |---|---|---|---|
//! | `gpt2-small` | 768 | 12 | 12 |
//! | `gpt2-medium` | 1024 | 24 | 16 |
//! | `gpt2-large` | 1280 | 36 | 20 |
//! | `gpt2-xl` | 1600 | 48 | 25 |
//!
//! Write `config_for`, which takes the small configuration and changes what has to change, and `measure`, which builds
//! the model and reports its size. A name that is not in the table is an error that repeats the name.
//! (`GptConfig::preset` can do the first half; do it yourself.)
//!
//! Hint: `GptConfig { emb_dim: 1024, ..small }` changes one field. The XL model takes 6 GB, but burn's layers are lazy: as
//! long as their values are not read, `GptModel::new` costs nothing, and `num_params()` only reads shapes.
//!
//! # 练习 4.2：只改配置，得到更大的模型
//!
//! GPT-2 有四种尺寸。模型的代码完全相同，变化的只有配置中的三个数：
//!
//! | 名称 | `emb_dim` | `n_layers` | `n_heads` |
//! |---|---|---|---|
//! | `gpt2-small` | 768 | 12 | 12 |
//! | `gpt2-medium` | 1024 | 24 | 16 |
//! | `gpt2-large` | 1280 | 36 | 20 |
//! | `gpt2-xl` | 1600 | 48 | 25 |
//!
//! 请编写 `config_for`：以 small 配置为起点，只改该改的字段；再编写 `measure`：构建模型并报告其大小。表中没有的名字是错误，
//! 错误里要带上这个名字。（`GptConfig::preset` 能完成前一半，请自己动手写。）
//!
//! 提示：`GptConfig { emb_dim: 1024, ..small }` 只改一个字段。XL 模型占 6 GB，但 burn 的层是惰性的：只要没有人读取它们的值，
//! `GptModel::new` 几乎不花代价，`num_params()` 也只读取形状。
//!
//! Check it: `cargo run -- exercise check 4.2`

use burn::tensor::Device;
use shared::GptConfig;

/// There is no model of this name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownSize(pub String);

/// What a model weighs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ModelSize {
    /// Number of parameters.
    pub parameters: usize,
    /// Number of parameters if the output layer shared the weight of the token embedding.
    pub tied: usize,
    /// Memory in megabytes of 2²⁰ bytes, four bytes for each of `parameters`.
    pub megabytes: f64,
}

/// The configuration of the model called `name`.
///
/// # Errors
/// [`UnknownSize`] with the name.
pub fn config_for(name: &str) -> Result<GptConfig, UnknownSize> {
    todo!("exercise 4.2")
}

/// Builds the model and measures it.
pub fn measure(config: &GptConfig, device: &Device) -> ModelSize {
    todo!("exercise 4.2")
}
