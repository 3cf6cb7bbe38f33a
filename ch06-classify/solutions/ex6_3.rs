//! # Solution 6.3: The first token instead of the last
//!
//! Only the index changes, but it changes in every place that reads an answer.
//!
//! With GPT-2 the book finds 75 % right test answers. Because of the causal mask, the first position knows the first token
//! and nothing else: the model guesses from one word, and messages that begin alike get the same answer. That it is right
//! in three cases out of four tells more about the messages (much spam begins with the same few words) than about the
//! model.
//!
//! # 解答 6.3：用第一个词元代替最后一个
//!
//! 改变的只是索引，但凡是读取答案的地方都要改。
//!
//! 书中用 GPT-2 得到的测试准确率是 75 %。由于因果掩码，第一个位置只知道第一个词元，别的一无所知：模型只凭一个词猜测，开头相同的
//! 消息得到同样的答案。四次里能猜对三次，更多说明的是消息本身（许多垃圾短信以同样的几个词开头），而不是模型。

use burn::tensor::{Tensor, s};
use ch04_gpt::GptModel;
use ch05_pretrain::cross_entropy;
use ch06_classify::SpamBatch;
use shared::Mode;

/// The logits of the first token of every message.
///
/// # Shapes
/// - `logits`: `[batch, tokens, classes]`;
/// - result: `[batch, classes]`.
pub fn first_token(logits: Tensor<3>) -> Tensor<2> {
    logits.slice(s![.., ..1, ..]).squeeze_dim(1)
}

/// The loss of a batch, read at the first token, in evaluation mode.
pub fn loss_at_first_token(model: &GptModel, batch: SpamBatch) -> Tensor<1> {
    let logits = model.forward(batch.inputs, &mut Mode::Eval); // [batch, tokens, classes]
    cross_entropy(first_token(logits), batch.labels)
}

/// The share of right answers in a batch, read at the first token: from 0 to 1.
pub fn accuracy_at_first_token(model: &GptModel, batch: SpamBatch) -> f64 {
    let logits = model.forward(batch.inputs, &mut Mode::Eval); // [batch, tokens, classes]
    let [messages] = batch.labels.dims();
    let answers = first_token(logits).argmax(1).squeeze_dim::<1>(1); // [batch]
    let right: f64 = answers.equal(batch.labels).int().sum().into_scalar();
    right / messages as f64
}
