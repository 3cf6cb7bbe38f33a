//! The examples of all crates, and the commands that run them.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};

use crate::problem::suggestion;
use crate::project::{Project, files_below, names, read};

/// An example.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// The package.
    pub package: String,
    /// Its file, from the top folder.
    pub file: String,
}

/// The crates of the project and their examples.
#[derive(Debug)]
pub struct Examples {
    /// Folder and package of each crate.
    packages: BTreeMap<String, String>,
    examples: BTreeMap<String, Example>,
}

impl Examples {
    /// Looks into the `examples` folder of each crate.
    ///
    /// # Errors
    /// If a folder or a `Cargo.toml` cannot be read.
    pub fn find(project: &Project) -> Result<Self> {
        let mut all = Self { packages: BTreeMap::new(), examples: BTreeMap::new() };
        for folder in project.crates()? {
            let package = package(project, &folder)?;
            for name in names(&project.root().join(&folder).join("examples"))? {
                let file = match name.strip_suffix(".rs") {
                    Some(_) => format!("{folder}/examples/{name}"),
                    None => format!("{folder}/examples/{name}/main.rs"),
                };
                if project.root().join(&file).is_file() {
                    let name = name.trim_end_matches(".rs").to_string();
                    all.examples.insert(name, Example { package: package.clone(), file });
                }
            }
            all.packages.insert(folder, package);
        }
        Ok(all)
    }

    /// An example.
    ///
    /// # Errors
    /// If there is none of this name.
    pub fn get(&self, name: &str) -> Result<&Example> {
        if let Some(example) = self.examples.get(name) {
            return Ok(example);
        }
        let known: Vec<&String> = self.examples.keys().collect();
        bail!("no example `{name}` in any crate{}", suggestion(name, &known))
    }

    /// The names of all examples, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.examples.keys().map(String::as_str)
    }

    /// The command that runs an example.
    ///
    /// # Errors
    /// If there is none of this name.
    pub fn command(&self, name: &str) -> Result<String> {
        Ok(format!("cargo run -p {} --example {name}", self.get(name)?.package))
    }

    /// The folder and the package of the crate that a file belongs to.
    ///
    /// # Errors
    /// If it belongs to none.
    pub fn crate_of(&self, file: &str) -> Result<(&str, &str)> {
        let of =
            self.packages.iter().find(|(folder, _)| file.strip_prefix(*folder).is_some_and(|r| r.starts_with('/')));
        let (folder, package) = of.with_context(|| format!("{file} is not part of a crate"))?;
        Ok((folder, package))
    }

    /// The example that a file is, if it is one.
    #[must_use]
    pub fn of_file(&self, file: &str) -> Option<&str> {
        self.examples.iter().find(|(_, example)| example.file == file).map(|(name, _)| name.as_str())
    }

    /// The command that runs a test of the crate that a file belongs to.
    ///
    /// # Errors
    /// If there is no test of this name.
    pub fn test_command(&self, project: &Project, file: &str, name: &str) -> Result<String> {
        let (folder, package) = self.crate_of(file)?;
        let function = name.rsplit("::").next().unwrap_or(name);
        let start = format!("fn {function}");
        for below in ["src", "tests"] {
            for file in files_below(&project.root().join(folder).join(below))? {
                // The name may be the beginning of several tests.
                if file.extension().is_some_and(|extension| extension == "rs") && read(&file)?.contains(&start) {
                    return Ok(format!("cargo test -p {package} {name}"));
                }
            }
        }
        bail!("no test `{name}` in {folder}/tests or {folder}/src")
    }
}

/// The name of a package.
fn package(project: &Project, folder: &str) -> Result<String> {
    let file = project.root().join(folder).join("Cargo.toml");
    let table: toml::Table = read(&file)?.parse().with_context(|| format!("{} is wrong", project.relative(&file)))?;
    let name = table.get("package").and_then(|package| package.get("name")).and_then(toml::Value::as_str);
    Ok(name.unwrap_or(folder).to_string())
}
