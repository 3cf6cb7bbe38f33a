//! What stands between `{{` and `}}`.

use anyhow::{Result, bail};

use crate::problem::suggestion;

/// A directive.
#[derive(Clone, Debug, PartialEq)]
pub enum Directive {
    /// Code of the project.
    Code(Code),
    /// The recorded output of an example or of the program.
    Out(Out),
    /// A figure, or the mention of one.
    Fig(String),
    /// An exercise.
    Exercise(String),
    /// A table of another Markdown file.
    Table(Table),
    /// The list of terms.
    Glossary,
    /// A cell of the chapter's notebook.
    Cell(String),
}

/// `{{code PATH#ITEM, ITEM docs from="…" to="…" run=EXAMPLE}}`
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Code {
    /// The file, from the top folder.
    pub path: String,
    /// What to show of it; nothing means all.
    pub items: Vec<String>,
    /// Whether doc comments are shown.
    pub docs: bool,
    /// What the first line contains.
    pub from: Option<String>,
    /// What the last line contains.
    pub to: Option<String>,
    /// What runs it.
    pub run: Option<Run>,
}

/// What runs a listing.
#[derive(Clone, Debug, PartialEq)]
pub enum Run {
    /// An example.
    Example(String),
    /// A test.
    Test(String),
    /// A command as it is typed, of the program for instance.
    Command(String),
}

impl Run {
    /// `EXAMPLE`, `test:NAME` or `cargo …`.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        match text.strip_prefix("test:") {
            Some(name) => Self::Test(name.to_string()),
            None if text.starts_with("cargo ") => Self::Command(text.to_string()),
            None => Self::Example(text.to_string()),
        }
    }
}

/// `{{out EXAMPLE#part}}`, `{{out EXAMPLE#first..last}}` or `{{out llm-NAME#part,first..last}}`
#[derive(Clone, Debug, PartialEq)]
pub struct Out {
    /// The recording: the name of an example, or `llm-NAME`.
    pub name: String,
    /// First and last parts of what is shown; all if there is none.
    pub parts: Vec<(String, String)>,
}

/// `{{table FILE.md#heading number=2 rows=3..5}}`
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// The file, from the top folder.
    pub path: String,
    /// The heading of the section, as in links to it.
    pub heading: String,
    /// Which table of the section, counted from 1.
    pub number: usize,
    /// The first and the last row below the head, counted from 1; all if there is none.
    pub rows: Option<(usize, usize)>,
}

/// The names of all directives.
const NAMES: [&str; 7] = ["code", "out", "fig", "exercise", "table", "glossary", "cell"];

impl Directive {
    /// Reads a directive.
    ///
    /// # Errors
    /// If the name or an option is unknown, or something is missing.
    pub fn parse(text: &str) -> Result<Self> {
        let words = words(text);
        let (name, rest) = match words.split_first() {
            Some((name, rest)) => (name.as_str(), rest),
            None => bail!("`{{{{}}}}` is empty; there are {}", NAMES.join(", ")),
        };
        let one = || match rest {
            [word] => Ok(word.clone()),
            _ => bail!("`{{{{{name}}}}}` wants one argument, this is `{{{{{text}}}}}`"),
        };
        Ok(match name {
            "code" => Self::Code(code(rest)?),
            "out" => Self::Out(out(&one()?)),
            "fig" => Self::Fig(one()?),
            "exercise" => Self::Exercise(one()?),
            "cell" => Self::Cell(one()?),
            "table" => Self::Table(table(rest)?),
            "glossary" if rest.is_empty() => Self::Glossary,
            "glossary" => bail!("`{{{{glossary}}}}` wants no argument"),
            _ => bail!("no directive `{name}`{}", suggestion(name, &NAMES)),
        })
    }
}

fn code(words: &[String]) -> Result<Code> {
    let is_option = |word: &String| {
        word == "docs" || word.split_once('=').is_some_and(|(name, _)| name.chars().all(|c| c.is_ascii_lowercase()))
    };
    let options = words.iter().position(is_option).unwrap_or(words.len());
    let (target, options) = words.split_at(options);
    let target = target.join(" ");
    let (path, items) = target.split_once('#').unwrap_or((&target, ""));
    if path.is_empty() {
        bail!("`{{{{code}}}}` wants a file: `{{{{code crate/src/file.rs#item}}}}`");
    }
    let items = items.split(',').map(str::trim).filter(|item| !item.is_empty()).map(String::from).collect();
    let mut code = Code { path: path.trim().to_string(), items, ..Code::default() };
    for option in options {
        let (name, value) = option.split_once('=').unwrap_or((option, ""));
        match name {
            "docs" if value.is_empty() => code.docs = true,
            "from" if !value.is_empty() => code.from = Some(value.to_string()),
            "to" if !value.is_empty() => code.to = Some(value.to_string()),
            "run" if !value.is_empty() => code.run = Some(Run::parse(value)),
            _ => bail!(
                "`{{{{code}}}}` has no option `{option}`; there are docs, from=\"…\", to=\"…\", run=EXAMPLE, run=test:NAME"
            ),
        }
    }
    Ok(code)
}

fn out(target: &str) -> Out {
    let (name, parts) = target.split_once('#').unwrap_or((target, ""));
    let parts = parts.split(',').filter(|range| !range.is_empty()).map(|range| {
        let (first, last) = range.split_once("..").unwrap_or((range, range));
        (first.to_string(), last.to_string())
    });
    Out { name: name.to_string(), parts: parts.collect() }
}

fn table(words: &[String]) -> Result<Table> {
    let Some((path, heading)) = words.first().and_then(|target| target.split_once('#')) else {
        bail!("`{{{{table}}}}` wants a file and a heading: `{{{{table folder/README.md#heading}}}}`");
    };
    let mut table = Table { path: path.to_string(), heading: heading.to_string(), number: 1, rows: None };
    for option in &words[1..] {
        let (name, value) = option.split_once('=').unwrap_or((option, ""));
        let (first, last) = value.split_once("..").unwrap_or((value, value));
        match (name, value.parse(), first.parse(), last.parse()) {
            ("number", Ok(number), ..) => table.number = number,
            ("rows", _, Ok(first), Ok(last)) => table.rows = Some((first, last)),
            _ => bail!("`{{{{table}}}}` has no option `{option}`; there are number=2, rows=3..5"),
        }
    }
    Ok(table)
}

/// The words of a text. Spaces between quotation marks do not part words, the marks vanish, `\"` gives a mark.
fn words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        let last = words.len() - 1;
        match c {
            '"' => quoted = !quoted,
            '\\' if quoted => words[last].extend(chars.next()),
            c if c.is_whitespace() && !quoted => words.push(String::new()),
            c => words[last].push(c),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        Directive::parse(text).unwrap_err().to_string()
    }

    #[test]
    fn code_has_items_and_options() {
        let parsed =
            Directive::parse(r#"code a/b.rs#mask, Display for X docs from="let \"x y" to="z*" run=test:t"#).unwrap();
        let expected = Code {
            path: "a/b.rs".to_string(),
            items: vec!["mask".to_string(), "Display for X".to_string()],
            docs: true,
            from: Some("let \"x y".to_string()),
            to: Some("z*".to_string()),
            run: Some(Run::Test("t".to_string())),
        };
        assert_eq!(parsed, Directive::Code(expected));
        let whole = Code { path: "a.rs".to_string(), ..Code::default() };
        assert_eq!(Directive::parse("code a.rs").unwrap(), Directive::Code(whole));
        assert_eq!(Run::parse("cargo run -- bench"), Run::Command("cargo run -- bench".to_string()));
    }

    #[test]
    fn outputs_have_parts() {
        let parts = |text| match Directive::parse(text).unwrap() {
            Directive::Out(out) => out.parts,
            other => panic!("{other:?}"),
        };
        let pair = |a: &str, b: &str| (a.to_string(), b.to_string());
        assert_eq!(parts("out x"), []);
        assert_eq!(parts("out x#a"), [pair("a", "a")]);
        assert_eq!(parts("out x#a..c"), [pair("a", "c")]);
        assert_eq!(parts("out x#a,c..d"), [pair("a", "a"), pair("c", "d")]);
    }

    #[test]
    fn tables_have_numbers_and_rows() {
        let table = |number, rows| {
            let (path, heading) = ("a/README.md".to_string(), "b".to_string());
            Directive::Table(Table { path, heading, number, rows })
        };
        assert_eq!(Directive::parse("table a/README.md#b").unwrap(), table(1, None));
        assert_eq!(Directive::parse("table a/README.md#b number=2 rows=3..5").unwrap(), table(2, Some((3, 5))));
        assert_eq!(Directive::parse("table a/README.md#b rows=4").unwrap(), table(1, Some((4, 4))));
        let wants = "`{{table}}` wants a file and a heading: `{{table folder/README.md#heading}}`";
        assert_eq!((error("table"), error("table a.md")), (wants.to_string(), wants.to_string()));
        for option in ["rows=x", "number=a", "columns=2"] {
            let expected = format!("`{{{{table}}}}` has no option `{option}`; there are number=2, rows=3..5");
            assert_eq!(error(&format!("table a.md#b {option}")), expected);
        }
    }

    #[test]
    fn what_is_unknown_or_missing_is_said() {
        assert_eq!(error("cod x"), "no directive `cod`; did you mean `code`?");
        assert_eq!(error("fig"), "`{{fig}}` wants one argument, this is `{{fig}}`");
        assert_eq!(error("code"), "`{{code}}` wants a file: `{{code crate/src/file.rs#item}}`");
        assert!(error("code a.rs#x lines=3").starts_with("`{{code}}` has no option `lines=3`; there are docs, from"));
        assert!(error("code a.rs#x run=").contains("no option `run=`"));
    }
}
