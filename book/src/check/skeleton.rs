//! Both languages have the same skeleton: headings, listings, outputs, figures, boxes, tables, formulas, links, numbers.

use std::collections::BTreeMap;

use crate::document::{Document, Item, Kind, Section};
use crate::formula::normalized;
use crate::numerals::{Number, numbers_of};
use crate::problem::Problems;
use crate::tree::{Page, Tree};

/// Compares two trees. What differs is said about the second.
pub fn check(leading: &Tree, following: &Tree, problems: &Problems) {
    for page in &leading.pages {
        match following.page(&page.path) {
            Some(other) => compare(page, other, problems),
            None => problems.add(&page.file, 0, format!("there is no such page in book/{}", following.language)),
        }
    }
    for page in following.pages.iter().filter(|page| leading.page(&page.path).is_none()) {
        problems.add(&page.file, 0, format!("there is no such page in book/{}", leading.language));
    }
    let (mut one, mut other) = (leading.paths(), following.paths());
    if one != other {
        one.sort();
        other.sort();
        if one == other {
            let file = format!("book/{}/SUMMARY.md", following.language);
            problems.add(file, 0, format!("the pages have another order than in book/{}/SUMMARY.md", leading.language));
        }
    }
}

/// Compares two pages.
pub fn compare(page: &Page, other: &Page, problems: &Problems) {
    let (sections, others) = (page.document.sections(), other.document.sections());
    let name = |section: &Section| format!("{} {{#{}}}", "#".repeat(section.level.into()), section.id);
    let different = sections.iter().zip(&others).find(|(a, b)| (a.level, a.id) != (b.level, b.id));
    if let Some((wanted, found)) = different {
        let (line, original) = (other.document.line(found.range.start), page.document.line(wanted.range.start));
        let what = format!("`{}` where {}:{original} has `{}`", name(found), page.file, name(wanted));
        return problems.add(&other.file, line, what);
    }
    if sections.len() != others.len() {
        let (section, at, lacks) = match sections.get(others.len()) {
            Some(section) => (section, page, other),
            None => (&others[sections.len()], other, page),
        };
        let line = at.document.line(section.range.start);
        return problems.add(&at.file, line, format!("`{}` is missing in {}", name(section), lacks.file));
    }
    for (section, other_section) in sections.iter().zip(&others) {
        blocks(page, section, other, other_section, problems);
        sets(page, section, other, other_section, problems);
    }
}

/// What stands on its own lines must be the same in the same order.
fn blocks(page: &Page, section: &Section, other: &Page, other_section: &Section, problems: &Problems) {
    let of = |section: &Section| -> Vec<(usize, String)> {
        section.items.iter().filter_map(|item| block(item).map(|block| (item.range.start, block))).collect()
    };
    let (wanted, found) = (of(section), of(other_section));
    let same = wanted.iter().zip(&found).take_while(|(a, b)| a.1 == b.1).count();
    match (wanted.get(same), found.get(same)) {
        (None, None) => {}
        (Some((at, block)), found) => {
            let place = found.map_or(other_section.range.start, |(at, _)| *at);
            let found = found.map_or(String::new(), |(_, block)| format!(", not {block}"));
            let original = page.document.line(*at);
            let what = format!("{block} should come here, as in {}:{original}{found}", page.file);
            problems.add(&other.file, other.document.line(place), what);
        }
        (None, Some((at, block))) => {
            let what = format!("{block} is missing in section #{} of {}", section.id, page.file);
            problems.add(&other.file, other.document.line(*at), what);
        }
    }
}

/// How a block is named and compared.
fn block(item: &Item) -> Option<String> {
    Some(match &item.kind {
        Kind::Directive { text, alone: true } => {
            format!("{{{{{}}}}}", text.split_whitespace().collect::<Vec<_>>().join(" "))
        }
        Kind::BoxStart { kind: Ok(kind), .. } => format!("a box `[!{}]`", kind.word()),
        Kind::BoxDivider => "the line `> ---`".to_string(),
        Kind::BoxEnd { .. } => "the end of the box".to_string(),
        Kind::Table { columns, rows } => format!("a table of {rows} rows and {columns} columns"),
        Kind::Fence { info } => format!("a block ```{info}"),
        _ => return None,
    })
}

/// What stands in sentences may have another order.
fn sets(page: &Page, section: &Section, other: &Page, other_section: &Section, problems: &Problems) {
    let (wanted, found) = (in_sentences(&page.document, section), in_sentences(&other.document, other_section));
    let sides = [(page, &wanted, other, other_section, &found), (other, &found, page, section, &wanted)];
    for (has, all, lacks, lacking, others) in sides {
        for (key, entry) in all {
            let missing = entry.required.saturating_sub(others.get(key).map_or(0, |entry| entry.count));
            if missing == 0 {
                continue;
            }
            let often = if missing > 1 { format!(" {missing} times") } else { String::new() };
            let (name, line) = (&entry.name, has.document.line(entry.at));
            let what = format!("section #{} lacks {name}{often}, which {}:{line} has", lacking.id, has.file);
            problems.add(&lacks.file, lacks.document.line(lacking.range.start), what);
        }
    }
}

/// Something that sentences contain.
#[derive(Default)]
struct Entry {
    /// How it is called in a message.
    name: String,
    /// Where it stands first.
    at: usize,
    /// How often it stands there.
    count: usize,
    /// How often the other language must have it.
    required: usize,
}

/// Formulas, links, mentions of figures and numbers of a section.
fn in_sentences(document: &Document, section: &Section) -> BTreeMap<String, Entry> {
    let mut all: BTreeMap<String, Entry> = BTreeMap::new();
    let mut add = |key: String, name: String, at: usize, required: bool| {
        let entry = all.entry(key).or_insert_with(|| Entry { name, at, ..Entry::default() });
        entry.count += 1;
        entry.required += usize::from(required);
    };
    for item in section.items {
        let name = match &item.kind {
            Kind::Formula { tex, .. } => Some(format!("the formula `{}`", normalized(tex))),
            Kind::Link { target } => Some(format!("a link to {target}")),
            Kind::Directive { text, alone: false } => Some(format!("{{{{{text}}}}} in a sentence")),
            _ => None,
        };
        if let Some(name) = name {
            add(name.clone(), name, item.range.start, true);
        }
        if matches!(item.kind, Kind::Formula { .. }) {
            continue;
        }
        for number in numbers_of(document, item) {
            let Number { at, text, .. } = &number;
            add(format!("number {}", number.value()), format!("the number {text}"), *at, number.needs_origin());
        }
    }
    all
}
