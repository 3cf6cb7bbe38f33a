//! Rust files of the project, and the text of the items in them.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ops::Range;
use std::rc::Rc;

use anyhow::{Context, Result, bail};

use crate::problem::suggestion;
use crate::project::{Project, names, read};
use crate::rust_items::{self, Item};

/// A line of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its number, from 1.
    pub number: usize,
    /// Its text.
    pub text: String,
}

/// A Rust file.
#[derive(Debug)]
pub struct Source {
    /// Its path, from the top folder.
    pub path: String,
    /// Its lines.
    pub lines: Vec<Line>,
    items: Vec<Item>,
    /// Lines of doc comments.
    docs: Vec<Range<usize>>,
}

/// The files that were read.
#[derive(Debug, Default)]
pub struct Sources {
    read: RefCell<HashMap<String, Rc<Source>>>,
}

impl Sources {
    /// A file of the project.
    ///
    /// # Errors
    /// If there is no such file, or it is not Rust.
    pub fn get(&self, project: &Project, path: &str) -> Result<Rc<Source>> {
        if let Some(source) = self.read.borrow().get(path) {
            return Ok(Rc::clone(source));
        }
        let file = project.root().join(path);
        if !path.ends_with(".rs") || path.contains("..") || !file.is_file() {
            let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
            let there: Vec<String> = names(&project.root().join(folder)).unwrap_or_default();
            let there: Vec<String> = there.iter().map(|name| format!("{folder}/{name}")).collect();
            bail!("no Rust file {path}{}", suggestion(path, &there));
        }
        let source = Rc::new(Source::parse(path, &read(&file)?)?);
        self.read.borrow_mut().insert(path.to_string(), Rc::clone(&source));
        Ok(source)
    }

    /// All files that were read, by path.
    #[must_use]
    pub fn all(&self) -> Vec<Rc<Source>> {
        let mut all: Vec<Rc<Source>> = self.read.borrow().values().cloned().collect();
        all.sort_by(|a, b| a.path.cmp(&b.path));
        all
    }
}

impl Source {
    fn parse(path: &str, text: &str) -> Result<Self> {
        let file = syn::parse_file(text).with_context(|| format!("{path} is not Rust"))?;
        let (items, docs) = rust_items::find(&file);
        let lines = text.lines().enumerate().map(|(index, line)| Line { number: index + 1, text: line.to_string() });
        Ok(Self { path: path.to_string(), lines: lines.collect(), items, docs })
    }

    /// The lines of an item as they stand in the file, with or without doc comments. `Type.method` is the inherent method
    /// if there is one; `Trait for Type.method` is the trait's.
    ///
    /// # Errors
    /// If there is no such item, or more than one.
    pub fn item(&self, name: &str, docs: bool) -> Result<Vec<Line>> {
        let named: Vec<&Item> = self.items.iter().filter(|item| item.name == name).collect();
        let depth = named.iter().map(|item| item.depth).min();
        let named: Vec<&&Item> = named.iter().filter(|item| Some(item.depth) == depth).collect();
        let inherent: Vec<&&Item> = named.iter().filter(|item| !item.of_trait).copied().collect();
        let named = if inherent.is_empty() { named } else { inherent };
        match named.as_slice() {
            [item] => Ok(self.shown(item.lines.clone(), docs)),
            [] => {
                let known: Vec<&str> = self.items.iter().map(|item| item.name.as_str()).collect();
                bail!("no item `{name}` in {}{}", self.path, suggestion(name, &known))
            }
            several => {
                let lines: Vec<String> = several.iter().map(|item| (item.lines.start + 1).to_string()).collect();
                bail!("`{name}` is not the only one in {}: lines {}", self.path, lines.join(", "))
            }
        }
    }

    /// The whole file without the comment at its head, with or without doc comments.
    #[must_use]
    pub fn whole(&self, docs: bool) -> Vec<Line> {
        let is_head = |line: &Line| line.text.starts_with("//!") || line.text.trim().is_empty();
        let head = self.lines.iter().take_while(|line| is_head(line)).count();
        self.shown(head..self.lines.len(), docs)
    }

    fn shown(&self, lines: Range<usize>, docs: bool) -> Vec<Line> {
        let hidden = |index: usize| !docs && self.docs.iter().any(|doc| doc.contains(&index));
        lines.filter(|index| !hidden(*index)).map(|index| self.lines[index].clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"//! Head.

use std::fmt;

/// A point.
#[derive(Debug)]
pub struct Point<T> {
    /// Across.
    pub x: T,
}

impl<T: Copy> Point<T> {
    /// Makes one.
    #[must_use]
    pub fn new(x: T) -> Self {
        // A reason.
        Self { x }
    }
}

impl<T> fmt::Display for Point<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}

const ONE: usize = 1;

fn new() {}

mod tests {
    fn new() {}
}
"#;

    fn text(name: &str, docs: bool) -> String {
        let lines = Source::parse("a/src/p.rs", FILE).unwrap().item(name, docs).unwrap();
        lines.iter().map(|line| format!("{}\n", line.text)).collect()
    }

    #[test]
    fn items_are_given_as_they_are_written() {
        assert_eq!(
            text("Point", true),
            "/// A point.\n#[derive(Debug)]\npub struct Point<T> {\n    /// Across.\n    pub x: T,\n}\n"
        );
        assert_eq!(text("Point", false), "#[derive(Debug)]\npub struct Point<T> {\n    pub x: T,\n}\n");
        assert!(text("Point.new", false).starts_with("    #[must_use]\n    pub fn new(x: T)"));
        assert!(text("Point.new", false).contains("// A reason."));
        assert!(text("impl Point", false).starts_with("impl<T: Copy> Point<T> {\n    #[must_use]"));
        assert!(text("Display for Point", false).starts_with("impl<T> fmt::Display for Point<T> {"));
        assert_eq!(text("Display for Point.fmt", false), text("Point.fmt", false));
        assert_eq!(text("ONE", false), "const ONE: usize = 1;\n");
        assert_eq!(text("new", false), "fn new() {}\n", "not the one in the module");
    }

    #[test]
    fn an_inherent_method_comes_before_a_traits() {
        let text = "impl Model for A {\n    fn run(&self) { A::run(self) }\n}\nimpl A {\n    fn run(&self) {}\n}\n\
                    impl Other for A {\n    fn more(&self) {}\n}\nimpl Model for A {\n    fn more(&self) {}\n}\n";
        let source = Source::parse("a.rs", text).unwrap();
        assert_eq!(source.item("A.run", false).unwrap()[0].number, 5);
        assert_eq!(source.item("Model for A.run", false).unwrap()[0].number, 2);
        let error = source.item("A.more", false).unwrap_err().to_string();
        assert_eq!(error, "`A.more` is not the only one in a.rs: lines 8, 11");
    }

    #[test]
    fn lines_keep_their_numbers_and_the_head_is_left_out() {
        let source = Source::parse("a/src/p.rs", FILE).unwrap();
        assert_eq!(source.item("Point", false).unwrap()[0].number, 6);
        assert_eq!(source.whole(false)[0], Line { number: 3, text: "use std::fmt;".to_string() });
    }

    #[test]
    fn an_unknown_item_is_an_error_that_names_a_close_one() {
        let source = Source::parse("a/src/p.rs", FILE).unwrap();
        let error = source.item("Point.nwe", false).unwrap_err().to_string();
        assert_eq!(error, "no item `Point.nwe` in a/src/p.rs; did you mean `Point.new`?");
        let twice = Source::parse("b.rs", "struct A;\nimpl A {}\nimpl A {}\n").unwrap();
        assert_eq!(
            twice.item("impl A", false).unwrap_err().to_string(),
            "`impl A` is not the only one in b.rs: lines 2, 3"
        );
    }
}
