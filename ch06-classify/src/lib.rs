//! Chapter 6: a GPT becomes a spam classifier.
//!
//! Read the modules in this order:
//!
//! | section | module | what |
//! |---|---|---|
//! | 6.2 | [`messages`] | messages with labels, and how the collection is read |
//! | 6.2 | [`split`] | as much spam as ham, and three parts |
//! | 6.2 | [`csv_files`] | the parts as files |
//! | 6.3 | [`dataset`] | messages of equal length |
//! | 6.3 | [`dataloader`] | batches of messages |
//! | 6.5 | [`head`] | the classification head, and what training may change |
//! | 6.5 | [`readout`] | the position that speaks for a message |
//! | 6.6 | [`metrics`] | accuracy and loss |
//! | 6.7 | [`train`] | fine-tuning |
//! | 6.7 | [`plots`] | losses, accuracies and mistakes as pictures |
//! | 6.8 | [`classify`] | a label for a new message |
//! | 6.8 | [`checkpoint`] | a classifier in a folder |
//!
//! Sections 6.1 and 6.4 need no code of their own: the pretrained model comes from chapter 5.

#![warn(clippy::unwrap_used)]

pub mod checkpoint;
pub mod classify;
pub mod csv_files;
pub mod dataloader;
pub mod dataset;
pub mod head;
pub mod messages;
pub mod metrics;
pub mod plots;
pub mod readout;
pub mod split;
pub mod train;

pub use checkpoint::{ClassifierConfig, ClassifierError, is_classifier, load_classifier, save_classifier};
pub use classify::{ClassifyError, Verdict, classify_review};
pub use csv_files::{CSV_FILES, from_csv, read_split, to_csv, write_split};
pub use dataloader::{LoaderError, SpamBatch, SpamLoader, SpamLoaders};
pub use dataset::{Length, PAD_TOKEN_ID, SpamDataset};
pub use head::{Trainable, add_classification_head, num_trainable, set_trainable};
pub use messages::{Label, Message, MessagesError, NUM_CLASSES, read_messages};
pub use metrics::{Confusion, calc_accuracy_loader, calc_loss_batch, calc_loss_loader, confusion};
pub use readout::Readout;
pub use split::{EmptyPart, Split, create_balanced_dataset, random_split};
pub use train::{Accuracies, Evaluation, Event, History, book_training, train_classifier_simple};

/// The default messages: about 400, half of them spam, in English and Chinese, written for this project. Same form as
/// the collection of the book.
pub const EMBEDDED_MESSAGES: &str = include_str!("../assets/messages.tsv");
