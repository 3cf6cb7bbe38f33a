//! # Exercise 4.3: Three dropout rates instead of one
//!
//! The model drops values in three kinds of places: after the embeddings, on the attention weights, and on the
//! shortcut connections of every block. One `drop_rate` controls all of them. Give each kind its own rate.
//!
//! `build` gets the rates and returns a model that uses them; the configuration's own `drop_rate` has no effect. With
//! three equal rates it must be the model that `GptModel::new` builds.
//!
//! Hint: you need no new model. `GptModel::new` passes `drop_rate` to every place, and the fields of the model are public:
//! let it build with one of the rates and then replace what differs. `Dropout::new` makes a dropout.
//!
//! # 练习 4.3：用三个 dropout 率代替一个
//!
//! 模型在三类位置做 dropout：嵌入之后、注意力权重上、以及每个块的快捷连接上。现在它们都由一个 `drop_rate` 控制。请让每一类
//! 都有自己的 dropout 率。
//!
//! `build` 接收三个 dropout 率，返回使用它们的模型；配置自己的 `drop_rate` 不再起作用。三个 dropout 率相等时，结果必须就是
//! `GptModel::new` 构建的模型。
//!
//! 提示：不需要写新的模型。`GptModel::new` 会把 `drop_rate` 交给每个位置，而模型的字段是公开的：先用其中一个 dropout 率构建，
//! 再替换不同的部分。`Dropout::new` 可以创建一个 dropout。
//!
//! Check it: `cargo run -- exercise check 4.3`

use burn::tensor::Device;
use ch04_gpt::GptModel;
use shared::GptConfig;

/// One rate in [0, 1) for each kind of place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DropRates {
    /// Behind the sum of token and position embeddings.
    pub emb: f64,
    /// On the attention weights.
    pub attn: f64,
    /// On the output of attention and of the feed-forward network, before the shortcut is added.
    pub shortcut: f64,
}

/// A model of this configuration with these rates, not filled with values yet.
pub fn build(config: &GptConfig, rates: &DropRates, device: &Device) -> GptModel {
    todo!("exercise 4.3")
}
