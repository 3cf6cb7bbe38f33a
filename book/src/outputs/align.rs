//! Where the lines of a recorded output are in what the example prints now.

use std::sync::LazyLock;

use anyhow::{Context, Result};
use regex::Regex;
use similar::{Algorithm, DiffOp, TextDiff, capture_diff_slices};

use crate::recorded::Entry;

/// A line with its numbers, and the spaces that pad them, left out.
fn without_digits(line: &str) -> String {
    static DIGITS: LazyLock<Regex> = LazyLock::new(|| Regex::new(r" *\d[\d.,]* *").expect("a valid pattern"));
    DIGITS.replace_all(line, "#").into_owned()
}

/// The recorded lines, and whether each varies.
fn printed(recorded: &[Entry]) -> Vec<(&str, bool)> {
    let lines = recorded.iter().filter_map(|entry| match entry {
        Entry::Printed { text, varies } => Some((text.trim_end(), *varies)),
        Entry::Part(_) | Entry::Call(_) => None,
    });
    lines.collect()
}

/// Compares lines without their digits, so that lines find each other when numbers have changed.
fn operations(old: &[(&str, bool)], new: &[&str]) -> Vec<DiffOp> {
    let old: Vec<String> = old.iter().map(|(line, _)| without_digits(line)).collect();
    let new: Vec<String> = new.iter().map(|line| without_digits(line)).collect();
    capture_diff_slices(Algorithm::Myers, &old, &new)
}

/// Where an old line is now: its own place, or that of the lines which replace it.
fn place(operations: &[DiffOp], old: usize) -> Option<usize> {
    operations.iter().find_map(|operation| {
        let (from, to) = (operation.old_range(), operation.new_range());
        if !from.contains(&old) {
            return None;
        }
        let offset = old - from.start;
        let same_length = from.len() == to.len();
        (same_length || offset == 0 && !to.is_empty()).then_some(to.start + offset)
    })
}

/// Whether the line above one is new, and the same but for its digits: then both belong to the same part.
fn is_added_above(operations: &[DiffOp], new: &[&str], place: usize) -> bool {
    let Some(above) = place.checked_sub(1).filter(|_| place < new.len()) else { return false };
    let is_new =
        |operation: &DiffOp| matches!(operation, DiffOp::Insert { .. }) && operation.new_range().contains(&above);
    operations.iter().any(is_new) && without_digits(new[above]) == without_digits(new[place])
}

/// What is printed now instead of a recorded run, with its parts and marks where they were.
///
/// # Errors
/// If the line at which a part begins, or one that varies, is gone.
pub fn renewed(recorded: &[Entry], now: &str) -> Result<Vec<Entry>> {
    let (old, new) = (printed(recorded), now.lines().collect::<Vec<_>>());
    let operations = operations(&old, &new);
    let mut lines: Vec<Vec<Entry>> =
        new.iter().map(|line| vec![Entry::Printed { text: (*line).to_string(), varies: false }]).collect();
    lines.push(Vec::new());
    let mut index = 0;
    for entry in recorded {
        match entry {
            Entry::Call(_) => {}
            Entry::Part(name) => {
                let place = if index == old.len() { Some(new.len()) } else { place(&operations, index) };
                let mut place = place.with_context(|| {
                    format!(
                        "the part `{name}` began at the line \"{}\", which is gone: put the mark in its place",
                        old[index].0
                    )
                })?;
                while is_added_above(&operations, &new, place) {
                    place -= 1;
                }
                // A mark stands before its line; at the end there is none.
                let at = lines[place].len() - usize::from(place < new.len());
                lines[place].insert(at, Entry::Part(name.clone()));
            }
            Entry::Printed { text, varies } => {
                if *varies {
                    let place = place(&operations, index).with_context(|| {
                        format!("the line \"{text}\" (`%~`) is gone: put the mark before another line")
                    })?;
                    if let Some(Entry::Printed { varies, .. }) = lines[place].last_mut() {
                        *varies = true;
                    }
                }
                index += 1;
            }
        }
    }
    Ok(lines.into_iter().flatten().collect())
}

/// How what is printed now differs from a recorded run, if it does. Digits of lines that vary do not count.
pub fn differences(recorded: &[Entry], now: &str) -> Option<String> {
    let (old, mut new) = (printed(recorded), now.lines().map(String::from).collect::<Vec<_>>());
    let borrowed: Vec<&str> = now.lines().collect();
    for operation in operations(&old, &borrowed) {
        if let DiffOp::Equal { old_index, new_index, len } = operation {
            for offset in 0..len {
                let (text, varies) = old[old_index + offset];
                if varies {
                    new[new_index + offset] = text.to_string();
                }
            }
        }
    }
    let text = |lines: Vec<&str>| lines.iter().map(|line| format!("{line}\n")).collect::<String>();
    let old = text(old.iter().map(|(line, _)| *line).collect());
    let new = text(new.iter().map(String::as_str).collect());
    if old == new {
        return None;
    }
    let diff =
        TextDiff::from_lines(&old, &new).unified_diff().context_radius(1).header("recorded", "printed now").to_string();
    Some(diff.trim_end().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recorded::Recorded;

    fn recorded(text: &str) -> Recorded {
        Recorded::parse("3_5", text).unwrap()
    }

    fn differ(text: &str, now: &str) -> Option<String> {
        differences(&recorded(text).lines, now)
    }

    fn renew(text: &str, now: &str) -> Result<String> {
        let recorded = recorded(text);
        Ok(Recorded { lines: renewed(&recorded.lines, now)?, ..recorded }.to_text())
    }

    const FILE: &str = "head\n%% scores\n0.1\n0.2\n%% time\n%~ took  9.53 s\nend\n";

    #[test]
    fn the_same_output_has_no_differences_and_times_do_not_count() {
        assert_eq!(differ(FILE, "head\n0.1\n0.2\ntook 10.07 s\nend\n"), None);
        let diff = differ(FILE, "head\n0.1\n0.3\ntook 10.07 s\nend\n").unwrap();
        assert!(diff.contains("-0.2\n+0.3"), "{diff}");
        assert!(!diff.contains("10.07"), "{diff}");
        assert!(differ(FILE, "head\n0.1\n0.2\nlasted 1 s\nend\n").is_some());
    }

    #[test]
    fn marks_stay_where_they_were_when_numbers_change_and_lines_are_added() {
        let new = renew(FILE, "head\nmore\n0.5\n0.6\n0.7\ntook 1 s\nend\n").unwrap();
        assert_eq!(new, "head\nmore\n%% scores\n0.5\n0.6\n0.7\n%% time\n%~ took 1 s\nend\n");
        assert_eq!(renew("%! needs-data\na\n%% last\n", "b\n").unwrap(), "%! needs-data\nb\n%% last\n");
    }

    #[test]
    fn a_mark_whose_place_is_gone_is_an_error() {
        let error = renew(FILE, "head\ntook 1 s\nend\n").unwrap_err().to_string();
        assert!(error.starts_with("the part `scores` began at the line \"0.1\", which is gone"), "{error}");
        let error = renew("a\n%~ took 1 s\n", "a\n").unwrap_err().to_string();
        assert!(error.starts_with("the line \"took 1 s\" (`%~`) is gone"), "{error}");
    }
}
