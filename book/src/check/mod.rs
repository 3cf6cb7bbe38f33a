//! Everything that can be checked about the book, beyond that it can be built.

mod figures;
mod headings;
mod links;
mod numbers;
mod readmes;
mod rendered;
mod skeleton;
mod terms;
mod typography;
mod unused;

use anyhow::Result;

use crate::build::{Materials, NewBuild};
use crate::notebook;
use crate::outputs::{self, Ran};
use crate::problem::Problems;
use crate::project::Project;
use crate::stamp;

/// Builds the book and checks it. The new build takes the place of the old one if the pages could be built.
///
/// Gives what was run.
///
/// # Errors
/// If files cannot be read or written.
pub fn check(project: &Project, with_outputs: bool, problems: &Problems) -> Result<Ran> {
    let materials = Materials::read(project, problems)?;
    let new = NewBuild::make(project, &materials, problems)?;
    let could_be_built = problems.is_empty();
    pages(project, &materials, problems)?;
    if could_be_built {
        notebook::check(project, &materials, problems)?;
        for tree in &materials.trees {
            rendered::check(new.folder(), tree, problems)?;
        }
        new.take_place()?;
    } else {
        // Lets other builds go on.
        drop(new);
    }
    if with_outputs { outputs::check(project, &materials.examples, &[], problems) } else { Ok(Ran::default()) }
}

/// Checks the pages as written, beyond what is said when they are built.
///
/// # Errors
/// If files cannot be read.
pub fn pages(project: &Project, materials: &Materials, problems: &Problems) -> Result<()> {
    let numbers = numbers::Known::read(project, problems)?;
    let listings = materials.listings(project);
    for tree in &materials.trees {
        for page in &tree.pages {
            headings::check(page, problems);
            links::check(page, tree, problems);
            terms::check(page, &materials.terms, problems);
            typography::check(page, problems);
            numbers.check(page, &listings, problems);
        }
        figures::check(project, tree, &materials.terms, problems)?;
    }
    if let [leading, following] = materials.trees.as_slice() {
        skeleton::check(leading, following, problems);
        for page in &following.pages {
            if let Some(original) = leading.page(&page.path) {
                stamp::check(original, page, problems);
            }
        }
    }
    numbers.check_used(materials, problems);
    unused::check(project, materials, problems)?;
    readmes::check(project, problems)
}
