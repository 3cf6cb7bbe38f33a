//! Links of the READMEs and the other guides: their files, and the headings in them as GitHub names them.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use anyhow::{Context, Result};
use regex::Regex;

use crate::anchors::anchors;
use crate::problem::{Problems, suggestion};
use crate::project::{Project, names, read};

static LINK: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\]\(([^)\s]+)\)").expect("a valid pattern"));

/// Checks the guides at the top of the project and of its crates.
pub fn check(project: &Project, problems: &Problems) -> Result<()> {
    for file in guides(project.root())? {
        let text = read(&file)?;
        for (number, line) in lines_outside_of_code(&text) {
            for link in LINK.captures_iter(line).map(|link| link[1].to_string()) {
                if let Err(error) = follow(&file, &link) {
                    problems.add(project.relative(&file), number, format!("the link {link} {error}"));
                }
            }
        }
    }
    Ok(())
}

/// The Markdown files at the top, and the READMEs of the folders up to two levels below.
fn guides(root: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![(root.to_path_buf(), 0)];
    while let Some((folder, depth)) = folders.pop() {
        for name in names(&folder)? {
            let path = folder.join(&name);
            if path.is_dir() {
                if depth < 2 && !name.starts_with('.') && !["target", "build"].contains(&name.as_str()) {
                    folders.push((path, depth + 1));
                }
            } else if name.ends_with(".md") && (depth == 0 || name.starts_with("README")) {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// What is wrong with a link in `file`, as the end of a sentence that begins with it.
fn follow(file: &Path, link: &str) -> Result<(), String> {
    let is_elsewhere = link.split_once(':').is_some_and(|(scheme, _)| scheme.chars().all(|c| c.is_ascii_alphabetic()));
    if is_elsewhere {
        return Ok(());
    }
    let (path, heading) = link.split_once('#').unwrap_or((link, ""));
    let target = match path {
        "" => file.to_path_buf(),
        path => file.parent().unwrap_or(Path::new("")).join(path),
    };
    if !target.exists() {
        return Err("leads to no file".to_string());
    }
    if heading.is_empty() {
        return Ok(());
    }
    let text = fs::read_to_string(&target).context("cannot be read").map_err(|error| format!("{error:#}"))?;
    let known = anchors_in(&text);
    if known.iter().any(|anchor| anchor == heading) {
        return Ok(());
    }
    Err(format!("leads to no heading{}", suggestion(heading, &known)))
}

/// The lines that are not in a block of code, with their numbers.
fn lines_outside_of_code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut in_code = false;
    text.lines().enumerate().filter_map(move |(at, line)| {
        let is_fence = line.trim_start().starts_with("```");
        in_code ^= is_fence;
        (!in_code && !is_fence).then_some((at + 1, line))
    })
}

/// The anchors that GitHub gives to the headings of a text, and those that the text sets itself.
fn anchors_in(text: &str) -> Vec<String> {
    static SET: LazyLock<Regex> = LazyLock::new(|| Regex::new(r#"<a (?:id|name)="([^"]+)""#).expect("a valid pattern"));
    let headings = lines_outside_of_code(text).filter_map(|(_, line)| {
        let title = line.trim_start_matches('#');
        (title.len() < line.len()).then(|| title.strip_prefix(' ')).flatten()
    });
    let set = SET.captures_iter(text).map(|found| found[1].to_string());
    anchors(headings).into_iter().chain(set).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anchors_are_those_of_github() {
        let text = "# 3.5 Causal attention {#causal}\n```sh\n# no heading\n```\n## `to_vec` & [links](a.md)\n## Again\n## Again\n<a id=\"n\"></a>¹\n";
        assert_eq!(anchors_in(text), ["35-causal-attention-causal", "to_vec--links", "again", "again-1", "n"]);
    }
}
