//! What GitHub calls the headings of a Markdown file, in links to them.

use std::collections::HashMap;
use std::sync::LazyLock;

use regex::Regex;

/// The anchors of the headings of a file, given in order, with or without `#` before them.
pub fn anchors<'a>(headings: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut times: HashMap<String, usize> = HashMap::new();
    let numbered = headings.into_iter().map(|heading| {
        let anchor = anchor(heading.trim_start_matches('#'));
        let before = times.entry(anchor.clone()).or_default();
        *before += 1;
        if *before == 1 { anchor } else { format!("{anchor}-{}", *before - 1) }
    });
    numbered.collect()
}

/// A heading in lower case, spaces as hyphens, without punctuation and the targets of links.
fn anchor(title: &str) -> String {
    static TARGET: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\]\([^)]*\)").expect("a valid pattern"));
    let title = TARGET.replace_all(title.trim(), "]").to_lowercase();
    let kept = title.chars().filter(|&c| c.is_alphanumeric() || "-_ ".contains(c));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_are_called_as_on_github() {
        assert_eq!(anchor("3.5.1 遮住未来"), "351-遮住未来");
        assert_eq!(anchors(["## `to_vec` & [links](a.md)", "Again", "# Again"]), ["to_vec--links", "again", "again-1"]);
    }
}
