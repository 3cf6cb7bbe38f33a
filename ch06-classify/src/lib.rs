//! Chapter 6: a GPT becomes a spam classifier.
//!
//! Read the modules in this order:
//!
//! | section | module | what |
//! |---|---|---|
//! | 6.2 | [`messages`] | messages with labels, and how the collection is read |
//! | 6.2 | [`split`] | as much spam as ham; training, validation and test part |
//! | 6.2 | [`csv_files`] | the parts as files |
//! | 6.3 | [`dataset`] | messages of equal length |
//! | 6.3 | [`dataloader`] | batches of messages |
//! | 6.5 | [`head`] | the classification head, and what training may change |
//! | 6.5 | [`readout`] | the token position whose output is classified |
//! | 6.6 | [`metrics`] | accuracy and loss |
//! | 6.7 | [`train`] | fine-tuning |
//! | 6.8 | [`classify`] | a label for a new message |
//! | [`bonus`] | [`contributions`](bonus::contributions) | what each token contributed to a label |
//!
//! Sections 6.1 and 6.4 need no code of their own: the pretrained model comes from chapter 5. Classifiers are saved and
//! loaded by `engine/model-files`.

#![warn(clippy::unwrap_used)]

pub mod bonus;
pub mod classify;
pub mod csv_files;
pub mod dataloader;
pub mod dataset;
pub mod head;
pub mod messages;
pub mod metrics;
pub mod readout;
pub mod split;
mod table;
pub mod train;

pub use classify::{ClassifyError, Prediction, classify_review};
pub use csv_files::{CSV_FILES, from_csv, read_split, to_csv, write_split};
pub use dataloader::{SpamBatch, SpamLoader, SpamLoaderError, SpamLoaders};
pub use dataset::{Length, PAD_TOKEN_ID, SpamDataset};
pub use head::{Trainable, add_classification_head, num_trainable, set_trainable};
pub use messages::{Label, Message, MessagesError, NUM_CLASSES, read_messages};
pub use metrics::{Confusion, calc_accuracy_loader, calc_loss_batch, calc_loss_loader, confusion};
pub use readout::Readout;
pub use split::{EmptyPart, Split, create_balanced_dataset, random_split};
pub use train::{Accuracies, History, evaluate_model, train_classifier_simple, training_config};

/// The default messages: about 400, half of them spam, in English and Chinese, written for this project. Same form as
/// the collection of the book.
pub const EMBEDDED_MESSAGES: &str = include_str!("../assets/messages.tsv");
