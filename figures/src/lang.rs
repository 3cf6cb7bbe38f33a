//! Text in the book's two languages.

/// A language of the book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lang {
    /// English.
    En,
    /// Simplified Chinese.
    Zh,
}

impl Lang {
    /// Both languages.
    pub const ALL: [Self; 2] = [Self::En, Self::Zh];

    /// The name of the language's folder.
    pub fn folder(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Zh => "zh",
        }
    }

    /// The language as HTML and SVG name it.
    pub fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Zh => "zh-CN",
        }
    }
}

/// The same text in both languages; `\n` begins a new line.
///
/// `x_{1}` and `z^{(2)}` are written with a subscript and a superscript. A number, a token or a piece of code is the same
/// in both languages and may be given as a string alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    en: String,
    zh: String,
}

/// A text in English and in Chinese.
pub fn t(en: impl Into<String>, zh: impl Into<String>) -> Words {
    Words { en: en.into(), zh: zh.into() }
}

impl Words {
    /// The text in one of the languages.
    pub fn get(&self, lang: Lang) -> &str {
        match lang {
            Lang::En => &self.en,
            Lang::Zh => &self.zh,
        }
    }

    /// The lines of the text in one of the languages.
    pub fn lines(&self, lang: Lang) -> impl Iterator<Item = &str> {
        self.get(lang).split('\n')
    }
}

impl From<&str> for Words {
    fn from(text: &str) -> Self {
        t(text, text)
    }
}

impl From<String> for Words {
    fn from(text: String) -> Self {
        t(text.clone(), text)
    }
}

impl From<&String> for Words {
    fn from(text: &String) -> Self {
        text.as_str().into()
    }
}

impl From<&Words> for Words {
    fn from(words: &Words) -> Self {
        words.clone()
    }
}
