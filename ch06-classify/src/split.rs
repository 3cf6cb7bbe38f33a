//! As much spam as ham; a training, a validation and a test part (section 6.2).
//!
//! In the book's collection 87 of 100 messages are ham: a classifier that always answers "ham" is right 87 times in 100
//! and has learned nothing. On a balanced data set, that answer is right half of the time.
//!
//! The random choices are those of pandas' `sample(random_state=123)`, so the parts are the book's.

use shared::rng::NumpyRng;

use crate::{Label, Message};

/// The seed of both random choices of this section.
const SEED: u32 = 123;

/// Samples as many messages of the more frequent label as there are of the other. The ham messages come first, then the
/// spam messages; those of the less frequent label keep their order.
pub fn create_balanced_dataset(messages: &[Message]) -> Vec<Message> {
    let of = |label| messages.iter().filter(|message| message.label == label).collect::<Vec<_>>();
    let [ham, spam] = Label::ALL.map(of);
    let size = ham.len().min(spam.len());
    let sample = |all: Vec<&Message>| -> Vec<Message> {
        if all.len() == size {
            return all.into_iter().cloned().collect();
        }
        NumpyRng::new(SEED).choice(all.len(), size).into_iter().map(|i| all[i].clone()).collect()
    };
    [sample(ham), sample(spam)].concat()
}

/// The training, the validation and the test messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Split {
    /// The model is trained on these.
    pub train: Vec<Message>,
    /// It is evaluated on these during training.
    pub validation: Vec<Message>,
    /// Kept apart until the end.
    pub test: Vec<Message>,
}

/// A part of a [`Split`] without messages.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{ham} ham and {spam} spam messages are too few: as many of one as of the other are taken, and nothing is left for the \
     {part} part; it takes at least 5 of each"
)]
pub struct EmptyPart {
    /// Ham messages in the collection.
    pub ham: usize,
    /// Spam messages in the collection.
    pub spam: usize,
    /// `training`, `validation` or `test`.
    pub part: &'static str,
}

/// Shares of the book: 70 % for training, 10 % for validation, and the remaining 20 % for testing.
pub const BOOK_SHARES: [f64; 2] = [0.7, 0.1];

/// Shuffles the messages and cuts them into three parts. Both shares are rounded down; the test part is the rest.
///
/// # Panics
/// If the shares are negative or add up to more than 1.
pub fn random_split(messages: &[Message], [train, validation]: [f64; 2]) -> Split {
    assert!(train >= 0.0 && validation >= 0.0 && train + validation <= 1.0, "shares {train} and {validation}");
    let order = NumpyRng::new(SEED).permutation(messages.len());
    let share = |share: f64| (messages.len() as f64 * share) as usize;
    let (train, rest) = order.split_at(share(train));
    let (validation, test) = rest.split_at(share(validation));
    let take = |rows: &[usize]| rows.iter().map(|&row| messages[row].clone()).collect();
    Split { train: take(train), validation: take(validation), test: take(test) }
}

impl Split {
    /// The book's way from a collection to three parts: balanced, shuffled, cut 70 : 10 : 20.
    ///
    /// # Errors
    /// If a part would be empty.
    pub fn of_collection(messages: &[Message]) -> Result<Self, EmptyPart> {
        let balanced = create_balanced_dataset(messages);
        let split = random_split(&balanced, BOOK_SHARES);
        let empty = split.parts().into_iter().find(|(_, part)| part.is_empty()).map(|(name, _)| name);
        match empty {
            Some(part) => {
                let of = |label| messages.iter().filter(|message| message.label == label).count();
                Err(EmptyPart { ham: of(Label::Ham), spam: of(Label::Spam), part })
            }
            None => Ok(split),
        }
    }

    /// The three parts with their names.
    pub fn parts(&self) -> [(&'static str, &[Message]); 3] {
        [("training", &self.train), ("validation", &self.validation), ("test", &self.test)]
    }
}
