//! Links from the text to the glossary: the first time that a chapter uses a term, it leads to the term's row, and says on
//! hovering what it means.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use aho_corasick::{AhoCorasick, MatchKind};
use anyhow::Result;
use icu_segmenter::WordSegmenter;
use icu_segmenter::options::WordBreakInvariantOptions;

use crate::directive::Directive;
use crate::document::{Item, Kind, is_han};
use crate::html::{escape, plain_text};
use crate::language::Language;
use crate::paths::to_root;
use crate::terms::{Term, anchor};
use crate::tree::{Page, Tree};

/// What is replaced in each page, and by what.
pub type Links = HashMap<String, Vec<(Range<usize>, String)>>;

/// Text without breaks, and where its pieces stand in the page.
#[derive(Default)]
struct Run {
    text: String,
    /// Where a piece begins here, and there.
    pieces: Vec<(usize, usize)>,
}

/// The first use of each term in each chapter of a language. Without a page that has the glossary there are none.
///
/// # Errors
/// If the terms cannot be searched for.
pub fn find(tree: &Tree, terms: &[Term]) -> Result<Links> {
    let Some(glossary) = tree.pages.iter().find(|page| has_glossary(page)) else { return Ok(Links::new()) };
    let forms = forms(terms, tree.language);
    let words = AhoCorasick::builder()
        .match_kind(MatchKind::LeftmostLongest)
        .ascii_case_insensitive(true)
        .build(forms.iter().map(|(form, _)| form))?;
    let mut links = Links::new();
    let mut linked: HashSet<(String, usize)> = HashSet::new();
    for page in tree.pages.iter().filter(|page| page.path != glossary.path) {
        let chapter = page.path.split_once('/').map_or(page.path.as_str(), |(folder, _)| folder);
        let target = to_root(&page.path) + &glossary.path.replace(".md", ".html");
        let mut found = Vec::new();
        for run in runs(page) {
            let mut breaks = None;
            for word in words.find_iter(&run.text) {
                let Some(term) = forms[word.pattern().as_usize()].1 else { continue };
                let breaks = breaks.get_or_insert_with(|| word_breaks(&run.text));
                let is_word = [word.start(), word.end()].iter().all(|at| is_edge(&run.text, *at, breaks));
                let place = run.place(word.start())..run.place_of_end(word.end());
                let Some(marks) = marks(&page.document.text, &place).filter(|_| is_word) else { continue };
                if linked.insert((chapter.to_string(), term)) {
                    let shown = format!("{marks}{}{marks}", &run.text[word.range()]);
                    let html = html(&terms[term], &shown, tree.language, &target);
                    found.push((place.start - marks.len()..place.end + marks.len(), html));
                }
            }
        }
        links.insert(page.path.clone(), found);
    }
    Ok(links)
}

/// Whether the table of terms stands on a page.
fn has_glossary(page: &Page) -> bool {
    page.document.directives().any(|(_, directive)| directive == Directive::Glossary)
}

/// The words that stand for a term in the text, with the term's number; none for phrases in which they mean something else.
fn forms(terms: &[Term], language: Language) -> Vec<(String, Option<usize>)> {
    let mut forms = Vec::new();
    for (index, term) in terms.iter().enumerate().filter(|(_, term)| term.is_linked(language)) {
        // 字节对编码（BPE）, 阶；秩
        let own = term.word(language).split('；').map(|word| word.split('（').next().unwrap_or_default());
        for word in own.filter(|word| !word.is_empty()) {
            // Longer words for the same thing: 概率分布 for 分布.
            let longer = term.also.iter().map(String::as_str).filter(|also| also.contains(word));
            for word in longer.chain([word]) {
                forms.push((word.to_string(), Some(index)));
                if language == Language::English {
                    forms.extend(plurals(word).into_iter().map(|plural| (plural, Some(index))));
                }
            }
        }
        forms.extend(language.pick(&term.besides_en, &term.besides_zh).iter().map(|phrase| (phrase.clone(), None)));
    }
    forms
}

/// How the plural of an English word may look.
fn plurals(word: &str) -> Vec<String> {
    let mut plurals = vec![format!("{word}s"), format!("{word}es")];
    plurals.extend(word.strip_suffix('y').map(|stem| format!("{stem}ies")));
    plurals.extend(word.strip_suffix("ix").map(|stem| format!("{stem}ices")));
    plurals
}

/// What is no running text: headings, tables, links, mentions of figures, and what is said about books and papers.
fn others(page: &Page) -> Vec<Range<usize>> {
    let other = |item: &Item| match &item.kind {
        Kind::Link { target } if target.contains("://") => Some(block(&page.document.text, &item.range)),
        Kind::Heading { .. } | Kind::Table { .. } | Kind::Link { .. } => Some(item.range.clone()),
        Kind::Directive { alone: false, .. } => Some(item.range.clone()),
        _ => None,
    };
    page.document.items.iter().filter_map(other).collect()
}

/// The paragraph or the entry of a list around something.
fn block(text: &str, range: &Range<usize>) -> Range<usize> {
    let ends = ["\n\n", "\n- ", "\n> - ", "\n>\n"];
    let start = ends.iter().filter_map(|end| text[..range.start].rfind(end)).max().unwrap_or(0);
    let after = ends.iter().filter_map(|end| text[range.end..].find(end)).min();
    start..after.map_or(text.len(), |length| range.end + length)
}

/// The running text of a page: what is neither heading nor table, neither link nor code nor formula.
fn runs(page: &Page) -> Vec<Run> {
    let document = &page.document;
    let others = others(page);
    let is_join = |from: usize, to: usize| {
        document.items.iter().any(|item| item.kind == Kind::Join && from <= item.range.start && item.range.end <= to)
    };
    let mut runs: Vec<Run> = Vec::new();
    let mut end = None;
    for item in document.items.iter().filter(|item| matches!(item.kind, Kind::Prose { .. })) {
        let range = item.range.clone();
        if others.iter().any(|other| other.start <= range.start && range.end <= other.end) {
            end = None;
            continue;
        }
        let gap = end.map(|end: usize| &document.text[end..range.start]);
        let continues = gap.is_some_and(|gap| {
            let breaks = gap.matches('\n').count();
            breaks <= 1 && gap.chars().all(|c| c.is_whitespace() || c == '>')
        });
        if !continues {
            runs.push(Run::default());
        }
        if let Some(run) = runs.last_mut() {
            if continues && !is_join(end.unwrap_or_default(), range.start) && gap.is_some_and(|gap| !gap.is_empty()) {
                run.text.push(' ');
            }
            // A mention of a figure is no text.
            let mut at = range.start;
            let inside = others.iter().filter(|other| range.start <= other.start && other.end <= range.end);
            for (start, stop) in inside.map(|other| (other.start, other.end)).chain([(range.end, range.end)]) {
                run.push(at, &document.text[at..start]);
                if stop > start {
                    run.text.push('\n');
                }
                at = stop;
            }
        }
        end = Some(range.end);
    }
    runs
}

impl Run {
    fn push(&mut self, place: usize, text: &str) {
        if !text.is_empty() {
            self.pieces.push((self.text.len(), place));
            self.text.push_str(text);
        }
    }

    /// Where in the page a place of this text is.
    fn place(&self, at: usize) -> usize {
        let next = self.pieces.partition_point(|(start, _)| *start <= at);
        next.checked_sub(1).map_or(at, |piece| self.pieces[piece].1 + at - self.pieces[piece].0)
    }

    /// Where in the page something ends that ends here.
    fn place_of_end(&self, end: usize) -> usize {
        self.place(end - 1) + 1
    }
}

/// The marks of emphasis around something; `None` if they are on one side only. They go into the link: between them and a word
/// of Chinese, a tag would take their meaning away.
fn marks<'a>(text: &'a str, place: &Range<usize>) -> Option<&'a str> {
    let is_mark = |c: char| c == '*' || c == '_';
    let before = &text[text[..place.start].trim_end_matches(is_mark).len()..place.start];
    let rest = &text[place.end..];
    let after = &rest[..rest.len() - rest.trim_start_matches(is_mark).len()];
    (before == after).then_some(before)
}

/// Where words may begin and end; Chinese is cut by a dictionary.
fn word_breaks(text: &str) -> HashSet<usize> {
    WordSegmenter::new_dictionary(WordBreakInvariantOptions::default()).segment_str(text).collect()
}

/// Whether no word goes on over a place.
fn is_edge(text: &str, at: usize, breaks: &HashSet<usize>) -> bool {
    let (before, after) = (text[..at].chars().next_back(), text[at..].chars().next());
    let (Some(before), Some(after)) = (before, after) else { return true };
    let is_part = |c: char| (c.is_alphanumeric() && !is_han(c)) || c == '_' || c == '-';
    match (is_part(before) && is_part(after), is_han(before) && is_han(after)) {
        (true, _) => false,
        (_, true) => breaks.contains(&at),
        _ => true,
    }
}

fn html(term: &Term, shown: &str, language: Language, glossary: &str) -> String {
    let means = escape(&plain_text(term.means(language)));
    let title = if means.is_empty() { String::new() } else { format!(" title=\"{means}\"") };
    format!("<a class=\"term\" href=\"{glossary}#{}\"{title}>{shown}</a>", anchor(term))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_paragraphs_and_entries_of_lists() {
        let text = "a\n\n- one\n- two\n  more\n\nb\n";
        let of = |word: &str| {
            let at = text.find(word).unwrap();
            text[block(text, &(at..at + 1))].trim()
        };
        assert_eq!((of("two"), of("one"), of("b")), ("- two\n  more", "- one", "b"));
    }

    #[test]
    fn words_end_at_edges_and_not_inside_of_words() {
        let is_word = |text: &str, word: &str| {
            let start = text.find(word).unwrap();
            let breaks = word_breaks(text);
            is_edge(text, start, &breaks) && is_edge(text, start + word.len(), &breaks)
        };
        assert!(is_word("the token, and", "token"));
        assert!(!is_word("tokenization", "token") && !is_word("a token-based one", "token"));
        assert!(is_word("把自己的权重加起来", "权重"), "{:?}", word_breaks("把自己的权重加起来"));
        assert!(is_word("每个词元看过去", "词元"), "{:?}", word_breaks("每个词元看过去"));
        assert!(!is_word("从开头算起", "头"), "{:?}", word_breaks("从开头算起"));
        assert!(is_word("用 dropout 训练", "dropout"));
    }

    #[test]
    fn marks_on_both_sides_belong_to_a_word() {
        let text = "a **token** is *one token* here";
        let of = |from: usize| {
            let start = from + text[from..].find("token").unwrap();
            marks(text, &(start..start + 5))
        };
        assert_eq!((of(0), of(12)), (Some("**"), None));
        assert_eq!(marks("a token", &(2..7)), Some(""));
    }

    #[test]
    fn plurals_are_known() {
        for (word, plural) in
            [("token", "tokens"), ("loss", "losses"), ("vocabulary", "vocabularies"), ("matrix", "matrices")]
        {
            assert!(plurals(word).contains(&plural.to_string()), "{word}");
        }
    }
}
