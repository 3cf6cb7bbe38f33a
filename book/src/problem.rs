//! What is wrong with the book: one line for each problem, all of them at once.

use std::cell::RefCell;
use std::fmt;

/// Something that is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The file, from the top folder of the project.
    pub file: String,
    /// The line, counted from 1; 0 if the whole file is meant.
    pub line: usize,
    /// What is wrong, and what to do.
    pub what: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.file, self.what),
            line => write!(f, "{}:{line}: {}", self.file, self.what),
        }
    }
}

/// Collects problems.
#[derive(Debug, Default)]
pub struct Problems {
    found: RefCell<Vec<Problem>>,
}

impl Problems {
    /// Adds a problem.
    pub fn add(&self, file: impl Into<String>, line: usize, what: impl fmt::Display) {
        self.found.borrow_mut().push(Problem { file: file.into(), line, what: what.to_string() });
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.found.borrow().is_empty()
    }

    /// All of them, by file and line, each once.
    #[must_use]
    pub fn sorted(&self) -> Vec<Problem> {
        let mut all = self.found.borrow().clone();
        all.sort();
        all.dedup();
        all
    }
}

/// "; did you mean `x`?", or what there is, or nothing.
#[must_use]
pub fn suggestion<S: AsRef<str>>(wanted: &str, known: &[S]) -> String {
    let close = known
        .iter()
        .map(|name| (distance(wanted, name.as_ref()), name.as_ref()))
        .filter(|(distance, name)| *distance <= 1 + wanted.len().max(name.len()) / 4)
        .min();
    match close {
        Some((_, name)) => format!("; did you mean `{name}`?"),
        None if known.is_empty() => String::new(),
        None => {
            let some: Vec<&str> = known.iter().map(AsRef::as_ref).take(SHOWN).collect();
            let more = if known.len() > SHOWN { ", …" } else { "" };
            format!("; there are {}{more}", some.join(", "))
        }
    }
}

/// How many names a message lists.
const SHOWN: usize = 20;

/// The number of insertions, deletions and replacements that turn one word into the other (Levenshtein).
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in other.iter().enumerate() {
            let replaced = diagonal + usize::from(a != *b);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_close_name_is_suggested_otherwise_all_are_listed() {
        assert_eq!(
            suggestion("CausalAttention.forwrd", &["CausalAttention.forward", "new"]),
            "; did you mean `CausalAttention.forward`?"
        );
        assert_eq!(suggestion("xyz", &["alpha", "beta"]), "; there are alpha, beta");
        assert_eq!(suggestion::<&str>("xyz", &[]), "");
    }

    #[test]
    fn problems_are_sorted_and_each_is_said_once() {
        let problems = Problems::default();
        for (file, line) in [("b.md", 2), ("a.md", 10), ("a.md", 9), ("b.md", 2), ("b.md", 0)] {
            problems.add(file, line, "wrong");
        }
        let lines: Vec<String> = problems.sorted().iter().map(ToString::to_string).collect();
        assert_eq!(lines, ["a.md:9: wrong", "a.md:10: wrong", "b.md: wrong", "b.md:2: wrong"]);
    }
}
