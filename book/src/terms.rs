//! `book/terms.toml`: one word for one thing, in both languages.

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::html::{escape, inline_markdown};
use crate::language::Language;
use crate::project::{Project, read};

/// A term.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Term {
    /// The English term.
    pub en: String,
    /// The Chinese term.
    pub zh: String,
    /// What it means, in English.
    #[serde(default)]
    pub en_means: String,
    /// What it means, in Chinese.
    #[serde(default)]
    pub zh_means: String,
    /// English words that must not be used for it.
    #[serde(default)]
    pub avoid_en: Vec<String>,
    /// Chinese words that must not be used for it.
    #[serde(default)]
    pub avoid_zh: Vec<String>,
    /// Other words that find it in the search.
    #[serde(default)]
    pub also: Vec<String>,
    /// Languages in whose text the word is not linked to the glossary, because it often means something else there.
    #[serde(default)]
    pub unlinked: Vec<String>,
    /// English phrases in which the word means something else: there it is not linked.
    #[serde(default)]
    pub besides_en: Vec<String>,
    /// Chinese ones.
    #[serde(default)]
    pub besides_zh: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    term: Vec<Term>,
}

/// Reads the terms; none if there is no such file.
///
/// # Errors
/// If the file is wrong.
pub fn read_terms(project: &Project) -> Result<Vec<Term>> {
    let path = project.book().join("terms.toml");
    if !path.is_file() {
        return Ok(Vec::new());
    }
    let file: File = toml::from_str(&read(&path)?).with_context(|| format!("{} is wrong", project.relative(&path)))?;
    Ok(file.term)
}

impl Term {
    /// The words for it in a language that must not be used.
    #[must_use]
    pub fn avoided(&self, language: Language) -> &[String] {
        language.pick(&self.avoid_en, &self.avoid_zh)
    }

    /// The word for it.
    #[must_use]
    pub fn word(&self, language: Language) -> &str {
        language.pick(&self.en, &self.zh)
    }

    /// What it means.
    #[must_use]
    pub fn means(&self, language: Language) -> &str {
        language.pick(&self.en_means, &self.zh_means)
    }

    /// Whether the text of a language links it to the glossary.
    #[must_use]
    pub fn is_linked(&self, language: Language) -> bool {
        !self.unlinked.iter().any(|folder| folder == language.folder())
    }

    /// All words that find it in the search.
    #[must_use]
    pub fn synonyms(&self) -> Vec<String> {
        let words = [&self.en, &self.zh].into_iter().chain(&self.also).chain(&self.avoid_en).chain(&self.avoid_zh);
        words.cloned().collect()
    }
}

/// The table of all terms.
#[must_use]
pub fn glossary(terms: &[Term], language: Language) -> String {
    let heads = language.pick(["Term", "Chinese", "Meaning"], ["术语", "英文", "含义"]);
    let heads: Vec<String> = heads.iter().map(|head| format!("<th>{head}</th>")).collect();
    let rows: Vec<String> = terms
        .iter()
        .map(|term| {
            let other = language.pick(("zh-CN", &term.zh), ("en", &term.en));
            let meaning = inline_markdown(term.means(language), language);
            format!(
                "<tr id=\"{}\"><td>{}</td><td lang=\"{}\">{}</td><td>{meaning}</td></tr>",
                anchor(term),
                escape(term.word(language)),
                other.0,
                escape(other.1)
            )
        })
        .collect();
    format!(
        "<div class=\"table-wrapper\"><table class=\"glossary\"><thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>",
        heads.join(""),
        rows.join("")
    )
}

/// The id of a term's row: `term-byte-pair-encoding`.
#[must_use]
pub fn anchor(term: &Term) -> String {
    let words: Vec<String> = term
        .en
        .to_lowercase()
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|w| !w.is_empty())
        .map(String::from)
        .collect();
    format!("term-{}", words.join("-"))
}

/// The first word of a text that must not be used, and the one to use.
#[must_use]
pub fn wrong_word<'a>(text: &str, terms: &'a [Term], language: Language) -> Option<(&'a str, &'a str)> {
    let lower = text.to_lowercase();
    let has = |word: &str| {
        let word = word.to_lowercase();
        let is_letter = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
        lower.match_indices(&word).any(|(at, _)| {
            let (first, last) = (word.chars().next(), word.chars().next_back());
            let inside = |next, own| is_letter(next) && is_letter(own);
            !inside(lower[..at].chars().next_back(), first) && !inside(lower[at + word.len()..].chars().next(), last)
        })
    };
    let mut wrong = terms.iter().flat_map(|term| term.avoided(language).iter().map(move |word| (word, term)));
    wrong.find(|(word, _)| has(word)).map(|(word, term)| (word.as_str(), term.word(language)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forbidden_words_are_found_as_whole_words() {
        let file: File = toml::from_str(
            "[[term]]\nen = \"token\"\nzh = \"词元\"\navoid_zh = [\"令牌\"]\navoid_en = [\"wordpiece\"]\n",
        )
        .unwrap();
        let wrong = |text, language| wrong_word(text, &file.term, language);
        assert_eq!(wrong("每个令牌", Language::Chinese), Some(("令牌", "词元")));
        assert_eq!(wrong("每个词元", Language::Chinese), None);
        assert_eq!(wrong("A Wordpiece.", Language::English), Some(("wordpiece", "token")));
        assert_eq!(wrong("wordpieces", Language::English), None, "another word");
        assert!(
            glossary(&file.term, Language::Chinese)
                .contains("<tr id=\"term-token\"><td>词元</td><td lang=\"en\">token</td>")
        );
    }
}
