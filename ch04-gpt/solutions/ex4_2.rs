//! # Solution 4.2: Larger models by configuration alone
//!
//! The expected sizes:
//!
//! | name | parameters | tied | MB |
//! |---|---|---|---|
//! | `gpt2-small` | 163,009,536 | 124,412,160 | 621.83 |
//! | `gpt2-medium` | 406,212,608 | 354,749,440 | 1549.58 |
//! | `gpt2-large` | 838,220,800 | 773,891,840 | 3197.56 |
//! | `gpt2-xl` | 1,637,792,000 | 1,557,380,800 | 6247.68 |
//!
//! The model is never filled with values, so even the largest is measured in a moment. The names that GPT-2's authors
//! give (124M, 355M, 774M, 1558M) are the numbers of the third column: their models share one weight between the token
//! embedding and the output layer. (1558M has the biases of the query, key and value projections as well.)
//!
//! # 解答 4.2：只改配置，得到更大的模型
//!
//! 预期的大小：
//!
//! | 名称 | 参数 | 共享输出层 | MB |
//! |---|---|---|---|
//! | `gpt2-small` | 163,009,536 | 124,412,160 | 621.83 |
//! | `gpt2-medium` | 406,212,608 | 354,749,440 | 1549.58 |
//! | `gpt2-large` | 838,220,800 | 773,891,840 | 3197.56 |
//! | `gpt2-xl` | 1,637,792,000 | 1,557,380,800 | 6247.68 |
//!
//! 模型从未真正填入数值，所以连最大的一个也能瞬间量完。GPT-2 作者所用的名字（124M、355M、774M、1558M）
//! 对应第三列：他们的模型让词元嵌入与输出层共用同一份权重。（1558M 还算上了查询、键、值投影的偏置。）

use burn::module::Module;
use burn::tensor::Device;
use ch04_gpt::GptModel;
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
    let small = GptConfig {
        vocab_size: 50257,
        context_length: 1024,
        emb_dim: 768,
        n_heads: 12,
        n_layers: 12,
        drop_rate: 0.1,
        qkv_bias: false,
    };
    match name {
        "gpt2-small" => Ok(small),
        "gpt2-medium" => Ok(GptConfig { emb_dim: 1024, n_layers: 24, n_heads: 16, ..small }),
        "gpt2-large" => Ok(GptConfig { emb_dim: 1280, n_layers: 36, n_heads: 20, ..small }),
        "gpt2-xl" => Ok(GptConfig { emb_dim: 1600, n_layers: 48, n_heads: 25, ..small }),
        _ => Err(UnknownSize(name.to_string())),
    }
}

/// Builds the model and measures it.
pub fn measure(config: &GptConfig, device: &Device) -> ModelSize {
    let model = GptModel::new(config, device);
    ModelSize { parameters: model.num_params(), tied: model.num_params_tied(), megabytes: model.size_mb() }
}
