//! The two languages of the book.

use std::fmt;

/// A language that the book is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Language {
    /// English, which the other language follows.
    English,
    /// Simplified Chinese.
    Chinese,
}

impl Language {
    /// Both, the leading one first.
    pub const ALL: [Self; 2] = [Self::English, Self::Chinese];

    /// The folder of its pages, of its figures and of the built book.
    #[must_use]
    pub fn folder(self) -> &'static str {
        self.pick("en", "zh")
    }

    /// The code that HTML wants.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.pick("en", "zh-CN")
    }

    /// The one of two values that belongs to this language.
    #[must_use]
    pub fn pick<T>(self, english: T, chinese: T) -> T {
        match self {
            Self::English => english,
            Self::Chinese => chinese,
        }
    }

    /// The language of a folder.
    #[must_use]
    pub fn of_folder(folder: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.folder() == folder)
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.folder())
    }
}
