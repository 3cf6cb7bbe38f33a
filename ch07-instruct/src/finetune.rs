//! The settings of instruction fine-tuning (section 7.6). The loop is that of chapter 5,
//! [`train_model_simple`](ch05_pretrain::train_model_simple). Dropout is switched off, whatever the model was pretrained
//! with: [`with_drop_rate(0.0)`](ch04_gpt::GptModel::with_drop_rate).

use shared::TrainingConfig;

/// The settings of the book: two epochs in batches of eight, with a small learning rate, so that the model does not lose
/// what it learned in pretraining.
pub fn training_config() -> TrainingConfig {
    TrainingConfig { batch_size: 8, learning_rate: 5e-5, weight_decay: 0.1, epochs: 2, eval_freq: 5, eval_iter: 5 }
}
