//! The figures of chapter 2.

use std::sync::LazyLock;

use burn::tensor::Tensor;
use ch02_text::Gpt2Tokenizer;

use crate::Figure;

mod batches;
mod bytes;
mod embeddings;
mod learning;
mod merging;
mod one_hot;
mod overview;
mod positions;
mod special;
mod vocabulary;
mod windows;
mod words;

/// All of them, in the order of the pages.
pub fn figures() -> Vec<Figure> {
    vec![
        overview::road_map(),
        overview::pipeline(),
        overview::words_as_points(),
        words::three_expressions(),
        vocabulary::both_directions(),
        special::special_tokens(),
        learning::learning_merges(),
        merging::merge_tree(),
        bytes::han_bytes(),
        windows::prefixes(),
        windows::strides(),
        batches::batch(),
        embeddings::lookup(),
        positions::same_token(),
        embeddings::shapes(),
        learning::training_on_a_sentence(),
        bytes::three_vocabularies(),
        one_hot::one_hot_picks_a_row(),
    ]
}

/// GPT-2's tokenizer.
pub(crate) static GPT2: LazyLock<Gpt2Tokenizer> = LazyLock::new(Gpt2Tokenizer::new);

/// GPT-2's ids of a text without special tokens.
fn gpt2_ids(text: &str) -> Vec<u32> {
    GPT2.encode(text).expect("the text has no special token")
}

/// The text of one of GPT-2's ids.
fn gpt2_text(id: u32) -> String {
    GPT2.decode(&[id]).expect("the id is one of GPT-2's")
}

/// The rows of a matrix.
fn rows(matrix: Tensor<2>) -> Vec<Vec<f32>> {
    let [_, columns] = matrix.dims();
    let values: Vec<f32> = matrix.into_data().iter().collect();
    values.chunks(columns).map(<[f32]>::to_vec).collect()
}

/// The beginning of The Verdict (Edith Wharton, 1908), and how many of GPT-2's tokens the story has.
const STORY: &str = "I HAD always thought Jack Gisburn rather a cheap genius--though a good fellow enough--so it was no \
                     great surprise to me to hear that, in the height of his glory, he had dropped his painting";
const STORY_TOKENS: usize = 5145;

#[cfg(test)]
mod tests {
    use testkit::{for_test, needs_data};

    use super::{GPT2, STORY, STORY_TOKENS};

    #[needs_data("the-verdict")]
    #[test]
    fn the_story_begins_so_and_is_so_long() {
        let story = for_test("the-verdict");
        assert!(story.starts_with(STORY), "{}", &story[..300]);
        assert_eq!(GPT2.encode(&story).unwrap().len(), STORY_TOKENS);
    }
}
