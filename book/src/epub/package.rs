//! The files around the pages: what the book is, what it consists of, and its table of contents.

use sha2::{Digest, Sha256};

use super::{FOLDER, Page};
use crate::html::escape;
use crate::language::Language;
use crate::paths::to_root;
use crate::pdf::NAME;
use crate::tree::{Entry, Tree};

/// Whom the book is by.
const AUTHORS: &str = "The authors of llm-from-scratch-rs";

/// Where the package is.
pub fn container() -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <container version=\"1.0\" xmlns=\"urn:oasis:names:tc:opendocument:xmlns:container\">\n<rootfiles>\
         <rootfile full-path=\"{FOLDER}package.opf\" media-type=\"application/oebps-package+xml\"/></rootfiles>\n</container>\n"
    )
}

/// A page with what surrounds it.
pub fn page(language: Language, title: &str, path: &str, body: &str) -> String {
    let head = format!("<link rel=\"stylesheet\" type=\"text/css\" href=\"{}style.css\"/>", to_root(path));
    document(language, title, &head, body)
}

fn document(language: Language, title: &str, head: &str, body: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE html>\n<html xmlns=\"http://www.w3.org/1999/xhtml\" \
         xmlns:epub=\"http://www.idpf.org/2007/ops\" lang=\"{0}\" xml:lang=\"{0}\">\n<head>\n<meta charset=\"UTF-8\"/>\n\
         <title>{1}</title>\n{head}\n</head>\n<body>\n{2}\n</body>\n</html>\n",
        language.code(),
        escape(title),
        body.trim()
    )
}

/// The page that shows the cover.
pub fn cover(tree: &Tree) -> String {
    let body = format!("<div class=\"cover\"><img src=\"cover.png\" alt=\"{}\"/></div>", escape(&tree.title));
    page(tree.language, &tree.title, "cover.xhtml", &body)
}

/// The table of contents.
pub fn contents(tree: &Tree) -> String {
    let title = tree.language.pick("Contents", "目录");
    let body = format!("<nav epub:type=\"toc\" id=\"contents\">\n<h1>{title}</h1>\n{}</nav>", list(&tree.contents()));
    page(tree.language, title, "contents.xhtml", &body)
}

fn list(entries: &[Entry]) -> String {
    let items = entries.iter().map(|Entry { title, path, below }| {
        let title = escape(title);
        let title = match path {
            Some(path) => format!("<a href=\"{}\">{title}</a>", path.replace(".md", ".xhtml")),
            None => format!("<span>{title}</span>"),
        };
        let below = if below.is_empty() { String::new() } else { format!("\n{}", list(below)) };
        format!("<li>{title}{below}</li>\n")
    });
    format!("<ol>\n{}</ol>\n", items.collect::<String>())
}

/// What the book is and what it consists of. `now` is when it was made.
pub fn package(tree: &Tree, pages: &[Page], now: &str, has_cover: bool) -> String {
    let language = tree.language;
    let code = language.code();
    let mut manifest = vec![
        item("contents", "contents.xhtml", "application/xhtml+xml", "nav"),
        item("style", "style.css", "text/css", ""),
    ];
    let mut spine = Vec::new();
    if has_cover {
        manifest.push(item("cover-image", "cover.png", "image/png", "cover-image"));
        manifest.push(item("cover", "cover.xhtml", "application/xhtml+xml", ""));
        spine.push("cover".to_string());
    }
    spine.push("contents".to_string());
    for Page { path, properties, .. } in pages {
        let id = format!("page-{}", path.trim_end_matches(".xhtml").replace('/', "-"));
        manifest.push(item(&id, path, "application/xhtml+xml", &properties.join(" ")));
        spine.push(id);
    }
    let spine: String = spine.iter().map(|id| format!("<itemref idref=\"{id}\"/>\n")).collect();
    let features = ["alternativeText", "MathML", "structuralNavigation", "tableOfContents"];
    let features: String = features.iter().map(|feature| meta("schema:accessibilityFeature", feature)).collect();
    let summary = language.pick(
        "Every figure has a title and a description, formulas are MathML, and code is text.",
        "每幅插图都有标题和文字说明，公式是 MathML，代码是文本。",
    );
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<package xmlns=\"http://www.idpf.org/2007/opf\" version=\"3.0\" \
         unique-identifier=\"id\" xml:lang=\"{code}\">\n<metadata xmlns:dc=\"http://purl.org/dc/elements/1.1/\">\n\
         <dc:identifier id=\"id\">urn:uuid:{}</dc:identifier>\n<dc:title>{}</dc:title>\n<dc:language>{code}</dc:language>\n\
         <dc:creator>{AUTHORS}</dc:creator>\n<dc:rights>MIT OR Apache-2.0</dc:rights>\n{}{}{}{features}{}{}</metadata>\n\
         <manifest>\n{}</manifest>\n<spine>\n{spine}</spine>\n</package>\n",
        uuid(&format!("{NAME}-{language}")),
        escape(&tree.title),
        meta("dcterms:modified", now),
        meta("schema:accessMode", "textual"),
        meta("schema:accessMode", "visual"),
        meta("schema:accessibilityHazard", "none"),
        meta("schema:accessibilitySummary", summary),
        manifest.join("")
    )
}

fn item(id: &str, path: &str, media_type: &str, properties: &str) -> String {
    let properties = if properties.is_empty() { String::new() } else { format!(" properties=\"{properties}\"") };
    format!("<item id=\"{id}\" href=\"{path}\" media-type=\"{media_type}\"{properties}/>\n")
}

fn meta(property: &str, value: &str) -> String {
    format!("<meta property=\"{property}\">{value}</meta>\n")
}

/// A UUID that belongs to a name (version 8, by SHA-256): each edition of the book keeps it.
fn uuid(name: &str) -> String {
    let mut bytes: Vec<u8> = Sha256::digest(name.as_bytes()).iter().take(16).copied().collect();
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_one_uuid() {
        let id = uuid("a");
        assert_eq!(id, uuid("a"));
        assert_ne!(id, uuid("b"));
        assert_eq!((id.len(), id.matches('-').count(), &id[14..15]), (36, 4, "8"));
    }

    #[test]
    fn the_contents_are_a_tree() {
        let entry = |title: &str, path: Option<&str>, below| Entry {
            title: title.to_string(),
            path: path.map(String::from),
            below,
        };
        let page = entry("3 & 4", Some("ch03/a.md"), Vec::new());
        assert_eq!(
            list(&[entry("Part", None, vec![page])]),
            "<ol>\n<li><span>Part</span>\n<ol>\n<li><a href=\"ch03/a.xhtml\">3 &amp; 4</a></li>\n</ol>\n</li>\n</ol>\n"
        );
    }
}
