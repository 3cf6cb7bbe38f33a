//! Paths of pages, from page to page.

/// From a page to the top of the book: `../`.
#[must_use]
pub fn to_root(page: &str) -> String {
    "../".repeat(page.matches('/').count())
}

/// What a relative link of a page leads to, from the top of the book.
#[must_use]
pub fn resolve(page: &str, link: &str) -> String {
    let mut parts: Vec<&str> = page.split('/').collect();
    parts.pop();
    for part in link.split('/') {
        match part {
            "." | "" => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_links_are_resolved() {
        assert_eq!(resolve("ch03/causal.md", "../ch02/words.md"), "ch02/words.md");
        assert_eq!(resolve("ch03/causal.md", "./simplified.md"), "ch03/simplified.md");
        assert_eq!(resolve("preface.md", "ch03/causal.md"), "ch03/causal.md");
        assert_eq!(resolve("ch03/causal.html", "../ch03/self-attention.html"), "ch03/self-attention.html");
        assert_eq!(resolve("ch03/causal.html", "index.html"), "ch03/index.html");
        assert_eq!(resolve("preface.html", "ch01/index.html"), "ch01/index.html");
    }
}
