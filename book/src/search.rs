//! The index of the search: a script with the text of every section, taken from the finished pages, so that what a reader
//! sees is what the search finds. theme/search.js looks things up in it.

use std::cell::RefCell;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use html5ever::tokenizer::{Tag, TagKind, Token, TokenSink, TokenSinkResult};
use regex::Regex;
use serde::Serialize;

use crate::html::read_tokens;

/// Where the index is written to, in the folder of a book.
pub const INDEX: &str = "search-index.js";

/// The part of a page from a heading to the next.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
struct Section {
    /// The page with the id of the heading, relative to the book.
    url: String,
    /// The heading.
    title: String,
    /// The chapter, the page and the headings above.
    path: String,
    /// What is written: paragraphs, lists, tables, captions, descriptions of figures.
    text: String,
    /// What is typed or printed: listings, commands, outputs.
    code: String,
}

/// Writes the index of a finished book and returns its number of sections.
///
/// Each list of `synonyms` has words that mean the same.
///
/// # Errors
/// If a page cannot be read, or if the book has no text.
pub fn write(build: &Path, synonyms: &[Vec<String>]) -> Result<usize> {
    let contents = fs::read_to_string(build.join("toc.html")).context("mdBook has written no table of contents")?;
    let link = Regex::new(r##"<a href="([^"#]+\.html)"[^>]*>"##)?;
    let mut sections: Vec<Section> = Vec::new();
    let mut chapter = (String::new(), String::new()); // its folder and its title
    for found in link.captures_iter(&contents) {
        let page = &found[1];
        let html = fs::read_to_string(build.join(page)).with_context(|| page.to_string())?;
        let folder = page.rsplit_once('/').map_or("", |(folder, _)| folder);
        if folder != chapter.0 {
            chapter = (folder.to_string(), String::new());
        }
        let found = sections_of(page, &html, &chapter.1);
        ensure!(!found.is_empty(), "{page} has no heading with an id, so the search would not find it");
        if page.ends_with("/index.html") {
            chapter.1.clone_from(&found[0].title);
        }
        sections.extend(found);
    }
    let index = serde_json::to_string(&sections)?.replace("},{", "},\n{");
    let synonyms = serde_json::to_string(synonyms)?;
    fs::write(build.join(INDEX), format!("window.bookIndex = {index};\nwindow.bookSynonyms = {synonyms};\n"))?;
    Ok(sections.len())
}

fn sections_of(page: &str, html: &str, chapter: &str) -> Vec<Section> {
    let reader = Reader { page: page.to_string(), chapter: chapter.to_string(), state: RefCell::default() };
    read_tokens(html, reader).state.into_inner().finish()
}

/// Gathers the sections of a page, token by token.
struct Reader {
    page: String,
    chapter: String,
    state: RefCell<State>,
}

#[derive(Default)]
struct State {
    sections: Vec<Section>,
    /// The headings above: their levels, and where their sections are.
    above: Vec<(u8, usize)>,
    /// Inside of the text of the page.
    in_main: bool,
    /// How deep inside of what is not read: drawings but for their description, formulas.
    skipped: usize,
    in_description: bool,
    /// How deep inside of code in lines of its own.
    in_code: usize,
    in_command: bool,
    in_listing: bool,
    /// The level of the heading that is being read.
    heading: Option<u8>,
    /// The id of an exercise whose heading has not come yet.
    exercise: Option<String>,
}

impl State {
    fn finish(mut self) -> Vec<Section> {
        for section in &mut self.sections {
            for text in [&mut section.title, &mut section.path, &mut section.text, &mut section.code] {
                *text = text.split_whitespace().collect::<Vec<_>>().join(" ").replace('\u{200b}', "");
            }
        }
        self.sections
    }

    /// Where text goes now.
    fn current(&mut self) -> Option<&mut String> {
        if !self.in_main || (self.skipped > 0 && !self.in_description) {
            return None;
        }
        let (heading, in_code) = (self.heading.is_some(), self.in_code > 0 || self.in_command || self.in_listing);
        let section = self.sections.last_mut()?;
        Some(match (heading, in_code) {
            (true, _) => &mut section.title,
            (false, true) => &mut section.code,
            (false, false) => &mut section.text,
        })
    }

    fn open(&mut self, tag: &Tag, reader: &Reader) {
        let name = tag.name.as_ref();
        let attribute = |wanted: &str| {
            tag.attrs
                .iter()
                .find(|attribute| attribute.name.local.as_ref() == wanted)
                .map(|found| found.value.to_string())
        };
        match name {
            "main" => self.in_main = true,
            "svg" | "math" if !tag.self_closing => self.skipped += 1,
            "desc" => self.in_description = true,
            "pre" => self.in_code += 1,
            "figure" if matches!(attribute("class").as_deref(), Some("listing" | "output")) => self.in_listing = true,
            "div" if attribute("class").as_deref() == Some("command") => self.in_command = true,
            "section" if attribute("class").as_deref() == Some("exercise") => self.exercise = attribute("id"),
            "h1" | "h2" | "h3" | "h4" if self.in_main => {
                let level = name.as_bytes()[1] - b'0';
                // An exercise is found by the heading inside of it.
                let id = attribute("id").or_else(|| self.exercise.take());
                if let Some(id) = id {
                    self.begin(level, &id, reader);
                }
            }
            _ => {}
        }
        self.separate(name);
    }

    fn begin(&mut self, level: u8, id: &str, reader: &Reader) {
        self.above.retain(|(above, _)| *above < level);
        let path: Vec<&str> = std::iter::once(reader.chapter.as_str())
            .chain(self.above.iter().map(|(_, at)| self.sections[*at].title.trim()))
            .filter(|title| !title.is_empty())
            .collect();
        let url = format!("{}#{id}", reader.page);
        let section = Section { url, path: path.join(" › "), ..Section::default() };
        self.above.push((level, self.sections.len()));
        self.sections.push(section);
        self.heading = Some(level);
    }

    fn close(&mut self, name: &str) {
        match name {
            "main" => self.in_main = false,
            "svg" | "math" => self.skipped = self.skipped.saturating_sub(1),
            "desc" => self.in_description = false,
            "pre" => self.in_code = self.in_code.saturating_sub(1),
            "figure" => self.in_listing = false,
            "div" => self.in_command = false,
            "h1" | "h2" | "h3" | "h4" => self.heading = None,
            _ => {}
        }
        self.separate(name);
    }

    /// Text of different blocks doesn't run together; that of a paragraph does, whatever is in it.
    fn separate(&mut self, name: &str) {
        const INLINE: [&str; 12] = ["a", "b", "code", "em", "i", "mark", "span", "strong", "sub", "sup", "math", "kbd"];
        if !INLINE.contains(&name)
            && let Some(text) = self.current()
        {
            text.push(' ');
        }
    }
}

impl TokenSink for Reader {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let mut state = self.state.borrow_mut();
        match token {
            Token::TagToken(tag) if tag.kind == TagKind::StartTag => state.open(&tag, self),
            Token::TagToken(tag) => state.close(tag.name.as_ref()),
            Token::CharacterTokens(text) => {
                if let Some(current) = state.current() {
                    current.push_str(&text);
                }
            }
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = r##"<title>x</title><nav>not this</nav><main>
        <h1 id="causal"><a class="header" href="#causal">3.5 <code>Causal</code> attention</a></h1>
        <p>Hiding <em>the</em>
        future: <math><mi>x</mi></math>.</p>
        <figure class="figure" id="fig-3-07"><svg><title>no</title><desc>A matrix &amp; its mask</desc><text>no</text></svg>
        <figcaption><b>Figure 3.7</b> The mask</figcaption></figure>
        <h2 id="hiding"><a class="header" href="#hiding">3.5.1 Hiding</a></h2>
        <figure class="listing"><figcaption><a class="file">src/mask.rs</a></figcaption><pre><code>scores.mask_fill(&lt;0&gt;)</code></pre>
        <div class="command"><code>cargo run</code></div></figure>
        <table><tr><td>one</td><td>two</td></tr></table>
        <h2 id="exercises"><a class="header" href="#exercises">Exercises</a></h2>
        <section class="exercise" id="exercise-3-2"><h4 class="exercise-title">Exercise 3.2</h4><p>词元<strong>嵌入</strong></p></section>
        </main><footer>nor this</footer>"##;

    #[test]
    fn a_page_is_cut_at_its_headings() {
        let found = sections_of("ch03/causal.html", PAGE, "3 Attention");
        let names: Vec<_> =
            found.iter().map(|section| (section.url.as_str(), section.path.as_str(), section.title.as_str())).collect();
        assert_eq!(
            names,
            [
                ("ch03/causal.html#causal", "3 Attention", "3.5 Causal attention"),
                ("ch03/causal.html#hiding", "3 Attention › 3.5 Causal attention", "3.5.1 Hiding"),
                ("ch03/causal.html#exercises", "3 Attention › 3.5 Causal attention", "Exercises"),
                ("ch03/causal.html#exercise-3-2", "3 Attention › 3.5 Causal attention › Exercises", "Exercise 3.2"),
            ]
        );
    }

    #[test]
    fn text_and_code_are_kept_apart_and_formulas_left_out() {
        let found = sections_of("ch03/causal.html", PAGE, "");
        assert_eq!(found[0].text, "Hiding the future: . A matrix & its mask Figure 3.7 The mask");
        assert_eq!(
            (found[1].code.as_str(), found[1].text.as_str()),
            ("src/mask.rs scores.mask_fill(<0>) cargo run", "one two")
        );
        assert_eq!(found[3].text, "词元嵌入");
    }

    #[test]
    fn the_index_follows_the_table_of_contents() {
        let book = tempfile::tempdir().unwrap();
        let page = |id: &str, title: &str| format!("<main><h1 id=\"{id}\">{title}</h1>text</main>");
        fs::create_dir(book.path().join("ch01")).unwrap();
        fs::write(book.path().join("ch01/index.html"), page("one", "1 One")).unwrap();
        fs::write(book.path().join("ch01/b.html"), page("two", "1.1 Two")).unwrap();
        fs::write(book.path().join("words.html"), page("words", "Words")).unwrap();
        let links = ["ch01/index.html", "ch01/b.html", "words.html"]
            .map(|page| format!("<a href=\"{page}\" target=\"x\">"))
            .join("");
        fs::write(book.path().join("toc.html"), links).unwrap();
        assert_eq!(write(book.path(), &[vec!["vocabulary".into(), "词表".into()]]).unwrap(), 3);
        let index = fs::read_to_string(book.path().join(INDEX)).unwrap();
        assert_eq!(
            index,
            "window.bookIndex = [{\"url\":\"ch01/index.html#one\",\"title\":\"1 One\",\"path\":\"\",\"text\":\"text\",\"code\":\"\"},\n\
             {\"url\":\"ch01/b.html#two\",\"title\":\"1.1 Two\",\"path\":\"1 One\",\"text\":\"text\",\"code\":\"\"},\n\
             {\"url\":\"words.html#words\",\"title\":\"Words\",\"path\":\"\",\"text\":\"text\",\"code\":\"\"}];\n\
             window.bookSynonyms = [[\"vocabulary\",\"词表\"]];\n"
        );

        fs::write(book.path().join("words.html"), "<main><p>no heading</p></main>").unwrap();
        let error = write(book.path(), &[]).unwrap_err().to_string();
        assert_eq!(error, "words.html has no heading with an id, so the search would not find it");
    }
}
