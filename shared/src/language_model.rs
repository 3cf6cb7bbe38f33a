//! What chapters 4 to 7 need of a model and of a tokenizer.

use burn::module::Module;
use burn::tensor::{Int, Tensor};

use crate::Mode;

/// A model that scores every token of its vocabulary as the next one. Chapter 4's GPT is one, and so are the models after
/// it: what chapters 4 to 7 write for a language model works with all of them.
pub trait LanguageModel: Module {
    /// # Shapes
    /// - `ids`: `[batch, tokens]`, every id below the size of the vocabulary;
    /// - result: logits, `[batch, tokens, vocab_size]`.
    ///
    /// # Panics
    /// If there are more tokens than [`context_length`](Self::context_length).
    fn forward(&self, ids: Tensor<2, Int>, mode: &mut Mode) -> Tensor<3>;

    /// Maximum number of tokens that the model can take at once.
    fn context_length(&self) -> usize;

    /// Number of tokens that the model knows.
    fn vocab_size(&self) -> usize;
}

/// What turns the text of people into token ids.
pub trait Tokenizer {
    /// The ids of a text in which no marker is special.
    fn encode_ordinary(&self, text: &str) -> Vec<u32>;

    /// The id of the token that ends a text. It also pads the rows of a batch.
    fn end_of_text_id(&self) -> u32;
}
