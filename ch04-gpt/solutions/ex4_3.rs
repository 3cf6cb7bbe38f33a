//! # Solution 4.3: Three dropout rates instead of one
//!
//! The rate of the attention weights goes through the constructor, because it ends up deep inside the blocks. The other
//! two dropouts are public fields and are replaced. Dropout has no parameters, so replacing it changes neither the
//! number of random draws at the start nor their order: the same seed still gives the same weights.
//!
//! # 解答 4.3：用三个 dropout 率代替一个
//!
//! 注意力权重的 dropout 率经由构造函数传入，因为它位于块的深处；另外两个 dropout 是公开的字段，直接替换即可。dropout 没有参数，替换它
//! 既不改变初始化时随机数的个数，也不改变其顺序：同一个种子仍然得到同样的权重。

use burn::tensor::Device;
use ch04_gpt::GptModel;
use shared::{Dropout, GptConfig};

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
    let config = GptConfig { drop_rate: rates.attn, ..config.clone() };
    let mut model = GptModel::new(&config, device);
    model.drop_emb = Dropout::new(rates.emb);
    for block in &mut model.trf_blocks {
        block.drop_shortcut = Dropout::new(rates.shortcut);
    }
    model
}
