//! Builds the book: both languages into a new folder, which then takes the place of the old one.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::examples::Examples;
use crate::expand::Expander;
use crate::figure::figure_pages;
use crate::language::Language;
use crate::listing::Listings;
use crate::problem::Problems;
use crate::project::Project;
use crate::source::Sources;
use crate::term_links::{self, Links};
use crate::terms::{Term, read_terms};
use crate::tree::Tree;
use crate::{interface, notebook, render, search, source_pages};

/// What the pages are made of, read once.
pub struct Materials {
    /// The pages of both languages, in the order of `Language::ALL`.
    pub trees: Vec<Tree>,
    /// The examples of all crates.
    pub examples: Examples,
    /// The files that listings show.
    pub sources: Sources,
    /// The words.
    pub terms: Vec<Term>,
}

impl Materials {
    /// Reads everything. Pages that are missing are problems.
    ///
    /// # Errors
    /// If a file that is there cannot be read.
    pub fn read(project: &Project, problems: &Problems) -> Result<Self> {
        let trees: Result<Vec<Tree>> =
            Language::ALL.into_iter().map(|language| Tree::read(project, language, problems)).collect();
        Ok(Self {
            trees: trees?,
            examples: Examples::find(project)?,
            sources: Sources::default(),
            terms: read_terms(project)?,
        })
    }

    /// What gives the listings of all pages.
    #[must_use]
    pub fn listings<'a>(&'a self, project: &'a Project) -> Listings<'a> {
        Listings { project, sources: &self.sources, examples: &self.examples }
    }

    /// What expands the pages of a tree.
    pub fn expander<'a>(&'a self, project: &'a Project, tree: &Tree, problems: &Problems) -> Expander<'a> {
        Expander {
            listings: self.listings(project),
            terms: &self.terms,
            term_links: term_links::find(tree, &self.terms).unwrap_or_else(|error| {
                problems.add("book/terms.toml", 0, format!("{error:#}"));
                Links::new()
            }),
            figures: figure_pages(tree, problems),
        }
    }
}

/// A build that has not taken the place of the old one yet.
pub struct NewBuild {
    folder: PathBuf,
    project: Project,
    /// Keeps other builds waiting.
    _lock: File,
}

impl NewBuild {
    /// Renders both languages. What is wrong is added to the problems.
    ///
    /// # Errors
    /// If mdBook fails or files cannot be written.
    pub fn make(project: &Project, materials: &Materials, problems: &Problems) -> Result<Self> {
        let scratch = project.book().join(".build");
        fs::create_dir_all(&scratch).with_context(|| format!("cannot make {}", scratch.display()))?;
        let lock = File::create(scratch.join("lock"))?;
        if lock.try_lock().is_err() {
            eprintln!("waiting for another build");
            lock.lock().context("cannot wait for another build")?;
        }
        let folder = scratch.join("new");
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        for tree in &materials.trees {
            language(project, materials, tree, &folder, problems)?;
        }
        interface::landing(&folder)?;
        notebook::copy(project, &folder)?;
        Ok(Self { folder, project: project.clone(), _lock: lock })
    }

    /// Where it is.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Puts it in the place of the old one.
    ///
    /// # Errors
    /// If folders cannot be renamed or removed.
    pub fn take_place(self) -> Result<PathBuf> {
        let (place, old) = (self.project.build(), self.folder.with_file_name("old"));
        if old.exists() {
            fs::remove_dir_all(&old)?;
        }
        if place.exists() {
            fs::rename(&place, &old).with_context(|| format!("cannot move {}", place.display()))?;
        }
        fs::rename(&self.folder, &place).with_context(|| format!("cannot make {}", place.display()))?;
        if old.exists() {
            fs::remove_dir_all(&old)?;
        }
        Ok(place)
    }
}

/// Renders one language.
fn language(project: &Project, materials: &Materials, tree: &Tree, folder: &Path, problems: &Problems) -> Result<()> {
    let into = folder.join(tree.language.folder());
    let expander = materials.expander(project, tree, problems);
    let items = tree.book_items(&|page| expander.page(page, problems));
    render::render(project, tree, items, &into, problems)?;
    source_pages::add(project, tree, &materials.sources.all(), &into, problems)?;
    interface::finish(&into, tree.language)?;
    let synonyms: Vec<Vec<String>> = materials.terms.iter().map(Term::synonyms).collect();
    search::write(&into, &synonyms)?;
    Ok(())
}
