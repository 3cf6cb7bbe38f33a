//! What the book's companion material adds to chapter 2.
//!
//! | module | what |
//! |---|---|
//! | [`one_hot`] | looking up an embedding is a matrix product, only cheaper |
//! | [`byte_table`], [`pre_split`], [`gpt2_files`], [`gpt2_bpe`] | GPT-2's encoder, built from its two files |
//! | [`pairs`] | counting and merging pairs of neighbours, the heart of byte pair encoding |
//! | [`simple_bpe`] | byte pair encoding trained from scratch, in the fewest lines |
//! | [`pre_tokens`] | cutting a text into words without losing a space |
//! | [`full_bpe`] | training from scratch with line breaks, special tokens, files, and merges inside words only |
//! | [`gpt2_trainer`] | training a vocabulary of GPT-2's kind on any text, in seconds |
//! | [`own_vocabulary`] | such a vocabulary in tiktoken's encoder |

pub mod byte_table;
pub mod full_bpe;
pub mod gpt2_bpe;
pub mod gpt2_files;
pub mod gpt2_trainer;
pub mod one_hot;
pub mod own_vocabulary;
pub mod pairs;
pub mod pre_split;
pub mod pre_tokens;
pub mod simple_bpe;

pub use full_bpe::FullBpe;
pub use gpt2_bpe::Gpt2Bpe;
pub use gpt2_files::{BpeFileError, Gpt2Files};
pub use gpt2_trainer::{BpeTrainer, MIN_VOCAB_SIZE, train_bpe};
pub use simple_bpe::SimpleBpe;
