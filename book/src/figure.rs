//! `{{fig …}}`: a figure in the page, or the mention of one.

use std::collections::HashMap;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use crate::directive::Directive;
use crate::html::{escape, one_line};
use crate::language::Language;
use crate::problem::Problems;
use crate::project::{Project, names, read};
use crate::tree::{Page, Tree};

/// A figure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figure {
    /// The drawing.
    pub svg: String,
    /// Its title, which stands below it.
    pub title: String,
}

/// The file of a figure.
#[must_use]
pub fn file(project: &Project, language: Language, id: &str) -> PathBuf {
    project.figures(language).join(format!("{id}.svg"))
}

/// The name of a figure: "Figure 3.7" of `3-07`, "Figure 3.B1" of `3-B1`, "Figure A.1" of `a-01`.
///
/// # Errors
/// If the id has another form.
pub fn name(id: &str, language: Language) -> Result<String> {
    let number = id.split_once('-').and_then(|(chapter, number)| {
        let plain = number.len() == 2 && number.bytes().all(|byte| byte.is_ascii_digit());
        let bonus = number.strip_prefix('B').is_some_and(|rest| rest.parse::<u32>().is_ok());
        let chapter_fits = !chapter.is_empty() && chapter.bytes().all(|byte| byte.is_ascii_alphanumeric());
        (chapter_fits && (plain || bonus))
            .then(|| format!("{}.{}", chapter.to_uppercase(), number.trim_start_matches('0')))
    });
    let Some(number) = number else { bail!("`{id}` is no figure; figures are called 3-07 or 3-B1") };
    Ok(format!("{}{number}", language.pick("Figure ", "图 ")))
}

impl Figure {
    /// Reads a figure.
    ///
    /// # Errors
    /// If it is missing or has no title.
    pub fn read(project: &Project, language: Language, id: &str) -> Result<Self> {
        name(id, language)?;
        let path = file(project, language, id);
        if !path.is_file() {
            let chapter = &id[..=id.find('-').unwrap_or_default()];
            let all = names(&project.figures(language))?;
            let there: Vec<&str> = all
                .iter()
                .filter(|name| name.starts_with(chapter))
                .filter_map(|name| name.strip_suffix(".svg"))
                .collect();
            let there = if there.is_empty() { String::new() } else { format!("; there are {}", there.join(", ")) };
            bail!("no figure {}{there}", project.relative(&path));
        }
        let text = read(&path)?;
        let start = text.find("<svg").with_context(|| format!("{} is no SVG", project.relative(&path)))?;
        let title = element(&text, "title").with_context(|| format!("{} has no <title>", project.relative(&path)))?;
        Ok(Self { svg: one_line(&text[start..]), title: title.to_string() })
    }
}

/// What stands in the first element of a name.
#[must_use]
pub fn element<'a>(svg: &'a str, name: &str) -> Option<&'a str> {
    let start = svg.find(&format!("<{name}"))?;
    let start = start + svg[start..].find('>')? + 1;
    let end = start + svg[start..].find(&format!("</{name}>"))?;
    Some(svg[start..end].trim())
}

/// The words in a drawing, one piece of text in each line.
#[must_use]
pub fn words(svg: &str) -> String {
    let mut words = String::new();
    let mut rest = svg;
    while let Some((text, tag)) = rest.split_once('<') {
        words.push_str(text.trim());
        words.push('\n');
        let (tag, after) = tag.split_once('>').unwrap_or((tag, ""));
        // A drawing's style sheet is not read.
        rest =
            if tag.starts_with("style") { after.split_once("</style>").map_or("", |(_, after)| after) } else { after };
    }
    words + rest.trim()
}

/// The id of the element that shows a figure.
#[must_use]
pub fn anchor(id: &str) -> String {
    format!("fig-{id}")
}

/// The figure with its number and title.
///
/// # Errors
/// If it is missing.
pub fn html(project: &Project, language: Language, id: &str) -> Result<String> {
    let (name, Figure { svg, title }) = (name(id, language)?, Figure::read(project, language, id)?);
    let colon = language.pick(": ", "：");
    Ok(format!(
        "<figure class=\"figure\" id=\"{}\">{svg}<figcaption><b>{name}{colon}</b>{title}</figcaption></figure>",
        anchor(id)
    ))
}

/// A link to a figure; `page` leads to the page where it stands.
///
/// # Errors
/// If the id is wrong.
pub fn mention(language: Language, id: &str, page: &str) -> Result<String> {
    Ok(format!("<a class=\"figure-link\" href=\"{page}#{}\">{}</a>", anchor(id), escape(&name(id, language)?)))
}

/// The figures that stand on a page, with their lines.
pub fn on_page(page: &Page) -> impl Iterator<Item = (usize, String)> {
    page.document.directives().filter_map(|(line, directive)| match directive {
        Directive::Fig(id) => Some((line, id)),
        _ => None,
    })
}

/// In which page each figure stands. One that stands twice is a problem.
#[must_use]
pub fn figure_pages(tree: &Tree, problems: &Problems) -> HashMap<String, String> {
    let mut pages: HashMap<String, String> = HashMap::new();
    for page in &tree.pages {
        for (line, id) in on_page(page) {
            if let Some(other) = pages.insert(id.clone(), page.path.clone()) {
                let what = format!("the figure {id} stands in {other} already: mention it in a sentence");
                problems.add(&page.file, line, what);
            }
        }
    }
    pages
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_names_in_both_languages() {
        assert_eq!(name("3-07", Language::English).unwrap(), "Figure 3.7");
        assert_eq!(name("3-17", Language::Chinese).unwrap(), "图 3.17");
        assert_eq!(name("3-B1", Language::English).unwrap(), "Figure 3.B1");
        assert_eq!(name("a-01", Language::English).unwrap(), "Figure A.1");
        for wrong in ["3-7", "3.07", "307", "3-B", "-07"] {
            let error = name(wrong, Language::English).unwrap_err().to_string();
            assert_eq!(error, format!("`{wrong}` is no figure; figures are called 3-07 or 3-B1"));
        }
    }

    #[test]
    fn the_title_is_the_content_of_its_element() {
        assert_eq!(element("<svg><title id=\"t\"> A &amp; B </title></svg>", "title"), Some("A &amp; B"));
        assert_eq!(element("<svg></svg>", "title"), None);
        assert_eq!(
            words("<svg><style>a{b:1}</style><text>0.5</text> <text>x</text></svg>")
                .split_whitespace()
                .collect::<Vec<_>>(),
            ["0.5", "x"]
        );
    }
}
