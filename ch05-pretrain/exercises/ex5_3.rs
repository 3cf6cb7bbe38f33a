//! # Exercise 5.3: The same text every time
//!
//! `generate` draws tokens by chance, and another seed gives another text. Some settings switch chance off, so that the
//! text is the one of `generate_text_simple`, whatever the seed.
//!
//! 1. `deterministic_settings`: find two ways. The first has temperature 0, the second has a temperature above 0.
//! 2. `is_deterministic`: say of any settings whether the text is the same for every seed and every model.
//!
//! Hint: read `choose_token` in `src/generate.rs`. How many tokens are left to draw from?
//!
//! # 练习 5.3：每次都生成同样的文本
//!
//! `generate` 随机抽取词元，换一个种子就得到另一段文本。有些设置会关掉随机性：无论种子是什么，得到的都是
//! `generate_text_simple` 的文本。
//!
//! 1. `deterministic_settings`：找出两种办法。第一种温度为 0，第二种温度大于 0。
//! 2. `is_deterministic`：对任意设置判断，是否对每个种子、每个模型都给出同样的文本。
//!
//! 提示：读一读 `src/generate.rs` 中的 `choose_token`。还剩几个词元可供抽取？
//!
//! Check it: `cargo run -- exercise check 5.3`

use ch05_pretrain::GenerateOptions;

/// Two settings that give the greedy text for every seed: the first with temperature 0, the second with one above 0.
pub fn deterministic_settings(max_new_tokens: usize, context_size: usize) -> [GenerateOptions; 2] {
    todo!("exercise 5.3")
}

/// Whether these settings give the same text for every seed. (Leave the rare case aside that two tokens have exactly the
/// same logit.)
pub fn is_deterministic(options: &GenerateOptions) -> bool {
    todo!("exercise 5.3")
}
