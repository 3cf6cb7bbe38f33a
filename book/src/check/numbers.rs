//! Numbers in the text stand in a listing, an output or a figure of the same page, or `book/numbers` says where they come from.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashSet};

use anyhow::{Context, Result, anyhow};
use serde::Deserialize;

use crate::build::Materials;
use crate::directive::Directive;
use crate::exercise::Exercise;
use crate::figure::{self, Figure};
use crate::listing::Listings;
use crate::notebook;
use crate::numerals::{Number, numbers_in, numbers_of, plain};
use crate::problem::Problems;
use crate::project::{Project, names, read};
use crate::recorded::Recorded;
use crate::table;
use crate::tree::Page;

/// Where a number comes from.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Origin {
    /// What it is computed from.
    is: Option<String>,
    /// Who says so.
    source: Option<String>,
    /// A file of the project that it stands in.
    file: Option<String>,
}

/// What `book/numbers` says about one page: the digits of each number, its file, and the line.
type Origins = BTreeMap<String, (String, usize)>;

/// All of `book/numbers`.
pub struct Known {
    pages: BTreeMap<String, Origins>,
    /// Whether a file could not be read: then nothing else is said about numbers.
    is_broken: bool,
    used: RefCell<HashSet<(String, String)>>,
}

impl Known {
    /// Reads `book/numbers`. Calculations with another result are problems.
    ///
    /// # Errors
    /// If a file cannot be read or is not of the right form.
    pub fn read(project: &Project, problems: &Problems) -> Result<Self> {
        let folder = project.book().join("numbers");
        let (mut pages, mut is_broken) = (BTreeMap::<String, Origins>::new(), false);
        for name in names(&folder)?.iter().filter(|name| name.ends_with(".toml")) {
            let path = folder.join(name);
            let (file, text) = (project.relative(&path), read(&path)?);
            let parsed: BTreeMap<String, BTreeMap<String, Origin>> = match toml::from_str(&text) {
                Ok(parsed) => parsed,
                Err(error) => {
                    problems.add(&file, 0, error.to_string().trim());
                    is_broken = true;
                    continue;
                }
            };
            for (page, numbers) in parsed {
                for (number, origin) in numbers {
                    let line = line(&text, &page, &number);
                    if let Err(error) = origin.verify(&number).and_then(|()| origin.look_up(&number, project)) {
                        problems.add(&file, line, format!("{error:#}"));
                    }
                    pages.entry(page.clone()).or_default().insert(plain(&number), (file.clone(), line));
                }
            }
        }
        Ok(Self { pages, is_broken, used: RefCell::default() })
    }

    /// Checks the numbers of a page. Each is said once.
    pub fn check(&self, page: &Page, listings: &Listings, problems: &Problems) {
        if self.is_broken {
            return;
        }
        let shown: BTreeSet<String> = shown(page, listings).into_iter().collect();
        let origins = self.pages.get(&page.path);
        let mut unknown: BTreeMap<String, (String, Vec<usize>)> = BTreeMap::new();
        for item in &page.document.items {
            for number in numbers_of(&page.document, item).into_iter().filter(Number::needs_origin) {
                let key = plain(&number.text);
                if origins.is_some_and(|origins| origins.contains_key(&key)) {
                    self.used.borrow_mut().insert((page.path.clone(), key));
                } else if !shown.contains(&key) {
                    let line = page.document.line(number.at);
                    unknown.entry(key).or_insert((number.text, Vec::new())).1.push(line);
                }
            }
        }
        for (key, (number, mut lines)) in unknown {
            lines.dedup();
            let near = nearest(&key, &shown).map_or(String::new(), |near| format!(" (the nearest is {near})"));
            let again: Vec<String> = lines[1..].iter().map(ToString::to_string).collect();
            let again = if again.is_empty() { String::new() } else { format!(", also in line {}", again.join(", ")) };
            let what = format!(
                "the number {number}{again} stands in no listing, output or figure of the page{near}; or give its origin in \
                 book/numbers/: [\"{}\"] \"{number}\" = {{ is = \"…\" }}, {{ file = \"…\" }} or {{ source = \"…\" }}",
                page.path
            );
            problems.add(&page.file, lines[0], what);
        }
    }

    /// Numbers that no page has are problems.
    pub fn check_used(&self, materials: &Materials, problems: &Problems) {
        if self.is_broken {
            return;
        }
        let used = self.used.borrow();
        for (page, numbers) in &self.pages {
            let exists = materials.trees.iter().any(|tree| tree.page(page).is_some());
            for (number, (file, line)) in numbers {
                if !exists {
                    problems.add(file, 0, format!("there is no page {page}"));
                } else if !used.contains(&(page.clone(), number.clone())) {
                    problems.add(file, *line, format!("the number {number} is not in the text of {page}"));
                }
            }
        }
    }
}

/// The line of a number in the table of a page; 0 if it is written in another way.
fn line(text: &str, page: &str, number: &str) -> usize {
    let (page, number) = (format!("[\"{page}\"]"), format!("\"{number}\""));
    let mut lines = text.lines().enumerate().skip_while(|(_, line)| !line.trim_start().starts_with(&page)).skip(1);
    lines.find(|(_, line)| line.trim_start().starts_with(&number)).map_or(0, |(at, _)| at + 1)
}

impl Origin {
    /// Computes the number and compares.
    fn verify(&self, number: &str) -> Result<()> {
        if self.is.is_none() && self.source.is_none() && self.file.is_none() {
            return Err(anyhow!("the number {number} has no origin: `is`, `file` or `source`"));
        }
        let Some(formula) = &self.is else { return Ok(()) };
        let value: f64 = exmex::eval_str(formula)
            .map_err(|error| anyhow!("{error}"))
            .with_context(|| format!("`{formula}` cannot be computed"))?;
        let decimals = number.split_once('.').map_or(0, |(_, decimals)| decimals.len());
        let rounded = format!("{:.decimals$}", value.abs());
        if rounded == plain(number) {
            return Ok(());
        }
        Err(anyhow!("{number} is not {formula}, which is {rounded}"))
    }

    /// Looks for the number in its file.
    fn look_up(&self, number: &str, project: &Project) -> Result<()> {
        let Some(file) = &self.file else { return Ok(()) };
        let text = read(&project.root().join(file))?;
        if numbers_in(&text).iter().any(|there| plain(&there.text) == plain(number)) {
            return Ok(());
        }
        Err(anyhow!("{number} is not in {file}"))
    }
}

/// The numbers that a page shows.
fn shown(page: &Page, listings: &Listings) -> Vec<String> {
    let (project, language) = (listings.project, page.language);
    // What is wrong with directives was said by the build.
    let text = |directive| match directive {
        Directive::Code(code) => Some(listings.get(&code).ok()?.text),
        Directive::Out(out) => {
            let recorded = Recorded::of(project, &out.name).ok()?;
            let shown = recorded.shown(&out.parts).ok()?;
            Some(shown.iter().map(|shown| shown.text.as_str()).collect::<Vec<_>>().join("\n"))
        }
        Directive::Fig(id) => Some(figure::words(&Figure::read(project, language, &id).ok()?.svg)),
        Directive::Table(wanted) => table::markdown(project, language, &wanted).ok(),
        Directive::Exercise(id) => Some(Exercise::read(project, language, &id).ok()?.code_text()),
        Directive::Cell(id) => notebook::printed(project, notebook::chapter_of(&page.path)?, &id).ok(),
        Directive::Glossary => None,
    };
    let texts = page.document.directives().filter_map(|(_, directive)| text(directive));
    texts.flat_map(|text| numbers_in(&text)).map(|number| plain(&number.text)).collect()
}

/// The number that is nearest to another one, if it is near.
fn nearest(number: &str, among: &BTreeSet<String>) -> Option<String> {
    let value: f64 = number.parse().ok()?;
    let distance = |other: &String| other.parse().map_or(f64::INFINITY, |other: f64| (other - value).abs());
    let near = among.iter().min_by(|a, b| distance(a).total_cmp(&distance(b)))?;
    (distance(near) <= 0.01 * value.abs()).then(|| near.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_found_in_the_table_of_its_page() {
        let text = "[\"a.md\"]\n\"1.000\" = { source = \"x\" }\n\n[\"b.md\"]\n\"2.000\" = {}\n\"1.000\" = {}\n";
        assert_eq!([line(text, "a.md", "1.000"), line(text, "b.md", "1.000"), line(text, "c.md", "1.000")], [2, 6, 0]);
    }

    #[test]
    fn calculations_are_rounded_to_the_digits_shown() {
        let verify = |number: &str, formula: &str| {
            Origin { is: Some(formula.to_string()), source: None, file: None }
                .verify(number)
                .map_err(|error| format!("{error:#}"))
        };
        assert_eq!(verify("0.3292", "0.4656 / sqrt(2)"), Ok(()));
        assert_eq!(verify("−0.3292", "-0.4656 / sqrt(2)"), Ok(()));
        assert_eq!(verify("38,597,376", "50257 * 768"), Ok(()));
        assert_eq!(
            verify("0.3293", "0.4656 / sqrt(2)"),
            Err("0.3293 is not 0.4656 / sqrt(2), which is 0.3292".to_string())
        );
        assert!(verify("1.000", "1 +").unwrap_err().starts_with("`1 +` cannot be computed: "));
        let none = Origin { is: None, source: None, file: None };
        assert_eq!(
            none.verify("1.000").unwrap_err().to_string(),
            "the number 1.000 has no origin: `is`, `file` or `source`"
        );
    }
}
