//! What surrounds the text of a page. mdBook has it in English only and knows of one language: here it gets the words of the
//! page's language, the link to the same page in the other one, and the titles of the neighbouring pages.

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use anyhow::{Context, Result, bail, ensure};
use regex::{Captures, Regex};

use crate::document::is_han;
use crate::language::Language;
use crate::paths::{resolve, to_root};
use crate::project::{files_below, read, relative};

/// Where a phrase of mdBook stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// In pages, outside of their text.
    Page,
    /// In scripts.
    Script,
}

/// What mdBook says in English, with as much around it as makes it unmistakable, and what a Chinese page says there.
const PHRASES: [(Place, &str, &str); 39] = {
    use Place::{Page, Script};
    [
        (Page, "aria-label=\"Table of contents\"", "aria-label=\"目录\""),
        (Page, "title=\"Toggle Table of Contents\"", "title=\"显示或隐藏目录\""),
        (Page, "aria-label=\"Toggle Table of Contents\"", "aria-label=\"显示或隐藏目录\""),
        (Page, "title=\"Change theme\"", "title=\"更换主题\""),
        (Page, "aria-label=\"Change theme\"", "aria-label=\"更换主题\""),
        (Page, "aria-label=\"Themes\"", "aria-label=\"主题\""),
        (Page, ">Auto</button>", ">跟随系统</button>"),
        (Page, ">Light</button>", ">白色</button>"),
        (Page, ">Rust</button>", ">纸张</button>"),
        (Page, ">Coal</button>", ">炭黑</button>"),
        (Page, ">Navy</button>", ">深蓝</button>"),
        (Page, ">Ayu</button>", ">暗夜</button>"),
        (Page, "title=\"Search (`/`)\"", "title=\"搜索（按 /）\""),
        (Page, "aria-label=\"Toggle Searchbar\"", "aria-label=\"打开或关闭搜索\""),
        (Page, "placeholder=\"Search this book ...\"", "placeholder=\"搜索全书\""),
        (Page, "title=\"Print this book\"", "title=\"打印全书\""),
        (Page, "aria-label=\"Print this book\"", "aria-label=\"打印全书\""),
        (Page, "aria-label=\"Page navigation\"", "aria-label=\"前后页\""),
        (Page, "title=\"Previous chapter\"", "title=\"上一页\""),
        (Page, "aria-label=\"Previous chapter\"", "aria-label=\"上一页\""),
        (Page, "title=\"Next chapter\"", "title=\"下一页\""),
        (Page, "aria-label=\"Next chapter\"", "aria-label=\"下一页\""),
        (Page, ">Keyboard shortcuts</h2>", ">键盘快捷键</h2>"),
        (
            Page,
            "<p>Press <kbd>←</kbd> or <kbd>→</kbd> to navigate between chapters</p>",
            "<p><kbd>←</kbd> <kbd>→</kbd> 上一页、下一页</p>",
        ),
        (
            Page,
            "<p>Press <kbd>S</kbd> or <kbd>/</kbd> to search in the book</p>",
            "<p><kbd>S</kbd> 或 <kbd>/</kbd> 搜索全书</p>",
        ),
        (Page, "<p>Press <kbd>?</kbd> to show this help</p>", "<p><kbd>?</kbd> 显示快捷键</p>"),
        (Page, "<p>Press <kbd>Esc</kbd> to hide this help</p>", "<p><kbd>Esc</kbd> 关闭</p>"),
        (Script, "'Show hidden lines'", "'显示隐藏的行'"),
        (Script, "title=\"Show hidden lines\"", "title=\"显示隐藏的行\""),
        (Script, "aria-label=\"Show hidden lines\"", "aria-label=\"显示隐藏的行\""),
        (Script, "'Hide lines'", "'隐藏这些行'"),
        (Script, "'Copy to clipboard'", "'复制'"),
        (Script, "'Copied!'", "'已复制'"),
        (Script, "'Clipboard error!'", "'复制失败'"),
        (Script, "'Run this code'", "'运行'"),
        (Script, "'Running...'", "'正在运行……'"),
        (Script, "'No output'", "'没有输出'"),
        (Script, "'Playground Communication: '", "'连接失败：'"),
        (Script, "'Undo changes'", "'撤销修改'"),
    ]
};

/// Completes a book that mdBook has just written to `build`.
///
/// # Errors
/// If a phrase is found nowhere or an English one is left: then mdBook has changed, and so must `PHRASES`.
pub fn finish(build: &Path, language: Language) -> Result<()> {
    // It asks for the root of a server, and is of use on one only.
    let missing = build.join("404.html");
    if missing.exists() {
        fs::remove_file(&missing)?;
    }
    let mut files = Vec::new();
    for path in files_below(build)? {
        let place = match path.extension().and_then(|extension| extension.to_str()) {
            Some("html") => Place::Page,
            Some("js") if path.parent() == Some(build) => Place::Script,
            _ => continue,
        };
        let text = read(&path)?;
        files.push(File { path: relative(&path, build), place, text });
    }
    if language == Language::Chinese {
        translate(&mut files)?;
        mark_latin(&mut files)?;
    }
    complete(&mut files, language)?;
    if language == Language::Chinese {
        files.iter().filter(|file| file.place == Place::Page).try_for_each(no_english_left)?;
    }
    for file in files {
        fs::write(build.join(&file.path), file.text)?;
    }
    Ok(())
}

/// Writes the page in front of both books, which leads to the one in the reader's language.
///
/// # Errors
/// If one of the books is missing.
pub fn landing(build: &Path) -> Result<()> {
    let mut page = include_str!("../theme/landing.html").to_string();
    for language in Language::ALL {
        let first = build.join(language.folder()).join("index.html");
        let html = read(&first)?;
        let title = between(&html, "<h1 class=\"menu-title\">", "</h1>").context("mdBook's page has no title")?;
        let mark = format!("[title-{language}]");
        ensure!(page.contains(&mark), "theme/landing.html lacks {mark}");
        page = page.replace(&mark, title);
    }
    fs::write(build.join("index.html"), page)?;
    Ok(())
}

struct File {
    /// Relative to the book, with `/`.
    path: String,
    place: Place,
    text: String,
}

fn translate(files: &mut [File]) -> Result<()> {
    for (place, english, chinese) in PHRASES {
        let mut found = false;
        for file in files.iter_mut().filter(|file| file.place == place) {
            let (before, text, after) = parts(&file.text);
            if before.contains(english) || after.contains(english) {
                found = true;
                file.text = before.replace(english, chinese) + text + &after.replace(english, chinese);
            }
        }
        ensure!(found, "mdBook doesn't say {english} any more: mend PHRASES in book/src/interface.rs");
    }
    Ok(())
}

/// In Chinese text a Latin word or a variable is emphasised with italics, not with dots below, and a quotation of Latin
/// letters has narrow quotation marks: both get a class of their own.
fn mark_latin(files: &mut [File]) -> Result<()> {
    let emphasis = Regex::new("<em>([^<]*)</em>")?;
    let quotation = Regex::new("“[^“”<>]*”")?;
    let skipped = Regex::new("(?s)<svg[ >].*?</svg>|<math[ >].*?</math>|<pre[ >].*?</pre>|<[^>]*>")?;
    for file in files.iter_mut().filter(|file| file.place == Place::Page) {
        let (before, text, after) = parts(&file.text);
        let text = emphasis.replace_all(text, |found: &Captures<'_>| {
            let class = if found[1].chars().any(is_han) { "" } else { " class=\"latin\"" };
            format!("<em{class}>{}</em>", &found[1])
        });
        let mark = |text: &str| {
            let marked = quotation.replace_all(text, |found: &Captures<'_>| {
                if found[0].chars().any(is_han) {
                    found[0].to_string()
                } else {
                    format!("<span class=\"latin\">{}</span>", &found[0])
                }
            });
            marked.into_owned()
        };
        let (mut result, mut end) = (before.to_string(), 0);
        for tag in skipped.find_iter(&text) {
            result += &mark(&text[end..tag.start()]);
            result += tag.as_str();
            end = tag.end();
        }
        result += &mark(&text[end..]);
        file.text = result + after;
    }
    Ok(())
}

/// A page in three pieces, the second of which is its own text; a script is all first piece.
fn parts(page: &str) -> (&str, &str, &str) {
    let start = page.find("<main>").unwrap_or(page.len());
    let end = page.rfind("</main>").unwrap_or(page.len()).max(start);
    (&page[..start], &page[start..end], &page[end..])
}

/// Adds the link to the other language and the titles of the neighbours to every page.
fn complete(files: &mut [File], language: Language) -> Result<()> {
    let titles: HashMap<String, String> =
        files.iter().filter_map(|file| Some((file.path.clone(), title(&file.text)?))).collect();
    let neighbour = Regex::new(r#"<a rel="(prev|next)[^"]*" href="([^"]+)" class="mobile-nav-chapters[^>]*>"#)?;
    for file in files.iter_mut().filter(|file| file.text.contains("id=\"mdbook-menu-bar\"")) {
        let start = "<div class=\"right-buttons\">";
        ensure!(file.text.matches(start).count() == 1, "{}: mdBook's bar is not where it was", file.path);
        file.text = file.text.replace(start, &format!("{start}\n{}", switch(&file.path, language)));
        // With the keyboard past the bar and the contents.
        let skip = language.pick("Skip to the text", "跳到正文");
        file.text =
            file.text.replacen("<body>", &format!("<body>\n<a class=\"skip\" href=\"#mdbook-content\">{skip}</a>"), 1);

        let mut text = String::new();
        let mut rest = file.text.as_str();
        while let Some(link) = neighbour.captures(rest) {
            let whole = link.get(0).context("the whole of a match")?;
            let target = resolve(&file.path, &link[2]);
            let title = titles.get(&target).with_context(|| format!("{}: no page {target}", file.path))?;
            let way = match &link[1] {
                "prev" => language.pick("Previous", "上一页"),
                _ => language.pick("Next", "下一页"),
            };
            text.push_str(&rest[..whole.end()]);
            text.push_str(&format!("<span class=\"way\">{way}</span><span class=\"to\">{title}</span>"));
            rest = &rest[whole.end()..];
        }
        text.push_str(rest);
        file.text = text;
    }
    Ok(())
}

/// The link to the same page in the other language. reader.js adds the section.
fn switch(path: &str, language: Language) -> String {
    let (other, name, title) = match language {
        Language::English => (Language::Chinese, "中文", "用中文阅读本页"),
        Language::Chinese => (Language::English, "English", "Read this page in English"),
    };
    let (up, folder, code) = (to_root(path), other.folder(), other.code());
    format!(
        "<a id=\"language\" class=\"language\" href=\"{up}../{folder}/{path}\" lang=\"{code}\" hreflang=\"{code}\" title=\"{title}\">{name}</a>"
    )
}

/// The title of a page as the table of contents has it: what stands before the title of the book.
fn title(page: &str) -> Option<String> {
    let book = between(page, "<h1 class=\"menu-title\">", "</h1>")?;
    let title = between(page, "<title>", "</title>")?;
    Some(title.strip_suffix(book).and_then(|title| title.strip_suffix(" - ")).unwrap_or(title).to_string())
}

/// Labels are read aloud and shown at the pointer, so none may be English on a Chinese page.
fn no_english_left(page: &File) -> Result<()> {
    static LABEL: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r#"\b(?:title|aria-label|placeholder)="([^"]*)""#).expect("a valid pattern"));
    let (before, _, after) = parts(&page.text);
    for found in LABEL.captures_iter(before).chain(LABEL.captures_iter(after)) {
        if !found[1].chars().any(is_han) && !found[0].ends_with("in English\"") {
            bail!("{}: mdBook says {}: add it to PHRASES in book/src/interface.rs", page.path, &found[0]);
        }
    }
    Ok(())
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    let from = text.find(start)? + start.len();
    let length = text[from..].find(end)?;
    Some(text[from..from + length].trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(path: &str, text: &str) -> File {
        File { path: path.to_string(), place: Place::Page, text: text.to_string() }
    }

    #[test]
    fn the_switch_leads_to_the_same_page() {
        assert!(
            switch("ch03/causal.html", Language::English).contains("href=\"../../zh/ch03/causal.html\" lang=\"zh-CN\"")
        );
        assert!(switch("index.html", Language::Chinese).contains("href=\"../en/index.html\" lang=\"en\""));
    }

    #[test]
    fn the_text_of_a_page_is_left_alone() {
        let (before, text, after) = parts("<p>a</p><main>b</main><p>c</p>");
        assert_eq!((before, text, after), ("<p>a</p>", "<main>b", "</main><p>c</p>"));
        assert_eq!(parts("'Copied!'"), ("'Copied!'", "", ""));
    }

    #[test]
    fn a_phrase_that_mdbook_does_not_say_any_more_is_named() {
        let mut files = [page("a.html", "<div></div><main>title=\"Change theme\"</main>")];
        let error = translate(&mut files).unwrap_err().to_string();
        assert_eq!(
            error,
            "mdBook doesn't say aria-label=\"Table of contents\" any more: mend PHRASES in book/src/interface.rs"
        );
    }

    #[test]
    fn an_english_label_on_a_chinese_page_is_named() {
        let error =
            no_english_left(&page("a.html", "<a title=\"New tool\"></a><main></main>")).unwrap_err().to_string();
        assert_eq!(error, "a.html: mdBook says title=\"New tool\": add it to PHRASES in book/src/interface.rs");
        no_english_left(&page("a.html", "<a title=\"目录\"></a><main><i title=\"Text\"></i></main>")).unwrap();
    }

    #[test]
    fn what_is_latin_in_chinese_text_is_marked() {
        let text = "<main>第 <em>i</em> 行<em>混合</em> “tea” “猜 a” <i title=\"“b”\">“c”</i><svg><style>a</style>“d”</svg></main>“e”";
        let mut files = [page("a.html", text)];
        mark_latin(&mut files).unwrap();
        assert_eq!(
            files[0].text,
            "<main>第 <em class=\"latin\">i</em> 行<em>混合</em> <span class=\"latin\">“tea”</span> “猜 a” \
             <i title=\"“b”\"><span class=\"latin\">“c”</span></i><svg><style>a</style>“d”</svg></main>“e”"
        );
    }

    #[test]
    fn neighbours_get_their_titles() {
        let shell = |title: &str, link: &str| {
            format!(
                "<title>{title} - Book</title><div id=\"mdbook-menu-bar\"></div><div class=\"right-buttons\"></div>\
                 <h1 class=\"menu-title\">Book</h1><main></main>{link}"
            )
        };
        let link =
            "<a rel=\"next prefetch\" href=\"../ch01/b.html\" class=\"mobile-nav-chapters next\" title=\"x\">→</a>";
        let mut files = [page("ch01/a.html", &shell("1.1 A", link)), page("ch01/b.html", &shell("1.2 B &amp; C", ""))];
        complete(&mut files, Language::English).unwrap();
        assert!(
            files[0]
                .text
                .ends_with("title=\"x\"><span class=\"way\">Next</span><span class=\"to\">1.2 B &amp; C</span>→</a>")
        );
    }
}
