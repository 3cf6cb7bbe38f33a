//! Pages as the Markdown of notebooks: listings, outputs and exercises as text, figures as pictures in it, boxes as quotations.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::LazyLock;

use anyhow::{Context, Result, bail};
use regex::Regex;

use super::cells::data_uri;
use super::chapter_of;
use crate::boxes::label;
use crate::build::Materials;
use crate::directive::{Code, Directive, Out, Run};
use crate::document::{BoxKind, Item, Kind};
use crate::exercise::Exercise;
use crate::expand::{Printed, commands};
use crate::figure::{self, Figure, element, figure_pages};
use crate::language::Language;
use crate::listing::Listings;
use crate::paths::resolve;
use crate::problem::Problems;
use crate::project::Project;
use crate::table;
use crate::tree::{Page, Tree};

/// A piece of a page.
#[derive(Debug, PartialEq, Eq)]
pub enum Piece {
    /// Text up to the next heading or cell.
    Text {
        /// The page and the section that it belongs to.
        id: String,
        /// Markdown.
        text: String,
    },
    /// A cell.
    Cell {
        /// Its name.
        id: String,
        /// The line of the page.
        line: usize,
    },
}

/// Writes the pages of a chapter.
pub struct Writer<'a> {
    listings: Listings<'a>,
    tree: &'a Tree,
    chapter: &'a str,
    /// In which page each figure stands.
    figures: HashMap<String, String>,
}

/// What stands in the place of an item.
enum Edit {
    Text(String),
    /// A heading begins a new piece.
    Heading {
        id: String,
        text: String,
    },
    Cell(String),
}

/// What changes along a page.
#[derive(Default)]
struct State {
    /// What runs the listings that follow.
    run: Option<Run>,
    /// The commands that were shown last.
    commands: Vec<String>,
    /// The kind of the box around the current place.
    open: Option<BoxKind>,
    questions: usize,
}

impl State {
    /// Whether lines begin with `> `.
    fn is_quoted(&self) -> bool {
        self.open.is_some_and(|kind| !matches!(kind, BoxKind::Detail | BoxKind::Question | BoxKind::Notebook))
    }
}

impl<'a> Writer<'a> {
    /// What writes the pages of this chapter.
    pub fn new(project: &'a Project, materials: &'a Materials, tree: &'a Tree, chapter: &'a str) -> Self {
        // What is wrong with figures was said by the build.
        let figures = figure_pages(tree, &Problems::default());
        Self { listings: materials.listings(project), tree, chapter, figures }
    }

    /// The pieces of a page. What is wrong becomes a problem, and is left out.
    pub fn page(&self, page: &Page, problems: &Problems) -> Vec<Piece> {
        let (mut state, mut edits) = (State::default(), Vec::new());
        for item in &page.document.items {
            match self.item(page, item, &mut state) {
                Ok(Some((range, edit))) => edits.push((range, edit)),
                Ok(None) => {}
                Err(error) => problems.add(&page.file, page.document.line(item.range.start), format!("{error:#}")),
            }
        }
        pieces(page, edits)
    }

    fn item(&self, page: &Page, item: &Item, state: &mut State) -> Result<Option<(Range<usize>, Edit)>> {
        let language = page.language;
        let replaced = |text: String| Ok(Some((item.range.clone(), Edit::Text(text))));
        match &item.kind {
            Kind::Heading { level, id } => {
                let id = self.section(page, id.as_deref().unwrap_or_default(), *level);
                let text = heading(page, page.document.slice(item), *level, &id);
                Ok(Some((item.range.clone(), Edit::Heading { id, text })))
            }
            Kind::Directive { text, alone: true } => match Directive::parse(text)? {
                Directive::Cell(_) if state.open != Some(BoxKind::Notebook) => Ok(None),
                Directive::Cell(id) => Ok(Some((item.range.clone(), Edit::Cell(id)))),
                directive => {
                    let text = self.alone(page, &directive, state)?;
                    replaced(if state.is_quoted() { text.trim_end().replace('\n', "\n> ") } else { text })
                }
            },
            Kind::Directive { text, alone: false } => match Directive::parse(text)? {
                Directive::Fig(id) => replaced(self.mention(page, &id)?),
                _ => Ok(None),
            },
            Kind::Comment(text) => {
                if let Some(run) = text.strip_prefix("run:") {
                    state.run = Some(Run::parse(run.trim()));
                }
                replaced(String::new())
            }
            Kind::BoxStart { kind: Ok(kind), title } => {
                state.open = Some(*kind);
                state.questions += usize::from(*kind == BoxKind::Question);
                replaced(box_start(*kind, title, state.questions, language))
            }
            Kind::BoxDivider => {
                replaced(format!("\n<details><summary>{}</summary>\n", language.pick("Answer", "答案")))
            }
            Kind::BoxEnd { .. } => match state.open.take() {
                Some(BoxKind::Detail | BoxKind::Question) => replaced("\n\n</details>\n".to_string()),
                _ => Ok(None),
            },
            Kind::BoxPrefix if !state.is_quoted() => replaced(String::new()),
            Kind::Join => replaced(String::new()),
            Kind::Link { target } => {
                let text = page.document.slice(item);
                let Some(at) = text.rfind(&format!("]({target}")).map(|at| item.range.start + at + 2) else {
                    return Ok(None);
                };
                Ok(Some((at..at + target.len(), Edit::Text(self.target(page, target)))))
            }
            Kind::Fence { info } => {
                if info == "sh" {
                    state.commands = commands(page.document.slice(item));
                }
                Ok(None)
            }
            _ => Ok(None),
        }
    }

    /// A directive alone on its line.
    fn alone(&self, page: &Page, directive: &Directive, state: &mut State) -> Result<String> {
        let (language, project) = (page.language, self.listings.project);
        Ok(match directive {
            Directive::Code(code) => {
                let command = self.listings.command(code, state.run.as_ref())?;
                state.commands = vec![command.clone()];
                format!("{}\n\n`{command}`\n", self.listing(code)?)
            }
            Directive::Out(out) => self.output(out, language, state)?,
            Directive::Fig(id) => figure(project, language, id)?,
            Directive::Exercise(id) => Exercise::read(project, language, id)?.markdown(language),
            Directive::Table(wanted) => table::markdown(project, language, wanted)?,
            Directive::Glossary | Directive::Cell(_) => bail!("this directive stands in no chapter"),
        })
    }

    /// A listing below the name of its file.
    fn listing(&self, code: &Code) -> Result<String> {
        let Code { path, items, .. } = code;
        let items: String = items.iter().map(|item| format!(" · `{item}`")).collect();
        Ok(format!("[{path}](../../../{path}){items}\n\n{}", fenced(&self.listings.get(code)?.text, "rust")))
    }

    /// An output, with its command unless that was shown just before.
    fn output(&self, out: &Out, language: Language, state: &mut State) -> Result<String> {
        let Printed { pieces } = Printed::of(&self.listings, out)?;
        let named = pieces.iter().any(|(command, _)| !state.commands.contains(command));
        state.commands = pieces.iter().map(|(command, _)| command.clone()).collect();
        let blocks = pieces.iter().map(|(command, text)| {
            let title = if named {
                language.pick(format!("Output of `{command}`:"), format!("`{command}` 的输出："))
            } else {
                language.pick("Output:", "输出：").to_string()
            };
            format!("{title}\n\n{}", fenced(text, "text"))
        });
        Ok(blocks.collect::<Vec<_>>().join("\n\n"))
    }

    /// The name of a figure in a sentence, as a link to it.
    fn mention(&self, page: &Page, id: &str) -> Result<String> {
        let path = self.figures.get(id).with_context(|| format!("the figure {id} stands on no page"))?;
        let anchor = figure::anchor(id);
        let link = if path == &page.path { format!("#{anchor}") } else { self.page_target(path, &anchor) };
        Ok(format!("[{}]({link})", figure::name(id, page.language)?))
    }

    /// What a link of a page leads to, from its notebook.
    fn target(&self, page: &Page, target: &str) -> String {
        if target.contains("://") {
            return target.to_string();
        }
        let (path, id) = target.split_once('#').unwrap_or((target, ""));
        let path = if path.is_empty() { page.path.clone() } else { resolve(&page.path, path) };
        self.page_target(&path, id)
    }

    /// A link to a place of a page: in the same notebook, in another one, or in the page itself.
    fn page_target(&self, path: &str, id: &str) -> String {
        let Some(chapter) = chapter_of(path) else {
            let id = if id.is_empty() { String::new() } else { format!("#{id}") };
            return format!("../../{}/{path}{id}", self.tree.language);
        };
        let file = if chapter == self.chapter { String::new() } else { format!("{chapter}.ipynb") };
        let is_own = id.starts_with("fig-") || id.starts_with("exercise-");
        let anchor = if is_own { id.to_string() } else { anchor(path, id) };
        format!("{file}#{anchor}")
    }

    /// The anchor of a section. The title of a page is known by the page alone.
    fn section(&self, page: &Page, id: &str, level: u8) -> String {
        anchor(&page.path, if level == 1 { "" } else { id })
    }
}

/// The anchor of a section in a notebook, in which several pages stand.
fn anchor(page: &str, id: &str) -> String {
    let stem = page.rsplit('/').next().unwrap_or(page).trim_end_matches(".md");
    if id.is_empty() { stem.to_string() } else { format!("{stem}--{id}") }
}

/// A heading with its anchor. Below the title of the chapter, the titles of its pages are one level deeper.
fn heading(page: &Page, text: &str, level: u8, anchor: &str) -> String {
    static ID: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\s*\{#[^}]*\}\s*$").expect("a valid pattern"));
    let is_chapter = page.path.ends_with("/index.md");
    let title = ID.replace(text.trim(), "").trim_start_matches('#').trim().to_string();
    let marks = "#".repeat(usize::from(level) + usize::from(!is_chapter));
    format!("<a id=\"{anchor}\"></a>\n{marks} {title}\n")
}

/// The first line of a box.
fn box_start(kind: BoxKind, title: &str, question: usize, language: Language) -> String {
    let (label, colon) = (label(kind, language), language.pick(": ", "："));
    let titled = if title.is_empty() { label.to_string() } else { format!("{label}{colon}{title}") };
    match kind {
        BoxKind::Question => format!("**{label} {question}**\n"),
        BoxKind::Detail => format!("<details><summary>{titled}</summary>\n"),
        BoxKind::Notebook => format!("**▷ {title}**\n"),
        _ => format!("> **{titled}**\n>"),
    }
}

/// A figure, drawn on paper of its own, so that it can be read whatever the colours of the editor are.
fn figure(project: &Project, language: Language, id: &str) -> Result<String> {
    let Figure { svg, title } = Figure::read(project, language, id)?;
    let svg = svg.replacen("<svg ", "<svg style=\"background:var(--fig-paper,#ffffff)\" ", 1);
    let alt = element(&svg, "desc").unwrap_or(&title).replace(['[', ']', '\n'], " ");
    let (name, colon) = (figure::name(id, language)?, language.pick(": ", "："));
    let (anchor, data) = (figure::anchor(id), data_uri(&svg));
    Ok(format!("<a id=\"{anchor}\"></a>\n![{alt}]({data})\n\n*{name}{colon}{title}*\n"))
}

/// A block of code or text.
pub(crate) fn fenced(text: &str, language: &str) -> String {
    let longest = text.lines().map(|line| line.len() - line.trim_start_matches('`').len()).max().unwrap_or(0);
    let marks = "`".repeat(usize::max(3, longest + 1));
    format!("{marks}{language}\n{}\n{marks}", text.trim_end())
}

/// Puts the edits into the text of a page and cuts it at headings and cells.
fn pieces(page: &Page, mut edits: Vec<(Range<usize>, Edit)>) -> Vec<Piece> {
    fn finish(pieces: &mut Vec<Piece>, id: &str, text: &mut String) {
        let done = tidy(&std::mem::take(text));
        if !done.is_empty() {
            pieces.push(Piece::Text { id: id.to_string(), text: done });
        }
    }

    edits.sort_by_key(|(range, _)| (range.start, range.end));
    let source = &page.document.text;
    let (mut pieces, mut text, mut at) = (Vec::new(), String::new(), 0);
    let mut section = anchor(&page.path, "");
    for (range, edit) in edits {
        if range.start < at {
            continue;
        }
        text.push_str(&source[at..range.start]);
        at = range.end;
        match edit {
            Edit::Text(new) => text.push_str(&new),
            Edit::Heading { id, text: new } => {
                finish(&mut pieces, &section, &mut text);
                section = id;
                text.push_str(&new);
            }
            Edit::Cell(id) => {
                finish(&mut pieces, &section, &mut text);
                pieces.push(Piece::Cell { id, line: page.document.line(range.start) });
            }
        }
    }
    text.push_str(&source[at..]);
    finish(&mut pieces, &section, &mut text);
    pieces
}

/// Text without empty lines at its ends and, outside of code, without more than one between two others.
fn tidy(text: &str) -> String {
    let (mut lines, mut fence): (Vec<&str>, Option<&str>) = (Vec::new(), None);
    for line in text.lines() {
        let marks = &line[..line.len() - line.trim_start_matches('`').len()];
        match fence {
            Some(open) if line == open => fence = None,
            None if marks.len() >= 3 => fence = Some(marks),
            _ => {}
        }
        let is_second_empty = line.trim().is_empty() && lines.last().is_none_or(|last: &&str| last.trim().is_empty());
        if fence.is_some() || !is_second_empty {
            lines.push(line);
        }
    }
    lines.join("\n").trim().to_string()
}
