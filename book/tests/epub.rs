//! The EPUB is an archive of well-formed files that name each other rightly. What else the standard wants, epubcheck knows:
//! `cargo book epub --check`.

mod small;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use book::epub;
use book::paths::resolve;
use roxmltree::{Document, ParsingOptions};
use small::Small;
use zip::{CompressionMethod, ZipArchive};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

/// Path and content of all files in an archive.
fn files(epub: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut archive = ZipArchive::new(File::open(epub).unwrap()).unwrap();
    let mut files = BTreeMap::new();
    for index in 0..archive.len() {
        let mut file = archive.by_index(index).unwrap();
        let name = file.name().unwrap().into_owned();
        if index == 0 {
            assert_eq!((name.as_str(), file.compression()), ("mimetype", CompressionMethod::Stored));
        }
        let mut content = Vec::new();
        file.read_to_end(&mut content).unwrap();
        files.insert(name, content);
    }
    files
}

fn text(files: &BTreeMap<String, Vec<u8>>, path: &str) -> String {
    String::from_utf8(files.get(path).unwrap_or_else(|| panic!("{path} is missing")).clone()).unwrap()
}

fn xml(text: &str) -> Document<'_> {
    let options = ParsingOptions { allow_dtd: true, ..ParsingOptions::default() };
    Document::parse_with_options(text, options).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn both_languages_are_whole() {
    let small = Small::new();
    assert!(epub::write(&small.project).unwrap_err().to_string().contains("run `cargo book build` first"));
    assert_eq!(small.build(), [""; 0]);
    small.write("book/theme/epub.css", "p {}\n");
    std::fs::write(small.path("book/theme/cover-en.png"), PNG).unwrap();
    let made = epub::write(&small.project).unwrap();
    let names: Vec<String> = made.iter().map(|file| small.project.relative(file)).collect();
    assert_eq!(names, ["book/build/llm-from-scratch-rs-en.epub", "book/build/llm-from-scratch-rs-zh.epub"]);
    for (epub, language, cover) in [(&made[0], "en", true), (&made[1], "zh-CN", false)] {
        let files = files(epub);
        assert_eq!(text(&files, "mimetype"), "application/epub+zip");
        assert!(text(&files, "META-INF/container.xml").contains("full-path=\"book/package.opf\""));
        let package = text(&files, "book/package.opf");
        let package = xml(&package);
        let items: Vec<_> = package.descendants().filter(|node| node.has_tag_name("item")).collect();
        // What is there is in the manifest, and the other way round.
        let mut listed: Vec<String> =
            items.iter().map(|item| format!("book/{}", item.attribute("href").unwrap())).collect();
        listed.sort();
        let mut there: Vec<&String> = files.keys().filter(|path| path.starts_with("book/")).collect();
        there.retain(|path| path.as_str() != "book/package.opf");
        assert_eq!(listed.iter().collect::<Vec<_>>(), there);
        assert_eq!(files.contains_key("book/cover.xhtml"), cover);
        let name_of = |node: &roxmltree::Node| node.tag_name().name() == "language";
        assert_eq!(package.descendants().find(name_of).unwrap().text(), Some(language));
        for id in package.descendants().filter(|node| node.has_tag_name("itemref")) {
            assert!(items.iter().any(|item| item.attribute("id") == id.attribute("idref")));
        }
        for item in items.iter().filter(|item| item.attribute("media-type") == Some("application/xhtml+xml")) {
            page(&files, &format!("book/{}", item.attribute("href").unwrap()), item.attribute("properties"), language);
        }
    }
}

/// A page is well-formed, says what is in it, and its links lead to what is there.
fn page(files: &BTreeMap<String, Vec<u8>>, path: &str, properties: Option<&str>, language: &str) {
    let content = text(files, path);
    let page = xml(&content);
    assert_eq!(page.root_element().attribute("lang"), Some(language), "{path}");
    for (element, property) in [("svg", "svg"), ("math", "mathml")] {
        let has = page.descendants().any(|node| node.tag_name().name() == element);
        let says = properties.is_some_and(|properties| properties.split(' ').any(|word| word == property));
        assert_eq!(has, says, "{path}: {property}");
    }
    for node in page.descendants() {
        let Some(link) = node.attribute("href").or(node.attribute("src")) else { continue };
        if link.contains("://") {
            continue;
        }
        let (target, anchor) = link.split_once('#').unwrap_or((link, ""));
        let target = if target.is_empty() { path.to_string() } else { resolve(path, target) };
        assert!(files.contains_key(&target), "{path}: {link}");
        let has_anchor = || xml(&text(files, &target)).descendants().any(|node| node.attribute("id") == Some(anchor));
        assert!(anchor.is_empty() || has_anchor(), "{path}: {link}");
    }
}

#[test]
fn pages_keep_figures_formulas_and_answers() {
    let small = Small::new();
    small.build();
    let made = epub::write(&small.project).unwrap();
    let page = text(&files(&made[0]), "book/ch03/causal.xhtml");
    assert!(
        page.contains("<svg xmlns=\"http://www.w3.org/2000/svg\"") && page.contains(" viewBox=\"0 0 9 9\""),
        "{page}"
    );
    assert!(page.contains("<math xmlns=\"http://www.w3.org/1998/Math/MathML\""));
    assert!(page.contains("<details class=\"answer\"><summary>Answer</summary>"), "{page}");
    assert!(page.contains("<b>let</b> later = column &gt; row;"), "{page}");
    assert!(page.contains("<span class=\"file\">ch03-attention/src/lib.rs</span>"), "{page}");
    let contents = text(&files(&made[1]), "book/contents.xhtml");
    assert!(contents.contains("<h1>目录</h1>\n<ol>\n<li><a href=\"preface.xhtml\">前言</a></li>"), "{contents}");
}
