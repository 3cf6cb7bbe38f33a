//! mdBook as a library: pages to HTML.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use mdbook_core::book::{Book, BookItem};
use mdbook_core::config::{Config, Fold, HtmlConfig, Search, SearchChapterSettings};
use mdbook_driver::MDBook;
use mdbook_summary::Summary;

use crate::html::smart_punctuation;
use crate::language::Language;
use crate::problem::Problems;
use crate::project::Project;
use crate::tree::Tree;
use crate::warnings::collect;

/// The styles in `book/theme`, in the order in which they apply, and the scripts. mdBook finds the other files there itself.
const STYLES: [&str; 5] = ["colours.css", "book.css", "bar.css", "maths.css", "paper.css"];
const SCRIPTS: [&str; 3] = ["search.js", "reader.js", "look.js"];

/// Renders pages into a folder. What mdBook warns of becomes problems.
///
/// # Errors
/// If mdBook does not succeed.
pub fn render(project: &Project, tree: &Tree, items: Vec<BookItem>, into: &Path, problems: &Problems) -> Result<()> {
    let language = tree.language;
    let mut config = Config::default();
    config.book.title = Some(tree.title.clone());
    config.book.language = Some(language.code().to_string());
    config.book.src = PathBuf::from(language.folder());
    config.build.build_dir = into.to_path_buf();
    config.build.create_missing = false;
    config.build.use_default_preprocessors = false;
    config.set("output.html", html_config(project, language)).context("mdBook does not take its settings")?;
    let mut book = MDBook::load_with_config_and_summary(project.book(), config, Summary::default())?;
    book.book = Book::new_with_items(items);
    let (result, warnings) = collect(|| book.build());
    for warning in warnings {
        problems.add(format!("book/{language}"), 0, format!("mdBook: {}", warning.replace('\n', " ")));
    }
    result.with_context(|| format!("mdBook cannot render the pages of {language}"))
}

fn html_config(project: &Project, language: Language) -> HtmlConfig {
    let theme = project.book().join("theme");
    let mut html = HtmlConfig::default();
    html.theme = theme.is_dir().then(|| PathBuf::from("theme"));
    html.default_theme = Some("light".to_string());
    html.preferred_dark_theme = Some("navy".to_string());
    html.smart_punctuation = smart_punctuation(language);
    html.definition_lists = false;
    html.admonitions = false;
    html.no_section_label = true;
    html.hash_files = false;
    html.input_404 = Some(String::new());
    html.playground.copyable = false;
    html.playground.runnable = false;
    html.fold = fold();
    html.search = Some(search());
    let added = |names: &[&str]| -> Vec<PathBuf> {
        names.iter().filter(|name| theme.join(name).is_file()).map(|name| Path::new("theme").join(name)).collect()
    };
    (html.additional_css, html.additional_js) = (added(&STYLES), added(&SCRIPTS));
    html
}

/// The sidebar shows the pages of the current chapter.
fn fold() -> Fold {
    let mut fold = Fold::default();
    (fold.enable, fold.level) = (true, 0);
    fold
}

/// mdBook's search box without its scripts and its index, which would have no Chinese word in it.
fn search() -> Search {
    let (mut search, mut pages) = (Search::default(), SearchChapterSettings::default());
    (search.enable, search.copy_js) = (true, false);
    pages.enable = Some(false);
    // The beginning of all paths.
    search.chapter.insert(String::new(), pages);
    search
}
