//! The built pages: every link and every file they ask for is there, and nothing is asked for from elsewhere.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

use anyhow::Result;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{Tag, TagKind, Token, TokenSink, TokenSinkResult};

use crate::html::read_tokens;
use crate::problem::Problems;
use crate::project::{files_below, read, relative};
use crate::tree::Tree;

/// What a built page has and wants.
#[derive(Default)]
struct Html {
    ids: HashSet<String>,
    /// Element, and what it leads to or loads.
    links: Vec<(String, String)>,
    /// Text outside of code, formulas and drawings.
    text: String,
}

/// Checks the pages of a language. `build` is the folder with both languages.
pub fn check(build: &Path, tree: &Tree, problems: &Problems) -> Result<()> {
    let folder = build.join(tree.language.folder());
    let mut pages = BTreeMap::new();
    for file in files_below(&folder)? {
        let extension = file.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        if !["html", "css"].contains(&extension) {
            continue;
        }
        let text = read(&file)?;
        if ["url(http", "url('http", "url(\"http"].iter().any(|start| text.contains(start)) {
            problems.add(shown(build, &file), 0, "asks for something from another site (`url(http…`)");
        }
        if extension == "html" {
            pages.insert(file, read_tokens(&text, Sink::default()).page.into_inner());
        }
    }
    // What is left in the text as written is known already.
    let known = problems.sorted().iter().any(|problem| problem.what.contains("is left in the text"));
    for (file, page) in &pages {
        for mark in ["**", "__", "[!", "{{"] {
            if let Some(at) = page.text.find(mark).filter(|_| !known) {
                let around: String = page.text[at..].chars().take(30).collect();
                problems.add(shown(build, file), 0, format!("`{mark}` is left in the text: {around}"));
            }
        }
        for (element, target) in &page.links {
            if let Some(what) = wrong(build, file, &pages, element, target) {
                problems.add(shown(build, file), 0, what);
            }
        }
    }
    Ok(())
}

/// What is wrong with a link of a page.
fn wrong(build: &Path, file: &Path, pages: &BTreeMap<PathBuf, Html>, element: &str, target: &str) -> Option<String> {
    let is_other_site = target.contains("://") || target.starts_with("//");
    if is_other_site {
        return (element != "a").then(|| format!("<{element}> asks for {target} from another site"));
    }
    if ["mailto:", "data:", "javascript:"].iter().any(|scheme| target.starts_with(scheme)) || target.is_empty() {
        return None;
    }
    let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
    let path = path.split('?').next().unwrap_or_default();
    let goal = if path.is_empty() { file.to_path_buf() } else { join(file.parent()?, path) };
    if !goal.starts_with(build) || !goal.is_file() {
        return Some(format!("<{element}> leads to {target}, which is not there"));
    }
    let missing = pages.get(&goal).is_some_and(|page| !anchor.is_empty() && !page.ids.contains(anchor));
    missing.then(|| format!("<{element}> leads to {target}: there is no #{anchor}"))
}

/// A relative path from a folder.
fn join(folder: &Path, path: &str) -> PathBuf {
    let mut joined = folder.to_path_buf();
    for part in path.split('/') {
        match part {
            "." | "" => {}
            ".." => {
                joined.pop();
            }
            part => joined.push(part),
        }
    }
    if path.ends_with('/') { joined.join("index.html") } else { joined }
}

fn shown(build: &Path, file: &Path) -> String {
    format!("book/build/{}", relative(file, build))
}

/// Collects while the tokens come.
#[derive(Default)]
struct Sink {
    page: RefCell<Html>,
    /// Elements around the current place whose text is not prose.
    silent: RefCell<Vec<String>>,
}

/// Elements whose text is not prose.
const SILENT: [&str; 7] = ["script", "style", "code", "pre", "math", "svg", "title"];

impl TokenSink for Sink {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        match token {
            Token::TagToken(tag) => return self.tag(&tag),
            Token::CharacterTokens(text) if self.silent.borrow().is_empty() => {
                self.page.borrow_mut().text.push_str(&text)
            }
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

impl Sink {
    fn tag(&self, tag: &Tag) -> TokenSinkResult<()> {
        let name = &*tag.name;
        let mut silent = self.silent.borrow_mut();
        if tag.kind == TagKind::EndTag {
            if silent.last().is_some_and(|open| open == name) {
                silent.pop();
            }
            return TokenSinkResult::Continue;
        }
        let mut page = self.page.borrow_mut();
        for attribute in &tag.attrs {
            match &*attribute.name.local {
                "id" => {
                    page.ids.insert(attribute.value.to_string());
                }
                "href" | "src" => page.links.push((name.to_string(), attribute.value.to_string())),
                _ => {}
            }
        }
        if SILENT.contains(&name) && !tag.self_closing {
            silent.push(name.to_string());
        }
        match name {
            "script" => TokenSinkResult::RawData(RawKind::ScriptData),
            "style" => TokenSinkResult::RawData(RawKind::Rawtext),
            _ => TokenSinkResult::Continue,
        }
    }
}
