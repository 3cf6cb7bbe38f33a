//! The data sets of the book: what they are and where they are found.
//!
//! [`find`] looks in this order: the folder named by the environment variable `LLM_DATA_DIR`, the user's data folder,
//! the samples embedded in the program. (A path given by the user comes before all of them; the caller checks it.)

mod catalogue;

use std::borrow::Cow;
use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::text::{self, NoText};

pub use catalogue::CATALOGUE;

/// Environment variable with the folder that holds the data sets.
pub const DATA_DIR_VAR: &str = "LLM_DATA_DIR";

/// One entry of the catalogue.
#[derive(Debug, PartialEq, Eq)]
pub struct DataSet {
    /// Short name, as given to `--dataset`.
    pub name: &'static str,
    /// What it is, one line.
    pub what: &'static str,
    /// Path below the data folder.
    pub file: &'static str,
    /// Licence of the data.
    pub licence: &'static str,
    /// Where it comes from.
    pub source: &'static str,
    /// Where it can be fetched; `None` for the samples embedded in the program.
    pub origin: Option<Origin>,
    /// SHA-256 of the file, in hexadecimal.
    pub sha256: &'static str,
    /// The text itself, for the samples embedded in the program.
    pub embedded: Option<&'static str>,
}

/// Where a data set can be downloaded.
#[derive(Debug, PartialEq, Eq)]
pub struct Origin {
    /// Address of a folder.
    pub folder: &'static str,
    /// The file in it, or the zip archive that the file is in.
    pub path: &'static str,
    /// Name of the file inside the archive; `None` when there is none.
    pub member: Option<&'static str>,
}

impl Origin {
    const fn file(folder: &'static str, path: &'static str) -> Option<Self> {
        Some(Self { folder, path, member: None })
    }
}

/// Why a data set or a text cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// The name is not in the catalogue.
    #[error("there is no data set '{name}'; `llm data list` shows those there are: {known}")]
    Unknown {
        /// The name asked for.
        name: String,
        /// All names.
        known: String,
    },
    /// The data set is known but its file was not found.
    #[error(
        "the data set '{name}' is not on this machine: `llm data fetch {name}` fetches it, or put the file into {} or \
         name its folder in {DATA_DIR_VAR} (source: {from})",
        .wanted.display()
    )]
    Missing {
        /// The data set.
        name: &'static str,
        /// Where it would be found.
        wanted: PathBuf,
        /// Where to get it.
        from: &'static str,
    },
    /// The environment variable leads nowhere.
    #[error("{DATA_DIR_VAR} names {}, but there is no such folder; correct the variable, or unset it", .folder.display())]
    NoFolder {
        /// What it names.
        folder: PathBuf,
    },
    /// The file differs from the one the catalogue describes.
    #[error(
        "{} is not the data set '{name}': its SHA-256 is {found}, expected {expected}; delete it and fetch the data set with \
         `llm data fetch {name}`",
        .path.display()
    )]
    Checksum {
        /// The data set.
        name: &'static str,
        /// The file.
        path: PathBuf,
        /// Its SHA-256.
        found: String,
        /// That of the catalogue.
        expected: &'static str,
    },
    /// The file cannot be read.
    #[error("cannot read {}: {source}", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: std::io::Error,
    },
    /// Not a text file.
    #[error("{} is {source}", .path.display())]
    NoText {
        /// The file.
        path: PathBuf,
        /// What it is instead.
        source: NoText,
    },
    /// The file is empty.
    #[error("{} is empty", .path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// There is nothing to see in the file.
    #[error("{} has nothing but spaces and line breaks", .path.display())]
    Blank {
        /// The file.
        path: PathBuf,
    },
}

/// Where a data set was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// A file.
    File(PathBuf),
    /// The sample embedded in the program.
    Embedded(&'static str),
}

impl DataSet {
    /// Looks for this data set; a file must have the right SHA-256.
    ///
    /// # Errors
    /// [`DataError::Missing`], [`DataError::Checksum`] or [`DataError::Read`]; [`DataError::NoFolder`] even if the set is
    /// elsewhere.
    pub fn locate(&'static self) -> Result<Location, DataError> {
        check_named_folder()?;
        let folders = data_folders();
        for folder in &folders {
            let path = folder.join(self.file);
            if path.is_file() {
                self.check(&path)?;
                return Ok(Location::File(path));
            }
        }
        self.embedded.map(Location::Embedded).ok_or_else(|| DataError::Missing {
            name: self.name,
            wanted: folders.last().cloned().unwrap_or_default().join(self.file),
            from: self.source,
        })
    }

    /// The text of this data set.
    ///
    /// # Errors
    /// As [`locate`](Self::locate) and [`read_text`].
    pub fn text(&'static self) -> Result<Cow<'static, str>, DataError> {
        match self.locate()? {
            Location::Embedded(text) => Ok(Cow::Borrowed(text)),
            Location::File(path) => read_text(&path).map(Cow::Owned),
        }
    }

    /// Compares the SHA-256 of a file with that of the catalogue; an embedded sample may be replaced by any file.
    ///
    /// # Errors
    /// [`DataError::Checksum`] or [`DataError::Read`].
    pub fn check(&'static self, path: &Path) -> Result<(), DataError> {
        if self.embedded.is_some() {
            return Ok(());
        }
        let bytes = fs::read(path).map_err(|source| DataError::Read { path: path.into(), source })?;
        let found = sha256(&bytes);
        if found == self.sha256 {
            Ok(())
        } else {
            Err(DataError::Checksum { name: self.name, path: path.into(), found, expected: self.sha256 })
        }
    }
}

/// The data set called `name`.
///
/// # Errors
/// [`DataError::Unknown`], listing the names there are.
pub fn find(name: &str) -> Result<&'static DataSet, DataError> {
    CATALOGUE.iter().find(|set| set.name == name).ok_or_else(|| DataError::Unknown {
        name: name.to_string(),
        known: CATALOGUE.iter().map(|set| set.name).collect::<Vec<_>>().join(", "),
    })
}

/// Reads a file of text, as [`crate::text`] says.
///
/// # Errors
/// If it is missing, unreadable, empty or not UTF-8; the message names the file.
pub fn read_text(path: &Path) -> Result<String, DataError> {
    let bytes = fs::read(path).map_err(|source| DataError::Read { path: path.into(), source })?;
    let text = text::decode(bytes).map_err(|source| DataError::NoText { path: path.into(), source })?;
    if text.is_empty() {
        return Err(DataError::Empty { path: path.into() });
    }
    if text.trim().is_empty() {
        return Err(DataError::Blank { path: path.into() });
    }
    Ok(text)
}

/// The folders in which data sets are looked for, first one first. The last is where a download belongs.
pub fn data_folders() -> Vec<PathBuf> {
    named_folder(DATA_DIR_VAR).into_iter().chain(users_folder()).collect()
}

/// Fails if the environment variable `LLM_DATA_DIR` names a folder that is not there: whoever has set it does not want the
/// data of another place.
///
/// # Errors
/// [`DataError::NoFolder`].
pub fn check_named_folder() -> Result<(), DataError> {
    match named_folder(DATA_DIR_VAR) {
        Some(folder) if !folder.is_dir() => Err(DataError::NoFolder { folder }),
        _ => Ok(()),
    }
}

/// The folder that an environment variable names; `None` if it is not set or empty.
pub fn named_folder(variable: &str) -> Option<PathBuf> {
    std::env::var_os(variable).filter(|folder| !folder.is_empty()).map(PathBuf::from)
}

/// The user's data folder, where downloads go.
pub fn users_folder() -> Option<PathBuf> {
    dirs::data_dir().map(|folder| folder.join("llm-from-scratch"))
}

/// SHA-256 in hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
