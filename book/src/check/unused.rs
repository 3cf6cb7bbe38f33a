//! Pages that are in no `SUMMARY.md`, recorded outputs that no page shows or whose example is gone.

use anyhow::Result;

use crate::build::Materials;
use crate::directive::Directive;
use crate::document::Kind;
use crate::notebook::is_notebook;
use crate::problem::Problems;
use crate::program;
use crate::project::{Project, files_below, names, relative};
use crate::tree::Tree;

/// Looks for files that nothing uses.
pub fn check(project: &Project, materials: &Materials, problems: &Problems) -> Result<()> {
    for tree in &materials.trees {
        pages(project, tree, problems)?;
    }
    outputs(project, materials, problems)
}

/// Checks that each page of a language is in its `SUMMARY.md`.
fn pages(project: &Project, tree: &Tree, problems: &Problems) -> Result<()> {
    let top = project.pages(tree.language);
    for file in files_below(&top)? {
        let path = relative(&file, &top);
        if path != "SUMMARY.md" && tree.page(&path).is_none() {
            problems.add(project.relative(&file), 0, "the file is not in SUMMARY.md");
        }
    }
    Ok(())
}

/// Checks the files in `book/outputs`.
fn outputs(project: &Project, materials: &Materials, problems: &Problems) -> Result<()> {
    let items = materials.trees.iter().flat_map(|tree| &tree.pages).flat_map(|page| &page.document.items);
    let shown: Vec<String> = items
        .filter_map(|item| match &item.kind {
            Kind::Directive { text, .. } => match Directive::parse(text) {
                Ok(Directive::Out(out)) => Some(out.name),
                _ => None,
            },
            _ => None,
        })
        .collect();
    for name in names(&project.outputs())? {
        let file = format!("book/outputs/{name}");
        let Some(name) = name.strip_suffix(".txt") else {
            problems.add(file, 0, "outputs are files EXAMPLE.txt or llm-NAME.txt");
            continue;
        };
        if !program::is_recording(name)
            && let Err(error) = materials.examples.get(name)
        {
            problems.add(&file, 0, error);
        }
        // Whether all cells of a notebook are shown is checked with it.
        if !is_notebook(name) && !shown.iter().any(|shown| shown == name) {
            problems.add(&file, 0, format!("no page shows it: `{{{{out {name}}}}}`"));
        }
    }
    Ok(())
}
