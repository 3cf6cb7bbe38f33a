//! The settings that belong to a size. The help of the options names them.

use appendix_train_tricks::Recipe;
use shared::{GptConfig, TrainingConfig};

use super::config_file::RunConfig;

/// The book trains GPT-2's sizes with a shorter context than the 1024 tokens they support (section 5.1.1).
const BOOK_TRAINING_CONTEXT: usize = 256;
/// The vocabulary of the tiny model, which would be little else with GPT-2's.
const TINY_VOCAB_SIZE: usize = 768;
/// The seed of the book's examples.
const SEED: u64 = 123;

/// The book's settings for GPT-2's sizes, others for the tiny model, which is trained in seconds.
pub fn preset(size: &GptConfig) -> RunConfig {
    let book = TrainingConfig::book();
    let (model, training) = if size.context_length > BOOK_TRAINING_CONTEXT {
        (GptConfig { context_length: BOOK_TRAINING_CONTEXT, ..size.clone() }, book)
    } else {
        let tiny =
            TrainingConfig { batch_size: 4, learning_rate: 2e-3, epochs: 12, eval_freq: 10, eval_iter: 4, ..book };
        (GptConfig { vocab_size: TINY_VOCAB_SIZE, ..size.clone() }, tiny)
    };
    RunConfig { model, training, recipe: Recipe::default(), seed: SEED }
}

#[cfg(test)]
mod tests {
    use ch02_text::VOCAB_SIZE;

    use super::super::Args;
    use super::*;
    use crate::options::help::assert_help_ends_with;

    #[test]
    fn the_help_names_the_defaults() {
        let [tiny, small] = ["tiny", "gpt2-small"].map(|size| preset(&GptConfig::preset(size).unwrap()));
        for (name, of) in [
            ("epochs", (|run: &RunConfig| run.training.epochs.to_string()) as fn(&RunConfig) -> String),
            ("batch-size", |run| run.training.batch_size.to_string()),
            ("context-length", |run| run.model.context_length.to_string()),
            ("lr", |run| run.training.learning_rate.to_string()),
            ("eval-freq", |run| run.training.eval_freq.to_string()),
            ("eval-iter", |run| run.training.eval_iter.to_string()),
        ] {
            let expected = format!("[default: {} for tiny, {} for GPT-2's sizes]", of(&tiny), of(&small));
            assert_help_ends_with::<Args>(name, &expected);
        }
        assert_eq!(small.model.vocab_size, VOCAB_SIZE);
        let expected = format!("[default: {} for tiny, gpt2 for GPT-2's sizes]", tiny.model.vocab_size);
        assert_help_ends_with::<Args>("vocab-size", &expected);
        for (name, tiny, small) in [
            ("weight-decay", tiny.training.weight_decay, small.training.weight_decay),
            ("drop-rate", tiny.model.drop_rate, small.model.drop_rate),
            ("seed", tiny.seed as f64, small.seed as f64),
        ] {
            assert_eq!(tiny, small);
            assert_help_ends_with::<Args>(name, &format!("[default: {tiny}]"));
        }
    }
}
