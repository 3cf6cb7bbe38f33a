//! A recorded output, `book/outputs/EXAMPLE.txt`: what an example printed, in parts.
//!
//! `%! needs-data` and `%! args: …` at the top say how it is run, `%% name` begins a part, and `%~ ` stands before a line
//! whose digits differ from run to run.

use anyhow::{Context, Result, bail};

use crate::problem::suggestion;
use crate::project::{Project, names, read};

/// A recorded output.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recorded {
    /// Whether the example needs the book's data.
    pub needs_data: bool,
    /// What follows `--` in its command.
    pub args: Vec<String>,
    /// The lines of the head, as written.
    pub head: Vec<String>,
    /// What it printed, with the marks.
    pub lines: Vec<Entry>,
}

/// A line of a recorded output below its head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// A part begins.
    Part(String),
    /// A line that the example printed.
    Printed {
        /// The line.
        text: String,
        /// Whether its digits differ from run to run.
        varies: bool,
    },
}

impl Recorded {
    /// The recorded output of an example.
    ///
    /// # Errors
    /// If there is none, or it is wrong.
    pub fn of(project: &Project, example: &str) -> Result<Self> {
        let file = project.outputs().join(format!("{example}.txt"));
        if !file.is_file() {
            let all = names(&project.outputs())?;
            let known: Vec<&str> = all.iter().filter_map(|name| name.strip_suffix(".txt")).collect();
            bail!("no output {}{}", project.relative(&file), suggestion(example, &known));
        }
        Self::parse(&read(&file)?).with_context(|| project.relative(&file))
    }

    /// Reads a file's text.
    ///
    /// # Errors
    /// If a mark is unknown or a part has the name of another.
    pub fn parse(text: &str) -> Result<Self> {
        let mut recorded = Self::default();
        for line in text.lines() {
            if let Some(option) = line.strip_prefix("%!") {
                if !recorded.lines.is_empty() {
                    bail!("`{line}` belongs to the top");
                }
                match option.trim().split_once("args:") {
                    Some(("", args)) => recorded.args = args.split_whitespace().map(String::from).collect(),
                    None if option.trim() == "needs-data" => recorded.needs_data = true,
                    _ => bail!("`{line}` is unknown; there are `%! needs-data` and `%! args: …`"),
                }
                recorded.head.push(line.to_string());
            } else if let Some(name) = line.strip_prefix("%% ") {
                let name = name.trim().to_string();
                if recorded.parts().contains(&name.as_str()) {
                    bail!("two parts are called `{name}`");
                }
                recorded.lines.push(Entry::Part(name));
            } else {
                let varies = line.strip_prefix("%~ ").or_else(|| (line == "%~").then_some(""));
                let text = varies.unwrap_or(line).to_string();
                recorded.lines.push(Entry::Printed { text, varies: varies.is_some() });
            }
        }
        Ok(recorded)
    }

    /// The file's text.
    #[must_use]
    pub fn to_text(&self) -> String {
        let lines = self.lines.iter().map(|line| match line {
            Entry::Part(name) => format!("%% {name}"),
            Entry::Printed { text, varies: true } => format!("%~ {text}"),
            Entry::Printed { text, varies: false } => text.clone(),
        });
        self.head.iter().cloned().chain(lines).map(|line| line + "\n").collect()
    }

    /// The names of the parts, in order.
    #[must_use]
    pub fn parts(&self) -> Vec<&str> {
        let names = self.lines.iter().filter_map(|line| match line {
            Entry::Part(name) => Some(name.as_str()),
            Entry::Printed { .. } => None,
        });
        names.collect()
    }

    /// What was printed, from the first of two parts to the end of the other.
    ///
    /// # Errors
    /// If there is no such part.
    pub fn shown(&self, parts: Option<&(String, String)>) -> Result<String> {
        let mut range = 0..self.lines.len();
        if let Some((first, last)) = parts {
            range = self.part(first)?.start..self.part(last)?.end;
            if range.is_empty() {
                bail!("the part `{last}` comes before `{first}`");
            }
        }
        let printed = self.lines[range].iter().filter_map(|line| match line {
            Entry::Printed { text, .. } => Some(text.as_str()),
            Entry::Part(_) => None,
        });
        Ok(printed.collect::<Vec<_>>().join("\n").trim_matches('\n').to_string())
    }

    fn part(&self, name: &str) -> Result<std::ops::Range<usize>> {
        let is_part = |line: &Entry| matches!(line, Entry::Part(_));
        let Some(start) = self.lines.iter().position(|line| *line == Entry::Part(name.to_string())) else {
            bail!("no part `{name}`{}", suggestion(name, &self.parts()));
        };
        let length = self.lines[start + 1..].iter().position(is_part).unwrap_or(self.lines.len() - start - 1);
        Ok(start..start + 1 + length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "%! needs-data\n%! args: --steps 2\nhead\n%% one\n1\n\n%% two\n%~ took 3 s\n4\n%% three\n5\n";

    fn pair(first: &str, last: &str) -> (String, String) {
        (first.to_string(), last.to_string())
    }

    #[test]
    fn parts_are_shown_without_marks() {
        let recorded = Recorded::parse(FILE).unwrap();
        assert!(recorded.needs_data);
        assert_eq!(recorded.args, ["--steps", "2"]);
        assert_eq!(recorded.parts(), ["one", "two", "three"]);
        assert_eq!(recorded.shown(Some(&pair("one", "one"))).unwrap(), "1");
        assert_eq!(recorded.shown(Some(&pair("one", "two"))).unwrap(), "1\n\ntook 3 s\n4");
        assert_eq!(recorded.shown(None).unwrap(), "head\n1\n\ntook 3 s\n4\n5");
        assert_eq!(recorded.to_text(), FILE);
    }

    #[test]
    fn what_is_wrong_is_said() {
        let error = |text| Recorded::parse(text).unwrap_err().to_string();
        assert_eq!(error("%! data\n"), "`%! data` is unknown; there are `%! needs-data` and `%! args: …`");
        assert_eq!(error("x\n%! needs-data\n"), "`%! needs-data` belongs to the top");
        assert_eq!(error("%% a\n%% a\n"), "two parts are called `a`");
        let recorded = Recorded::parse(FILE).unwrap();
        let unknown = recorded.shown(Some(&pair("thre", "thre"))).unwrap_err().to_string();
        assert_eq!(unknown, "no part `thre`; did you mean `three`?");
        let reversed = recorded.shown(Some(&pair("two", "one"))).unwrap_err().to_string();
        assert_eq!(reversed, "the part `one` comes before `two`");
    }
}
