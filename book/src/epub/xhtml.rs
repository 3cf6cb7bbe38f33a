//! The text of a built page as XHTML.

use std::sync::LazyLock;

use anyhow::{Context, Result, anyhow};
use html5ever::QualName;
use regex::Regex;
use scraper::node::{Element, Node};
use scraper::{ElementRef, Html, Selector};

use crate::highlight;
use crate::html::escape;

/// The text of a page.
#[derive(Debug, Default)]
pub struct Content {
    /// The text of its first heading.
    pub title: String,
    /// Its text.
    pub body: String,
    /// `svg` if it has figures, `mathml` if it has formulas.
    pub properties: Vec<&'static str>,
}

/// Elements that have no end.
const VOID: [&str; 6] = ["br", "col", "hr", "img", "input", "wbr"];

/// The text of a page that mdBook has written.
///
/// # Errors
/// If it has no text or no title.
pub fn of(page: &str) -> Result<Content> {
    let html = Html::parse_document(page);
    let select = |what: &str| Selector::parse(what).map_err(|error| anyhow!("{error}"));
    let main = html.select(&select("main")?).next().context("the page has no text")?;
    let title = main.select(&select("h1")?).next().context("the page has no title")?.text().collect();
    let mut content = Content { title, ..Content::default() };
    children(main, &mut content);
    Ok(content)
}

fn children(element: ElementRef, content: &mut Content) {
    for child in element.children() {
        match child.value() {
            Node::Text(text) => content.body.push_str(&escape(text)),
            Node::Element(_) => {
                if let Some(child) = ElementRef::wrap(child) {
                    write(child, content);
                }
            }
            _ => {}
        }
    }
}

fn write(element: ElementRef, content: &mut Content) {
    let value = element.value();
    let (mut name, class) = (value.name(), value.attr("class").unwrap_or_default());
    match name {
        // mdBook makes headings links to themselves, and the files of listings are no pages here.
        "a" if class == "header" => return children(element, content),
        "a" if leads_to_source(value) => {
            content.body.push_str(&format!("<span class=\"{class}\">"));
            children(element, content);
            content.body.push_str("</span>");
            return;
        }
        // Cells run in notebooks only.
        "details" if class.contains("box-notebook") => return,
        "p" if class == "notebook-link" => return,
        "style" => {
            let style: String = element.text().collect();
            content.body.push_str(&format!("<style>{}</style>", escape(&with_plain_colours(&style))));
            return;
        }
        "code" if class == "language-rust" => {
            let code: String = element.text().collect();
            content.body.push_str(&format!("<code class=\"{class}\">{}</code>", highlight::rust(&code)));
            return;
        }
        // pulldown-latex gives a row what MathML 3 gives a style only.
        "mrow" if value.attr("displaystyle").or(value.attr("scriptlevel")).is_some() => name = "mstyle",
        "svg" => note(&mut content.properties, "svg"),
        "math" => note(&mut content.properties, "mathml"),
        _ => {}
    }
    content.body.push('<');
    content.body.push_str(name);
    match name {
        "svg" => content.body.push_str(" xmlns=\"http://www.w3.org/2000/svg\""),
        "math" => content.body.push_str(" xmlns=\"http://www.w3.org/1998/Math/MathML\""),
        _ => {}
    }
    attributes(value, content);
    let is_empty = element.children().next().is_none();
    if VOID.contains(&name) || (is_empty && &*value.name.ns != HTML) {
        content.body.push_str("/>");
        return;
    }
    content.body.push('>');
    children(element, content);
    content.body.push_str(&format!("</{name}>"));
}

/// The namespace of HTML.
const HTML: &str = "http://www.w3.org/1999/xhtml";

fn attributes(element: &Element, content: &mut Content) {
    for (name, value) in &element.attrs {
        let local = &*name.local;
        let key = match name.prefix.as_deref() {
            Some(prefix) if !prefix.is_empty() => format!("{prefix}:{local}"),
            _ => local.to_string(),
        };
        // Namespaces of roots are written anyway, and drawings speak the language of the page.
        let is_language_of_svg = local == "lang" && element.name() == "svg";
        if key == "xmlns" || key.starts_with("xmlns:") || is_language_of_svg {
            continue;
        }
        let value = if local == "href" { target(value) } else { value.to_string() };
        content.body.push_str(&format!(" {key}=\"{}\"", escape(&value)));
        // What HTML calls `lang`, XML calls `xml:lang`.
        let is_xml_lang = |name: &QualName| name.prefix.as_deref() == Some("xml") && &*name.local == "lang";
        if key == "lang" && !element.attrs.iter().any(|(name, _)| is_xml_lang(name)) {
            content.body.push_str(&format!(" xml:lang=\"{}\"", escape(value.as_str())));
        }
    }
}

/// A drawing's style in which a plain colour stands before each one that depends on a variable, for reading systems that know
/// of no variables.
fn with_plain_colours(style: &str) -> String {
    static COLOUR: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"([a-z-]+):(var\(--[\w-]+,\s*(#[0-9a-fA-F]+)\))").expect("a valid pattern"));
    COLOUR.replace_all(style, "$1:$3;$1:$2").into_owned()
}

/// Where a link leads in the EPUB.
fn target(link: &str) -> String {
    if link.contains("://") {
        return link.to_string();
    }
    let (path, anchor) = link.split_at(link.find('#').unwrap_or(link.len()));
    path.strip_suffix(".html").map_or_else(|| link.to_string(), |path| format!("{path}.xhtml{anchor}"))
}

/// Whether a link leads to the page of a file of the project.
fn leads_to_source(link: &Element) -> bool {
    let target = link.attr("href").unwrap_or_default();
    target.trim_start_matches("../").starts_with("source/")
}

fn note(properties: &mut Vec<&'static str>, property: &'static str) {
    if !properties.contains(&property) {
        properties.push(property);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(main: &str) -> Content {
        of(&format!(
            "<html><body><nav>x</nav><main><h1 id=\"a\"><a class=\"header\" href=\"#a\">A &amp; B</a></h1>{main}</main>"
        ))
        .unwrap()
    }

    #[test]
    fn pages_are_well_formed_and_lead_to_pages() {
        let content = body(
            "<p lang=\"zh\">a<br>b &lt; &nbsp;<a href=\"../ch02/b.html#c\">d</a><td></p><a class=\"file\" \
             href=\"../source/x.rs.html#L1\">x</a>",
        );
        assert_eq!(content.title, "A & B");
        assert_eq!(
            content.body,
            "<h1 id=\"a\">A &amp; B</h1><p lang=\"zh\" xml:lang=\"zh\">a<br/>b &lt; \u{a0}<a href=\"../ch02/b.xhtml#c\">d</a></p>\
             <span class=\"file\">x</span>"
        );
        assert_eq!(
            body("<p class=\"notebook-link\">z</p><details class=\"box box-notebook\"><p>x</p></details><p>y</p>").body,
            "<h1 id=\"a\">A &amp; B</h1><p>y</p>"
        );
        assert!(content.properties.is_empty());
    }

    #[test]
    fn figures_keep_their_case_and_formulas_their_namespace() {
        let content = body(
            "<svg viewbox=\"0 0 1 1\" xmlns=\"http://www.w3.org/2000/svg\"><style>a > b{fill:var(--c,#fff)}</style><clippath></clippath></svg>\
             <math display=\"block\"><mrow scriptlevel=\"0\"><mi>x</mi></mrow></math>",
        );
        assert!(
            content.body.ends_with(
                "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 1 1\"><style>a &gt; b{fill:#fff;fill:var(--c,#fff)}</style><clipPath/></svg>\
                 <math xmlns=\"http://www.w3.org/1998/Math/MathML\" display=\"block\"><mstyle scriptlevel=\"0\"><mi>x</mi></mstyle></math>"
            ),
            "{}",
            content.body
        );
        assert_eq!(content.properties, ["svg", "mathml"]);
    }

    #[test]
    fn rust_is_marked() {
        let content = body("<pre><code class=\"language-rust\">let x = \"&lt;\";</code></pre>");
        assert!(content.body.contains("<b>let</b> x = <i class=\"string\">&quot;&lt;&quot;</i>;"), "{}", content.body);
    }
}
