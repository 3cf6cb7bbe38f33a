//! # Exercise 7.1: Another prompt format
//!
//! Write the prompts in the style of Phi-3 instead of Alpaca. The task looks like this, without the quotes: "<|user|>", a
//! line break, the instruction, and, only if the entry has an input, a line break and the input. The answer follows as a
//! line break, "<|assistant|>:", a line break and the output. `format_input` writes the first part, `format_response`
//! the second. `extract_response` does the opposite: it cuts the answer out of a text that begins with its prompt.
//! Afterwards, fine-tune with `cargo run --release -- instruct train --format phi3` and compare.
//!
//! Hint: the marker must go too when an answer is extracted. "<|user|>" is no special token of GPT-2; nothing else has to
//! change.
//!
//! # 练习 7.1：换一种提示格式
//!
//! 用 Phi-3 的风格代替 Alpaca 的风格来写提示。任务部分是（不含引号）："<|user|>"、换行、指令；只有当条目带有输入时，再加换行和
//! 输入。回答接在后面：换行、"<|assistant|>:"、换行、输出。`format_input` 写前一部分，`format_response` 写后一部分。
//! `extract_response` 则相反：从以提示开头的文本中取出回答。写好之后，用
//! `cargo run --release -- instruct train --format phi3` 微调并比较。
//!
//! 提示：提取回答时，标记也要去掉。"<|user|>" 不是 GPT-2 的特殊词元，其他地方都不必改动。
//!
//! Check it: `cargo run -- exercise check 7.1`

use ch07_instruct::Entry;

/// The prompt of an entry in the style of Phi-3, without the answer.
pub fn format_input(entry: &Entry) -> String {
    todo!("exercise 7.1")
}

/// The answer as it follows the prompt.
pub fn format_response(output: &str) -> String {
    todo!("exercise 7.1")
}

/// The answer in `generated`, which begins with `prompt`: without the marker and without blanks around it.
pub fn extract_response(generated: &str, prompt: &str) -> String {
    todo!("exercise 7.1")
}
