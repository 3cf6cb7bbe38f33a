//! How a pretrained model is fine-tuned (section 7.6). The loop is that of chapter 5,
//! [`train_model_simple`](ch05_pretrain::train_model_simple); only its settings differ.

use ch04_gpt::GptModel;
use shared::TrainingConfig;

/// The settings of the book: two epochs in batches of eight, with a small learning rate, because the model has much to
/// lose.
pub fn book_training() -> TrainingConfig {
    TrainingConfig { batch_size: 8, learning_rate: 5e-5, weight_decay: 0.1, epochs: 2, eval_freq: 5, eval_iter: 5 }
}

/// Sets every dropout rate to 0. The book fine-tunes without dropout, whatever the model was pretrained with.
pub fn without_dropout(model: GptModel) -> GptModel {
    model.with_drop_rate(0.0)
}
