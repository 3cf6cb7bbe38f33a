//! Turns a page as written into what mdBook reads: directives, boxes and formulas become HTML.

use std::collections::HashMap;
use std::ops::Range;

use anyhow::{Context, Result, anyhow, bail};

use crate::boxes::OpenBox;
use crate::directive::{Directive, Out, Run};
use crate::document::{BoxKind, Document, Item, Kind};
use crate::exercise::Exercise;
use crate::html::{code_block, escape};
use crate::language::Language;
use crate::listing::Listings;
use crate::paths::to_root;
use crate::problem::{Problems, suggestion};
use crate::program::{self, Call};
use crate::recorded::{Recorded, Shown};
use crate::term_links::Links;
use crate::terms::{Term, glossary};
use crate::tree::Page;
use crate::{figure, formula, listing, notebook, table};

/// What pages are made of.
pub struct Expander<'a> {
    /// Code.
    pub listings: Listings<'a>,
    /// Words.
    pub terms: &'a [Term],
    /// Links to the glossary, for each page of the tree.
    pub term_links: Links,
    /// In which page each figure of the tree stands.
    pub figures: HashMap<String, String>,
}

/// What is replaced, and by what.
type Edit = (Range<usize>, String);

impl Expander<'_> {
    /// The Markdown for mdBook. What is wrong becomes a problem, and can be seen in the page.
    pub fn page(&self, page: &Page, problems: &Problems) -> String {
        let mut state = State::default();
        let mut edits = Vec::new();
        for item in &page.document.items {
            match self.item(page, item, &mut state) {
                Ok(Some(edit)) => edits.push(edit),
                Ok(None) => {}
                Err(error) => {
                    let message = format!("{error:#}");
                    problems.add(&page.file, page.document.line(item.range.start), &message);
                    let shown = format!("<strong class=\"problem\">{}</strong>", escape(&message.replace('\n', " ")));
                    edits.push((item.range.clone(), shown));
                }
            }
        }
        edits.extend(self.term_links.get(&page.path).into_iter().flatten().cloned());
        edits.extend(self.notebook_link(page));
        edits.sort_by_key(|(range, _)| range.start);
        apply(&page.document.text, edits)
    }

    fn item(&self, page: &Page, item: &Item, state: &mut State) -> Result<Option<Edit>> {
        let language = page.language;
        let replaced = |html: String| Ok(Some((item.range.clone(), html)));
        match &item.kind {
            Kind::Directive { text, alone } => {
                let directive = Directive::parse(text)?;
                let html =
                    if *alone { self.alone(page, &directive, state)? + "\n" } else { self.inline(page, &directive)? };
                replaced(html)
            }
            Kind::Comment(text) => {
                match text.strip_prefix("run:") {
                    Some(run) => state.run = Some(self.default_run(run.trim())?),
                    None if text.starts_with("en ") => {}
                    None => {
                        bail!("the comment is unknown; there are `<!-- run: EXAMPLE -->` and stamps `<!-- en … -->`")
                    }
                }
                replaced(String::new())
            }
            Kind::BoxStart { kind, title } => {
                let kind = kind.as_ref().map_err(|word| unknown_box(word))?;
                state.questions += usize::from(*kind == BoxKind::Question);
                let (open, html) = OpenBox::open(*kind, title, state.questions, language)?;
                state.open = Some(open);
                replaced(format!("\n{html}\n"))
            }
            Kind::BoxDivider => {
                let Some(open) = &mut state.open else { bail!("`---` stands in no box") };
                replaced(format!("\n{}\n", open.divide(language)?))
            }
            Kind::BoxEnd { apart } => {
                let Some(open) = state.open.take() else { return Ok(None) };
                if !apart {
                    bail!("an empty line must follow the box");
                }
                let command = self.notebook_command(page, open.kind);
                replaced(format!("\n\n{command}{}\n", open.close()?))
            }
            Kind::BoxPrefix | Kind::Join => replaced(String::new()),
            Kind::Formula { tex, display } => {
                let html = formula::mathml(tex, *display)?;
                if *display && !stands_alone(&page.document, &item.range) {
                    bail!("a formula between `$$` has lines of its own");
                }
                replaced(if *display { format!("<div class=\"math-display\">{html}</div>\n") } else { html })
            }
            Kind::Html => bail!("no HTML in pages: `{}`", page.document.slice(item).lines().next().unwrap_or_default()),
            Kind::Image => bail!("no pictures but `{{{{fig …}}}}`"),
            Kind::Fence { info } => fence(info, page.document.slice(item), state),
            Kind::Prose { .. } => dollars(&page.document, item),
            _ => Ok(None),
        }
    }

    /// At the end of a box with cells, the command that opens their notebook.
    fn notebook_command(&self, page: &Page, kind: BoxKind) -> String {
        let chapter = notebook::chapter_of(&page.path).filter(|_| kind == BoxKind::Notebook);
        let command = chapter.map(|chapter| notebook::open_command(page.language, chapter));
        command.map_or_else(String::new, |command| listing::command_html(&command))
    }

    /// Below the title of a chapter, where its notebook is.
    fn notebook_link(&self, page: &Page) -> Option<Edit> {
        let chapter = page.path.strip_suffix("/index.md").filter(|_| notebook::chapter_of(&page.path).is_some())?;
        let title = page.document.items.iter().find(|item| matches!(item.kind, Kind::Heading { level: 1, .. }))?;
        let has_cells = self.listings.examples.get(&notebook::example_of(chapter)).is_ok();
        let html = notebook::link(page.language, chapter, has_cells);
        Some((title.range.end..title.range.end, format!("\n{html}\n\n")))
    }

    /// What runs the listings that follow.
    fn default_run(&self, text: &str) -> Result<Run> {
        let run = Run::parse(text);
        if let Run::Example(name) = &run {
            self.listings.examples.get(name)?;
        }
        Ok(run)
    }

    /// A directive alone on its line.
    fn alone(&self, page: &Page, directive: &Directive, state: &mut State) -> Result<String> {
        let (language, project) = (page.language, self.listings.project);
        Ok(match directive {
            Directive::Code(code) => {
                let listing = self.listings.get(code)?;
                let command = self.listings.command(code, state.run.as_ref())?;
                let html = listing::html(code, &listing, &command, &to_root(&page.path));
                state.commands = vec![command];
                html
            }
            Directive::Out(out) => self.output(out, language, state)?,
            Directive::Fig(id) => figure::html(project, language, id)?,
            Directive::Exercise(id) => {
                let exercise = Exercise::read(project, language, id)?;
                for file in [&exercise.file, &exercise.solution_file] {
                    self.listings.sources.get(project, file)?;
                }
                exercise.html(language, &to_root(&page.path))
            }
            Directive::Table(wanted) => table::markdown(project, language, wanted)?,
            Directive::Glossary => glossary(self.terms, language),
            Directive::Cell(id) => self.cell(page, id, state)?,
        })
    }

    /// An output, with the commands of its pieces unless they were shown just before.
    fn output(&self, out: &Out, language: Language, state: &mut State) -> Result<String> {
        let Printed { pieces } = Printed::of(&self.listings, out)?;
        if pieces.iter().all(|(command, _)| state.commands.contains(command)) {
            let text: Vec<&str> = pieces.iter().map(|(_, text)| text.as_str()).collect();
            let between = if text.iter().any(|text| text.contains('\n')) { "\n\n" } else { "\n" };
            return Ok(output_html(language.pick("Output", "输出"), &text.join(between)));
        }
        let figures = pieces.iter().map(|(command, text)| {
            let title = format!("{} <code>{}</code>", language.pick("Output of", "输出："), escape(command));
            output_html(&title, text)
        });
        let html = figures.collect::<Vec<_>>().join("");
        state.commands = pieces.into_iter().map(|(command, _)| command).collect();
        Ok(html)
    }

    /// A cell of the chapter's notebook. It stands in a box of its own kind, which other forms of the book leave out.
    fn cell(&self, page: &Page, id: &str, state: &State) -> Result<String> {
        if state.open.as_ref().is_none_or(|open| open.kind != BoxKind::Notebook) {
            bail!("a cell stands in a box `> [!NOTEBOOK] Title`");
        }
        let chapter = notebook::chapter_of(&page.path).context("only chapters have notebooks")?;
        notebook::html(self.listings.project, page.language, chapter, id)
    }

    /// A directive in a sentence.
    fn inline(&self, page: &Page, directive: &Directive) -> Result<String> {
        let Directive::Fig(id) = directive else {
            bail!("this directive stands alone on its line");
        };
        figure::name(id, page.language)?;
        let Some(path) = self.figures.get(id) else {
            let known: Vec<&String> = self.figures.keys().collect();
            bail!("the figure {id} is mentioned but stands on no page{}", suggestion(id, &known));
        };
        let target =
            if *path == page.path { String::new() } else { to_root(&page.path) + &path.replace(".md", ".html") };
        figure::mention(page.language, id, &target)
    }
}

/// What `{{out …}}` shows: what each command printed.
pub struct Printed {
    /// Commands and texts.
    pub pieces: Vec<(String, String)>,
}

impl Printed {
    /// The recorded output that a directive names.
    ///
    /// # Errors
    /// If there is none, or it has no such parts.
    pub fn of(listings: &Listings, Out { name, parts }: &Out) -> Result<Self> {
        let recorded = Recorded::of(listings.project, name)?;
        let shown = recorded.shown(parts).with_context(|| format!("book/outputs/{name}.txt"))?;
        let example = match (program::is_recording(name), recorded.args.as_slice()) {
            (true, _) => String::new(),
            (false, []) => listings.examples.command(name)?,
            (false, args) => format!("{} -- {}", listings.examples.command(name)?, args.join(" ")),
        };
        let command = |shown: &Shown| shown.call.map_or_else(|| example.clone(), Call::command);
        Ok(Self { pieces: shown.into_iter().map(|shown| (command(&shown), shown.text)).collect() })
    }
}

/// What changes along a page.
#[derive(Default)]
struct State {
    /// What runs the listings that follow.
    run: Option<Run>,
    /// The commands that were shown last.
    commands: Vec<String>,
    /// The box around the current place.
    open: Option<OpenBox>,
    /// How many questions there were.
    questions: usize,
}

fn unknown_box(word: &str) -> anyhow::Error {
    let known = BoxKind::ALL.map(BoxKind::word);
    anyhow!("no box `[!{word}]`{}", suggestion(word, &known))
}

/// A dollar sign in the text belongs to a formula that was not understood.
fn dollars(document: &Document, item: &Item) -> Result<Option<Edit>> {
    let text = document.slice(item);
    let is_escaped = document.text[..item.range.start].ends_with('\\');
    if text.get(usize::from(is_escaped)..).is_some_and(|text| text.contains('$')) {
        bail!(
            "`$` is left in the text: the formula is not closed or its braces do not match; a dollar is written `\\$`"
        );
    }
    Ok(None)
}

/// Code is included from the project, never typed. Commands are remembered for the outputs that follow.
fn fence(info: &str, block: &str, state: &mut State) -> Result<Option<Edit>> {
    match info {
        "sh" => state.commands = commands(block),
        "text" | "toml" => {}
        "rust" => bail!("no Rust in pages: include it with `{{{{code …}}}}`"),
        _ => bail!("a block of code is ```text, ```sh or ```toml, not ```{info}"),
    }
    Ok(None)
}

/// The commands in a block, without comments behind them.
#[must_use]
pub fn commands(block: &str) -> Vec<String> {
    let lines = block.lines().map(|line| line.trim_start_matches(['>', ' ', '$']));
    lines.map(|line| line.split("  #").next().unwrap_or_default().trim().to_string()).collect()
}

/// A figure with something that was printed. Lines that fit into no window wrap.
fn output_html(title: &str, text: &str) -> String {
    let wraps = if text.lines().any(|line| line.chars().count() > WIDEST) { " wraps" } else { "" };
    format!("<figure class=\"output{wraps}\"><figcaption>{title}</figcaption>{}</figure>", code_block(text, "text"))
}

/// How many characters fit into a line of a wide window.
const WIDEST: usize = 120;

/// Whether nothing else stands on the lines.
fn stands_alone(document: &Document, range: &Range<usize>) -> bool {
    let before = document.text[..range.start].rsplit('\n').next().unwrap_or_default();
    let after = document.text[range.end..].split('\n').next().unwrap_or_default();
    before.trim_start_matches(['>', ' ']).is_empty() && after.trim().is_empty()
}

/// Replaces pieces of a text. A piece inside of another is left out.
fn apply(text: &str, edits: Vec<Edit>) -> String {
    let mut result = String::with_capacity(text.len() * 2);
    let mut at = 0;
    for (range, replacement) in edits {
        if range.start >= at {
            result.push_str(&text[at..range.start]);
            result.push_str(&replacement);
            at = range.end;
        }
    }
    result.push_str(&text[at..]);
    result
}

/// Text in which lines of Chinese are joined.
#[must_use]
pub fn join_lines(text: &str) -> String {
    let document = Document::parse(text.to_string());
    let joins = document.items.iter().filter(|item| item.kind == Kind::Join);
    apply(&document.text, joins.map(|item| (item.range.clone(), String::new())).collect())
}
