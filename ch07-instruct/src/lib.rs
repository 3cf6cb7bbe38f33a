//! Chapter 7: a GPT that completes texts learns to follow instructions.
//!
//! | section | module | what |
//! |---|---|---|
//! | 7.2 | [`entry`] | tasks with answers, read from JSON; the three parts of a data set |
//! | 7.2 | [`prompt`] | a task as text: the Alpaca and the Phi-3 format |
//! | 7.3 | [`dataset`] | entries as token ids |
//! | 7.3 | [`collate`] | rows of different lengths become a batch, in three versions |
//! | 7.4 | [`loader`] | batches for the training loop of chapter 5 |
//! | 7.6 | [`finetune`] | the settings of the training run |
//! | 7.7 | [`response`] | the model's answer, cut out of what it writes |
//! | 7.7 | [`chat`] | a conversation in a limited context |
//! | 7.8 | [`judge`] | a larger model behind Ollama's chat interface |
//! | 7.8 | [`score`] | scores read from a judge's words, mean and failures |
//! | bonus | [`near_duplicates`] | entries that say almost the same |
//! | bonus | [`correlation`] | whether two judges agree |
//! | bonus | [`reflection`] | better tasks and answers, read from a larger model's reply |
//! | bonus | [`preference`] | for every task an answer that is preferred and one that is not |
//! | bonus | [`dpo`] | learning from such pairs: direct preference optimization |
//!
//! Models are loaded (section 7.5) and trained (section 7.6) as in chapter 5:
//! [`open_model`](ch05_pretrain::open_model) and [`train_model_simple`](ch05_pretrain::train_model_simple).

#![warn(clippy::unwrap_used)]

pub mod chat;
pub mod collate;
pub mod correlation;
pub mod dataset;
pub mod dpo;
pub mod entry;
pub mod finetune;
pub mod judge;
pub mod loader;
pub mod near_duplicates;
pub mod preference;
pub mod prompt;
pub mod reflection;
pub mod response;
pub mod score;

pub use chat::Conversation;
pub use collate::{CollateOptions, custom_collate_draft_1, custom_collate_draft_2, custom_collate_fn};
pub use dataset::{DatasetError, InstructionDataset, Item};
pub use entry::{Entries, Entry, EntryError, Partition, partition};
pub use finetune::book_training;
pub use judge::{Judge, JudgeError, Verdict};
pub use loader::{InstructionLoader, InstructionLoaders, LoaderError};
pub use preference::{PreferenceBatch, PreferenceDataset, PreferenceEntry, PreferenceLoader};
pub use prompt::PromptFormat;
pub use response::{RespondError, extract_response, respond, respond_with};
pub use score::{Summary, parse_score};
