//! # Solution 5.6: Larger models
//!
//! The code of the model, of loading and of generating is the same for every size; only the configuration beside the
//! weights differs. With GPT-2's weights, "Every effort moves you" goes on like this:
//!
//! - 124M: " toward finding an ideal new way to practice something!", then a question on a new paragraph;
//! - 1558M: " toward finding an ideal life. You don't have to accept your current one at once, because if you do you'll
//!   never".
//!
//! Both begin alike because the seed is the same and the models agree about the first words. After that, the larger one
//! keeps to its thought for longer.
//!
//! # 解答 5.6：更大的模型
//!
//! 模型、加载和生成的代码对每种尺寸都一样，不同的只是权重旁边的配置。使用 GPT-2 的权重时，"Every effort moves you" 的续写如下：
//!
//! - 124M：" toward finding an ideal new way to practice something!"，然后另起一段提了一个问题；
//! - 1558M：" toward finding an ideal life. You don't have to accept your current one at once, because if you do you'll
//!   never"。
//!
//! 两者开头相同，因为种子相同，而且两个模型对最初几个词的看法一致。往后，较大的模型能把一个想法延续得更久。

use std::path::Path;

use burn::module::Module;
use burn::tensor::Device;
use ch02_text::Gpt2Tokenizer;
use ch05_pretrain::{GenerateOptions, generate, text_to_token_ids, token_ids_to_text};
use model_files::open_model;
use shared::rng::TorchRng;

/// What a model wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Continuation {
    /// Number of the model's parameters.
    pub parameters: usize,
    /// The prompt and what follows it.
    pub text: String,
}

/// Lets the model in `folder` continue `prompt`.
///
/// # Errors
/// If the model cannot be opened, or cannot write with these settings.
pub fn continue_with(folder: &Path, prompt: &str, device: &Device) -> anyhow::Result<Continuation> {
    let (config, model) = open_model(folder, device)?;
    let tokenizer = Gpt2Tokenizer::new();
    let prompt = text_to_token_ids(prompt, &tokenizer, device);
    let options =
        GenerateOptions { temperature: 1.5, top_k: Some(50), ..GenerateOptions::greedy(25, config.context_length) };
    let ids = generate(&model, prompt, &options, &mut TorchRng::new(123))?;
    Ok(Continuation { parameters: model.num_params(), text: token_ids_to_text(ids, &tokenizer)? })
}
