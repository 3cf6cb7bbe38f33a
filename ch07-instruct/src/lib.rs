//! Chapter 7: a GPT that completes texts learns to follow instructions.
//!
//! Read the modules in this order:
//!
//! | section | module | what |
//! |---|---|---|
//! | 7.2 | [`entry`] | tasks with answers, read from JSON; the three parts of a data set |
//! | 7.2 | [`prompt`] | a task as text: the Alpaca and the Phi-3 format |
//! | 7.3 | [`dataset`] | entries as token ids |
//! | 7.3 | [`collate`] | rows of different lengths become a batch, in three versions |
//! | 7.4 | [`loader`] | batches for the training loop of chapter 5 |
//! | 7.6 | [`finetune`] | the settings of the training run |
//! | 7.7 | [`response`] | the model's answer, extracted from the text it generates |
//! | 7.8 | [`judge`] | a larger model behind Ollama's chat interface |
//! | 7.8 | [`score`] | scores parsed from a judge's replies, their mean, and the failures |
//! | | [`bonus`] | near-duplicates, agreement of judges, preference tuning |
//!
//! Models are loaded (section 7.5) and trained (section 7.6) as in chapter 5:
//! [`train_model_simple`](ch05_pretrain::train_model_simple).

#![warn(clippy::unwrap_used)]

pub mod bonus;
pub mod collate;
pub mod dataset;
pub mod entry;
pub mod finetune;
pub mod judge;
pub mod loader;
pub mod prompt;
pub mod response;
pub mod score;

pub use bonus::preference::{PreferenceBatch, PreferenceDataset, PreferenceEntry, PreferenceLoader};
pub use collate::{CollateOptions, custom_collate_draft_1, custom_collate_draft_2, custom_collate_fn};
pub use dataset::{InstructionDataset, Item};
pub use entry::{Entries, Entry, EntryError, Partition, partition};
pub use finetune::training_config;
pub use judge::{Judge, JudgeError};
pub use loader::{InstructionLoader, InstructionLoaderError, InstructionLoaders};
pub use prompt::PromptFormat;
pub use response::{RespondError, encode_prompt, extract_response, respond};
pub use score::{Summary, Verdict, parse_score};
