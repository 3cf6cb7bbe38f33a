//! Chapter 2: text becomes tokens, tokens become ids, ids become batches, batches become vectors.
//!
//! Read the modules in this order:
//!
//! | section | module | what |
//! |---|---|---|
//! | 2.2 | [`split`] | text is cut into words and punctuation |
//! | 2.3 | [`vocabulary`] | every different token gets a number |
//! | 2.3, 2.4 | [`simple_tokenizer`] | text to ids and back, without and with special tokens |
//! | 2.5 | [`bpe`] | GPT-2's tokenizer, which knows every text |
//! | bonus | [`long_text`] | one long text, encoded on several threads |
//! | bonus | [`incomplete`] | text that ends in the middle of a character |
//! | 2.6 | [`dataset`] | a window slides over the ids; the target is the next token |
//! | 2.6 | [`dataloader`] | windows become batches |
//! | 2.7, 2.8 | [`embedding`] | ids become vectors that also tell the position |
//! | bonus | [`bonus`] | embedding versus matrix product, byte pair encoding from scratch |
//!
//! ```
//! use burn::tensor::Device;
//! use ch02_text::{DataLoaderOptions, InputEmbedding, InputEmbeddingConfig, VOCAB_SIZE, create_dataloader};
//! use shared::{Batches, init::torch_init, rng::TorchRng};
//!
//! let (device, mut rng) = (Device::flex(), TorchRng::new(123));
//! let options = DataLoaderOptions { batch_size: 2, max_length: 4, stride: 4, ..Default::default() };
//! let loader = create_dataloader("One step after the other, the text becomes numbers.", &options)?;
//! let embedding = torch_init(InputEmbedding::new(&InputEmbeddingConfig::new(VOCAB_SIZE, 4, 8), &device), &mut rng);
//! for batch in loader.iter(&mut rng, &device) {
//!     assert_eq!(batch.inputs.dims(), [2, 4]); // [batch, tokens]
//!     assert_eq!(embedding.forward(batch.inputs).dims(), [2, 4, 8]); // [batch, tokens, emb_dim]
//! }
//! # Ok::<(), ch02_text::DatasetError>(())
//! ```

#![warn(clippy::unwrap_used)]

pub mod bonus;
pub mod bpe;
pub mod dataloader;
pub mod dataset;
pub mod embedding;
pub mod incomplete;
pub mod long_text;
pub mod simple_tokenizer;
pub mod special_tokens;
pub mod split;
mod tokenizer_error;
pub mod vocabulary;

pub use bpe::Gpt2Tokenizer;
pub use dataloader::{Batch, DataLoaderOptions, GptDataLoader, create_dataloader};
pub use dataset::{DatasetError, GptDataset};
pub use embedding::{InputEmbedding, InputEmbeddingConfig};
pub use simple_tokenizer::{SimpleTokenizerV1, SimpleTokenizerV2};
pub use special_tokens::{END_OF_TEXT, END_OF_TEXT_ID, VOCAB_SIZE};
pub use split::tokenize;
pub use tokenizer_error::TokenizerError;
pub use vocabulary::Vocabulary;
