//! # Solution 5.3: The same text every time
//!
//! Temperature 0 takes the most likely token and draws nothing; top-k does not matter then, for the most likely token is
//! always among those that are kept. With top-k 1 there is a draw, but only one token to draw, so temperature and seed do
//! not matter.
//!
//! A very low temperature is nearly as good, but not the same: as long as a second token has a probability, some seed will
//! draw it. And top-k 1 has an exception: tokens whose logits are exactly equal are all kept, and then the draw
//! decides. Temperature 0 has no such case.
//!
//! # 解答 5.3：每次都生成同样的文本
//!
//! 温度为 0 时直接取最可能的词元，什么也不抽；这时 top-k 无关紧要，因为最可能的词元总在保留之列。top-k 为 1 时仍会抽取，
//! 但只有一个词元可抽，所以温度和种子都无关紧要。
//!
//! 很低的温度几乎一样好，但并不等同：只要第二个词元还有概率，总有某个种子会抽到它。top-k 为 1 也有一处细节：logit 完全相等的
//! 词元会一起保留下来，这时由抽取决定。温度为 0 就没有这种情况。

use ch05_pretrain::GenerateOptions;

/// Two settings that give the greedy text for every seed: the first with temperature 0, the second with one above 0.
pub fn deterministic_settings(max_new_tokens: usize, context_size: usize) -> [GenerateOptions; 2] {
    let greedy = GenerateOptions::greedy(max_new_tokens, context_size);
    let only_one = GenerateOptions { temperature: 1.0, top_k: Some(1), ..greedy.clone() };
    [greedy, only_one]
}

/// Whether these settings give the same text for every seed. (Leave the rare case aside that two tokens have exactly the
/// same logit.)
pub fn is_deterministic(options: &GenerateOptions) -> bool {
    options.temperature == 0.0 || options.top_k == Some(1)
}
