//! The book on paper: mdBook's page for printing with a cover, a table of contents with page numbers, and headings that make a
//! tree. Chapters begin on a new page, the pages of a chapter follow each other.

use std::collections::HashMap;
use std::sync::LazyLock;

use anyhow::{Context, Result, ensure};
use regex::{Captures, Regex};

use crate::html::escape;
use crate::tree::{Entry, Tree};

/// What mdBook puts between pages.
const BREAK: &str = "<div style=\"break-before: page; page-break-before: always;\"></div>";

static HEADING: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"<(/?)h([1-6])\b").expect("a valid pattern"));
static FILE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new("<a class=\"file\" href=\"[^\"]*\">([^<]*)</a>").expect("a valid pattern"));
static FIRST_ID: LazyLock<Regex> = LazyLock::new(|| Regex::new("<h1 id=\"([^\"]*)\"").expect("a valid pattern"));

/// What the book on paper is made of.
pub struct Paper<'a> {
    /// The pages.
    pub tree: &'a Tree,
    /// mdBook's page for printing.
    pub print: &'a str,
    /// The drawing on the cover; empty if there is none.
    pub cover: &'a str,
    /// Styles for paper.
    pub style: &'a str,
    /// What is done before it is printed.
    pub script: &'a str,
}

/// An entry of the table of contents.
struct Line {
    depth: usize,
    title: String,
}

impl Paper<'_> {
    /// The page to be printed. `numbers` says on which page each heading is, as far as it is known.
    ///
    /// # Errors
    /// If mdBook's page is not as expected.
    pub fn html(&self, numbers: &HashMap<String, usize>) -> Result<String> {
        let (before, rest) = self.print.split_once("<main>").context("it has no text")?;
        let (main, after) = rest.split_once("</main>").context("its text has no end")?;
        let lines = lines(&self.tree.contents());
        let pages: Vec<&str> = main.split(BREAK).collect();
        ensure!(pages.len() == lines.len(), "it has {} pages, the book {}", pages.len(), lines.len());
        let (mut contents, mut chapters, mut running) = (String::new(), String::new(), String::new());
        let mut chapter = 0;
        for (line, page) in lines.iter().zip(pages) {
            let title = escape(&line.title);
            let id = first_id(page).with_context(|| format!("the page \"{}\" has no heading", line.title))?;
            let number = numbers.get(id).map_or(String::new(), ToString::to_string);
            contents.push_str(&format!(
                "<a class=\"depth-{}\" href=\"#{id}\"><span>{title}</span><i></i><b>{number}</b></a>\n",
                line.depth
            ));
            if line.depth == 0 {
                chapter += 1;
                // A page of this name begins a new sheet, and carries the title of the chapter.
                chapters.push_str(if chapter == 1 { "" } else { "</main>\n" });
                chapters.push_str(&format!("<main style=\"page: chapter-{chapter}\">\n"));
                running.push_str(&format!(
                    "@page chapter-{chapter} {{ @top-right {{ content: \"{}\"; }} }}\n",
                    line.title.replace('\\', "\\\\").replace('"', "\\\"")
                ));
            }
            chapters.push_str(&without_files(&lowered(page, line.depth)));
        }
        // Around the last chapter there are no other pages, or an empty sheet would follow it.
        running.push_str(&format!("body {{ page: chapter-{chapter}; }}\n"));
        let title = self.tree.language.pick("Contents", "目录");
        let Self { cover, style, script, .. } = self;
        let before = before.replace("</head>", &format!("<style>\n{style}\n{running}</style>\n</head>"));
        let after = after.replace("</body>", &format!("<script>\n{script}\n</script>\n</body>"));
        let cover =
            if cover.is_empty() { String::new() } else { format!("<div class=\"paper-cover\">{cover}</div>\n") };
        Ok(format!(
            "{before}{cover}<nav class=\"paper-contents\"><p class=\"contents-title\">{title}</p>\n{contents}</nav>\n{chapters}\
             </main>{after}"
        ))
    }
}

/// The entries of the table of contents that are pages, in order.
fn lines(entries: &[Entry]) -> Vec<Line> {
    fn collect(entries: &[Entry], depth: usize, lines: &mut Vec<Line>) {
        for entry in entries {
            let is_page = entry.path.is_some();
            if is_page {
                lines.push(Line { depth, title: entry.title.clone() });
            }
            collect(&entry.below, depth + usize::from(is_page), lines);
        }
    }
    let mut lines = Vec::new();
    collect(entries, 0, &mut lines);
    lines
}

/// The id of the title of a page.
fn first_id(page: &str) -> Option<&str> {
    FIRST_ID.captures(page)?.get(1).map(|id| id.as_str())
}

/// A page whose headings stand below that of its chapter.
fn lowered(page: &str, depth: usize) -> String {
    if depth == 0 {
        return page.to_string();
    }
    let lower = |found: &Captures| {
        let level: usize = found[2].parse().unwrap_or(1);
        // The title of the page looks like one.
        let class = if level == 1 && found[1].is_empty() { " class=\"page-title\"" } else { "" };
        format!("<{}h{}{class}", &found[1], (level + depth).min(6))
    };
    HEADING.replace_all(page, lower).into_owned()
}

/// A page without links to files of the project, which are not on paper.
fn without_files(page: &str) -> String {
    FILE.replace_all(page, "<span class=\"file\">$1</span>").into_owned()
}

/// A drawing without what holds for a page of its own: its styles would hold for all drawings.
#[must_use]
pub fn drawing(svg: &str) -> String {
    let start = svg.find("<svg").unwrap_or(0);
    let svg = &svg[start..];
    match (svg.find("<style>"), svg.find("</style>")) {
        (Some(from), Some(to)) if from < to => format!("{}{}", &svg[..from], &svg[to + "</style>".len()..]),
        _ => svg.to_string(),
    }
}

/// On which page each named place of a PDF is. It must be written as Chromium does: nothing but streams is compressed. If it is
/// not, nothing is known.
#[must_use]
pub fn page_numbers(pdf: &[u8]) -> HashMap<String, usize> {
    numbers(pdf).unwrap_or_default()
}

fn numbers(pdf: &[u8]) -> Option<HashMap<String, usize>> {
    let tail = String::from_utf8_lossy(&pdf[pdf.len().saturating_sub(1024)..]).into_owned();
    let objects = objects(pdf, tail.rsplit("startxref").next()?.split_whitespace().next()?.parse().ok()?)?;
    let catalog = object(pdf, &objects, reference(&tail, "/Root ")?)?;
    let mut pages = HashMap::new();
    // Trees of pages, the next one last.
    let mut open = vec![reference(&catalog, "/Pages ")?];
    while let Some(id) = open.pop() {
        let text = object(pdf, &objects, id)?;
        match text.split_once("/Kids [") {
            Some((_, kids)) => {
                let kids = kids.split(']').next()?.split(" 0 R").filter_map(|kid| kid.trim().parse().ok());
                open.extend(kids.collect::<Vec<usize>>().into_iter().rev());
            }
            None => drop(pages.insert(id, pages.len() + 1)),
        }
    }
    let places = object(pdf, &objects, reference(&catalog, "/Dests ")?)?;
    let places = places.split('/').filter_map(|place| {
        let (name, target) = place.split_once(" [")?;
        let page = target.split(" 0 R").next()?.parse().ok()?;
        Some((name.to_string(), *pages.get(&page)?))
    });
    Some(places.collect())
}

/// Where each object begins, from the table at a position.
fn objects(pdf: &[u8], at: usize) -> Option<HashMap<usize, usize>> {
    let table = String::from_utf8_lossy(pdf.get(at..)?).into_owned();
    let mut lines = table.strip_prefix("xref")?.trim_start().lines();
    let mut objects = HashMap::new();
    while let Some(line) = lines.next().filter(|line| !line.starts_with("trailer")) {
        let (first, count) = line.trim().split_once(' ')?;
        let (first, count): (usize, usize) = (first.parse().ok()?, count.parse().ok()?);
        for id in first..first + count {
            objects.insert(id, lines.next()?.split(' ').next()?.parse().ok()?);
        }
    }
    Some(objects)
}

/// The text of an object.
fn object(pdf: &[u8], objects: &HashMap<usize, usize>, id: usize) -> Option<String> {
    let text = pdf.get(*objects.get(&id)?..)?;
    let end = find(text, b"endobj")?;
    Some(String::from_utf8_lossy(&text[..end]).into_owned())
}

/// The object that a key refers to.
fn reference(text: &str, key: &str) -> Option<usize> {
    text.split_once(key)?.1.split(' ').next()?.parse().ok()
}

/// Mends titles of the outline: Chromium writes that of a heading twice if the heading had to move to the next sheet. No byte
/// moves, so all positions stay right.
pub fn mend_titles(pdf: &mut [u8]) {
    for (start, end) in [("/Title (", ")\n"), ("/Title <FEFF", ">")] {
        let mut at = 0;
        while let Some(from) = find(&pdf[at..], start.as_bytes()).map(|found| at + found + start.len()) {
            let Some(length) = find(&pdf[from..], end.as_bytes()) else { return };
            let (half, to) = (from + length / 2, from + length);
            if length > 0 && length % 2 == 0 && pdf[from..half] == pdf[half..to] {
                pdf[half] = end.as_bytes()[0];
                pdf[half + 1..=to].fill(b' ');
            }
            at = to;
        }
    }
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_of_pages_stand_below_their_chapter() {
        let page = "<h1 id=\"a\">A</h1><h2>b</h2><h4 class=\"x\">c</h4><header></header>";
        assert_eq!(lowered(page, 0), page);
        assert_eq!(
            lowered(page, 1),
            "<h2 class=\"page-title\" id=\"a\">A</h2><h3>b</h3><h5 class=\"x\">c</h5><header></header>"
        );
        assert_eq!(first_id(page), Some("a"));
        let page = "<a class=\"file\" href=\"source/a.rs.html#L1\">a.rs</a><a href=\"#b\">b</a>";
        assert_eq!(without_files(page), "<span class=\"file\">a.rs</span><a href=\"#b\">b</a>");
    }

    #[test]
    fn a_drawing_loses_its_styles() {
        assert_eq!(drawing("<?xml?><svg><style>text{}</style><rect/></svg>"), "<svg><rect/></svg>");
        assert_eq!(drawing("<svg><rect/></svg>"), "<svg><rect/></svg>");
    }

    #[test]
    fn titles_that_are_written_twice_are_mended_in_place() {
        let mut pdf = *b"<</Title (A b)\n/X><</Title (A bA b)\n/X></Title <FEFF00410041>\n/X></Title <FEFF00410042>/X>";
        mend_titles(&mut pdf);
        let expected = "<</Title (A b)\n/X><</Title (A b)   \n/X></Title <FEFF0041>    \n/X></Title <FEFF00410042>/X>";
        assert_eq!(String::from_utf8_lossy(&pdf), expected);
    }

    #[test]
    fn page_numbers_are_read_as_chromium_writes_them() {
        let parts = [
            "%PDF-1.4\n",
            "1 0 obj\n<</Type /Catalog\n/Pages 2 0 R\n/Dests 6 0 R>>\nendobj\n",
            "2 0 obj\n<</Type /Pages\n/Kids [3 0 R 5 0 R]>>\nendobj\n",
            "3 0 obj\n<</Type /Pages\n/Kids [4 0 R]\n/Parent 2 0 R>>\nendobj\n",
            "4 0 obj\n<</Type /Page>>\nendobj\n",
            "5 0 obj\n<</Type /Page>>\nendobj\n",
            "6 0 obj\n<</preface [4 0 R /XYZ 0 792 0]\n/the-mask [5 0 R /XYZ 0 792 0]>>\nendobj\n",
        ];
        let mut pdf = String::new();
        let mut table = "xref\n0 7\n0000000000 65535 f \n".to_string();
        for (index, part) in parts.iter().enumerate() {
            if index > 0 {
                table.push_str(&format!("{:010} 00000 n \n", pdf.len()));
            }
            pdf.push_str(part);
        }
        let start = pdf.len();
        pdf.push_str(&format!("{table}trailer\n<</Size 7\n/Root 1 0 R>>\nstartxref\n{start}\n%%EOF\n"));
        let expected = HashMap::from([("preface".to_string(), 1), ("the-mask".to_string(), 2)]);
        assert_eq!(page_numbers(pdf.as_bytes()), expected);
        assert_eq!(page_numbers(b"%PDF-1.7 of another kind"), HashMap::new());
    }
}
