//! `{{code …}}`: code of the project as it stands in its file, with a link to the file and the command that runs it.

use anyhow::{Context, Result, bail};

use crate::directive::{Code, Run};
use crate::examples::Examples;
use crate::html::{code_block, escape};
use crate::project::Project;
use crate::source::{Line, Sources};

/// What listings need.
pub struct Listings<'a> {
    /// The project.
    pub project: &'a Project,
    /// Its files.
    pub sources: &'a Sources,
    /// Its examples.
    pub examples: &'a Examples,
}

/// A listing.
#[derive(Debug)]
pub struct Listing {
    /// The code.
    pub text: String,
    /// The number of its first line in the file.
    pub first_line: usize,
}

impl Listings<'_> {
    /// The listing of a directive.
    ///
    /// # Errors
    /// If the file, an item or a line is missing.
    pub fn get(&self, code: &Code) -> Result<Listing> {
        let source = self.sources.get(self.project, &code.path)?;
        let mut pieces = Vec::new();
        for item in &code.items {
            pieces.push(source.item(item, code.docs)?);
        }
        if code.items.is_empty() {
            pieces.push(source.whole(code.docs));
        }
        let pieces: Vec<Vec<Line>> = pieces.into_iter().map(dedent).collect();
        let separator = Line { number: 0, text: String::new() };
        let lines = cut(pieces.join(&separator), code)?;
        let first_line = lines.first().map_or(1, |line| line.number);
        let text: Vec<String> = dedent(lines).into_iter().map(|line| line.text).collect();
        Ok(Listing { text: text.join("\n").trim_end().to_string(), first_line })
    }

    /// The command that runs a listing: `default_run` if nothing else is said.
    ///
    /// # Errors
    /// If nothing is said at all, or there is no such example or test.
    pub fn command(&self, code: &Code, default_run: Option<&Run>) -> Result<String> {
        let example = self.examples.of_file(&code.path);
        let run = code.run.as_ref().or(default_run.filter(|_| example.is_none()));
        match run {
            Some(Run::Example(name)) => self.examples.command(name),
            Some(Run::Test(name)) => self.examples.test_command(self.project, &code.path, name),
            Some(Run::Command(command)) => Ok(command.clone()),
            None => {
                let example = example.context(
                    "the listing has no command: add `run=EXAMPLE` or `run=test:NAME` to it, or `<!-- run: EXAMPLE -->` above",
                )?;
                self.examples.command(example)
            }
        }
    }
}

/// The lines from the one that contains one text to the one that contains the other.
fn cut(lines: Vec<Line>, code: &Code) -> Result<Vec<Line>> {
    let shown = if code.items.is_empty() { code.path.clone() } else { format!("`{}`", code.items.join(", ")) };
    let first = match &code.from {
        None => 0,
        Some(text) => match lines.iter().position(|line| line.text.contains(text.as_str())) {
            Some(first) => first,
            None => bail!("no line of {shown} contains \"{text}\" (from=)"),
        },
    };
    let last = match &code.to {
        None => lines.len(),
        Some(text) => {
            let ends = |line: &Line| line.text.contains(text.as_str());
            let later = first + usize::from(code.from.is_some());
            let found = lines.iter().skip(later).position(ends).map(|index| later + index);
            match found.or_else(|| lines.get(first).is_some_and(ends).then_some(first)) {
                Some(last) => last + 1,
                None => bail!("no line of {shown} from line {} on contains \"{text}\" (to=)", lines[first].number),
            }
        }
    };
    Ok(lines[first..last].to_vec())
}

/// Takes away the spaces that all lines begin with.
fn dedent(mut lines: Vec<Line>) -> Vec<Line> {
    let indent = |line: &Line| line.text.len() - line.text.trim_start_matches(' ').len();
    let common = lines.iter().filter(|line| !line.text.trim().is_empty()).map(indent).min().unwrap_or(0);
    for line in &mut lines {
        line.text = line.text.get(common..).unwrap_or_default().to_string();
    }
    lines
}

/// The HTML of a listing. `to_root` leads from the page to the top of the book: `../`.
#[must_use]
pub fn html(code: &Code, listing: &Listing, command: &str, to_root: &str) -> String {
    let Code { path, items, .. } = code;
    let items: Vec<String> =
        items.iter().map(|item| format!(" <span class=\"item\">{}</span>", escape(item))).collect();
    format!(
        "<figure class=\"listing\"><figcaption><a class=\"file\" href=\"{to_root}{}#L{}\">{}</a>{}</figcaption>{}{}</figure>",
        page_of(path),
        listing.first_line,
        escape(path),
        items.join(""),
        code_block(&listing.text, "rust"),
        command_html(command),
    )
}

/// The HTML of a command.
#[must_use]
pub fn command_html(command: &str) -> String {
    format!("<div class=\"command\"><code>{}</code></div>", escape(command))
}

/// The page of the built book that shows a file.
#[must_use]
pub fn page_of(file: &str) -> String {
    format!("source/{file}.html")
}
