//! The data sets of the book: what they are and where they lie.
//!
//! [`find`] looks in this order: the folder named by the environment variable `LLM_DATA_DIR`, the user's data folder,
//! the samples embedded in the program. (An explicit path comes before all of them; that is the caller's business.)

use std::borrow::Cow;
use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::download::{Download, mirror};

/// Environment variable with the folder that holds the data sets.
pub const DATA_DIR_VAR: &str = "LLM_DATA_DIR";

/// Environment variable with a folder of GPT-2's weights, for the tests that need them.
pub const GPT2_DIR_VAR: &str = "LLM_GPT2_DIR";

/// Environment variable with the address of a mirror of the data sets: a folder with the catalogue's files.
pub const DATA_ENDPOINT_VAR: &str = "LLM_DATA_ENDPOINT";

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
    /// Where it can be fetched; `None` for the samples that travel with the program.
    pub origin: Option<Origin>,
    /// SHA-256 of the file, in hexadecimal.
    pub sha256: &'static str,
    /// The text itself, for the samples that travel with the program.
    pub embedded: Option<&'static str>,
}

/// The place of a data set in the network.
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

const BOOK: &str = "github.com/rasbt/LLMs-from-scratch";
const BOOK_FILES: &str = "https://raw.githubusercontent.com/rasbt/LLMs-from-scratch/main";
const CN_EDITION: &str = "github.com/NoyeArk/Build-A-Large-Language-Model-CN-Jupyter";
const CN_FILES: &str = "https://raw.githubusercontent.com/NoyeArk/Build-A-Large-Language-Model-CN-Jupyter/HEAD";
const GPT2_FILES: &str = "https://openaipublic.blob.core.windows.net/gpt-2/models/124M";

/// All data sets that this edition knows.
pub static CATALOGUE: &[DataSet] = &[
    DataSet {
        name: "lamp",
        what: "The Clockmaker's Lamp, an English short story written for this project",
        file: "the-clockmakers-lamp.txt",
        licence: "MIT OR Apache-2.0",
        source: "this project",
        origin: None,
        sha256: "",
        embedded: Some(include_str!("../assets/the-clockmakers-lamp.txt")),
    },
    DataSet {
        name: "station-tea",
        what: "A bowl of tea travels down the line, a Chinese short story written for this project",
        file: "hill-station-tea.zh.txt",
        licence: "MIT OR Apache-2.0",
        source: "this project",
        origin: None,
        sha256: "",
        embedded: Some(include_str!("../assets/hill-station-tea.zh.txt")),
    },
    DataSet {
        name: "the-verdict",
        what: "The Verdict by Edith Wharton (1908), the story that chapters 2 and 5 read",
        file: "the-verdict.txt",
        licence: "public domain",
        source: BOOK,
        origin: Origin::file(BOOK_FILES, "ch02/01_main-chapter-code/the-verdict.txt"),
        sha256: "b41e41a68f0398a3154ae69e2e4c0e2694e17fe0d66730536837f1b01935b31f",
        embedded: None,
    },
    DataSet {
        name: "the-verdict-cn-edition",
        what: "the same story as the Chinese notebook edition has it: three more newlines at the end",
        file: "the-verdict-cn-edition.txt",
        licence: "public domain",
        source: CN_EDITION,
        origin: Origin::file(CN_FILES, "data/the-verdict.txt"),
        sha256: "556b287933ed456715adb2de5ada50168a66b939e31823f920ef4f482c5597e0",
        embedded: None,
    },
    DataSet {
        name: "sms-spam",
        what: "SMS Spam Collection: 5,574 messages, spam or ham (chapter 6)",
        file: "sms_spam_collection/SMSSpamCollection.tsv",
        licence: "CC BY 4.0",
        source: "UCI Machine Learning Repository",
        origin: Some(Origin {
            folder: "https://archive.ics.uci.edu/static/public/228",
            path: "sms+spam+collection.zip",
            member: Some("SMSSpamCollection"),
        }),
        sha256: "7d039a24a6083ed9ef0f806ebad56bbb976e3aeb8de05669173bfdc4996c239d",
        embedded: None,
    },
    DataSet {
        name: "instructions",
        what: "1,100 instructions with answers (chapter 7)",
        file: "instruction-data.json",
        licence: "Apache-2.0",
        source: BOOK,
        origin: Origin::file(BOOK_FILES, "ch07/01_main-chapter-code/instruction-data.json"),
        sha256: "7e09a9af353722ca15c18bc580f093f9c39d3178335a75177319cb1e1d163944",
        embedded: None,
    },
    DataSet {
        name: "instructions-with-response",
        what: "the book's 110 test instructions with the fine-tuned model's responses (chapter 7)",
        file: "instruction-data-with-response.json",
        licence: "Apache-2.0",
        source: BOOK,
        origin: Origin::file(BOOK_FILES, "ch07/01_main-chapter-code/instruction-data-with-response.json"),
        sha256: "aced320504c77c98d957316eb9f3460945256226c36b5e9752bf7d49585eb943",
        embedded: None,
    },
    DataSet {
        name: "instructions-with-preference",
        what: "1,100 instructions with chosen and rejected responses (chapter 7)",
        file: "instruction-data-with-preference.json",
        licence: "Apache-2.0",
        source: BOOK,
        origin: Origin::file(BOOK_FILES, "ch07/04_preference-tuning-with-dpo/instruction-data-with-preference.json"),
        sha256: "305315abf14f65fa42c01a0877572f832606571c2a7d49f152ac1d758b16756e",
        embedded: None,
    },
    DataSet {
        name: "instruction-examples",
        what: "entries for the near-duplicate and passive-voice utilities (chapter 7)",
        file: "instruction-examples.json",
        licence: "Apache-2.0",
        source: BOOK,
        origin: Origin::file(BOOK_FILES, "ch07/02_dataset-utilities/instruction-examples.json"),
        sha256: "18cb955dec50c5e543f8752b77449429f16dd8ff630d4b66f88cfef5d544410a",
        embedded: None,
    },
    DataSet {
        name: "gpt2-encoder",
        what: "token ids of the GPT-2 vocabulary (chapter 2, bonus)",
        file: "gpt2-bpe/encoder.json",
        licence: "MIT",
        source: "OpenAI GPT-2 release",
        origin: Origin::file(GPT2_FILES, "encoder.json"),
        sha256: "196139668be63f3b5d6574427317ae82f612a97c5d1cdaf36ed2256dbf636783",
        embedded: None,
    },
    DataSet {
        name: "gpt2-merges",
        what: "merges of the GPT-2 vocabulary (chapter 2, bonus)",
        file: "gpt2-bpe/vocab.bpe",
        licence: "MIT",
        source: "OpenAI GPT-2 release",
        origin: Origin::file(GPT2_FILES, "vocab.bpe"),
        sha256: "1ce1664773c50f3e0cc8842619a93edc4624525b728b188a9e0be33b7726adc5",
        embedded: None,
    },
];

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
    /// The data set is known but its file is nowhere.
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
        /// Where it can be had.
        from: &'static str,
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
    /// The file system refused.
    #[error("cannot read {}: {source}", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: std::io::Error,
    },
    /// Not a text file.
    #[error("{} is not UTF-8 text: the first bad byte is at offset {offset}", .path.display())]
    NotUtf8 {
        /// The file.
        path: PathBuf,
        /// Number of good bytes.
        offset: usize,
    },
    /// Nothing in it.
    #[error("{} is empty", .path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
}

/// Where a data set was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A file.
    File(PathBuf),
    /// The sample embedded in the program.
    Embedded(&'static str),
}

impl DataSet {
    /// Looks for this data set; a file must have the right SHA-256.
    ///
    /// # Errors
    /// [`DataError::Missing`], [`DataError::Checksum`] or [`DataError::Read`].
    pub fn locate(&'static self) -> Result<Place, DataError> {
        let folders = data_folders();
        for folder in &folders {
            let path = folder.join(self.file);
            if path.is_file() {
                self.check(&path)?;
                return Ok(Place::File(path));
            }
        }
        self.embedded.map(Place::Embedded).ok_or_else(|| DataError::Missing {
            name: self.name,
            wanted: folders.last().cloned().unwrap_or_default().join(self.file),
            from: self.source,
        })
    }

    /// What to fetch so that [`locate`](Self::locate) finds this data set in `folder`, from the mirror that
    /// [`DATA_ENDPOINT_VAR`] names or else from its origin; `None` for an embedded sample.
    pub fn download(&self, folder: &Path) -> Option<Download> {
        let origin = self.origin.as_ref()?;
        let (url, member) = match mirror(DATA_ENDPOINT_VAR) {
            Some(endpoint) => (format!("{endpoint}/{}", self.file), None),
            None => (format!("{}/{}", origin.folder, origin.path), origin.member),
        };
        let (path, sha256) = (folder.join(self.file), Some(self.sha256.to_string()));
        Some(Download { url, path, sha256, member, mirror: DATA_ENDPOINT_VAR })
    }

    /// The text of this data set.
    ///
    /// # Errors
    /// As [`locate`](Self::locate) and [`read_text`].
    pub fn text(&'static self) -> Result<Cow<'static, str>, DataError> {
        match self.locate()? {
            Place::Embedded(text) => Ok(Cow::Borrowed(text)),
            Place::File(path) => read_text(&path).map(Cow::Owned),
        }
    }

    fn check(&'static self, path: &Path) -> Result<(), DataError> {
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

/// Reads a text file.
///
/// # Errors
/// If it is missing, unreadable, empty or not UTF-8; the message names the file.
pub fn read_text(path: &Path) -> Result<String, DataError> {
    let bytes = fs::read(path).map_err(|source| DataError::Read { path: path.into(), source })?;
    let text = String::from_utf8(bytes)
        .map_err(|e| DataError::NotUtf8 { path: path.into(), offset: e.utf8_error().valid_up_to() })?;
    if text.trim().is_empty() {
        return Err(DataError::Empty { path: path.into() });
    }
    Ok(text)
}

/// The folders in which data sets are looked for, first one first. The last is where a download belongs.
pub fn data_folders() -> Vec<PathBuf> {
    named_folder(DATA_DIR_VAR).into_iter().chain(users_folder()).collect()
}

fn named_folder(variable: &str) -> Option<PathBuf> {
    std::env::var_os(variable).filter(|folder| !folder.is_empty()).map(PathBuf::from)
}

fn users_folder() -> Option<PathBuf> {
    dirs::data_dir().map(|folder| folder.join("llm-from-scratch"))
}

/// A data set for a test that needs the book's real file: from the folder that `LLM_DATA_DIR` names, or without the
/// variable from the user's data folder. `None` (with a line on standard error) if the variable is not set and the data
/// set is not there.
///
/// # Panics
/// If the variable is set but the data set is not there, or if it is not the right one.
pub fn for_test(name: &str) -> Option<String> {
    read_for_test(name, named_for_test(DATA_DIR_VAR), users_folder())
}

fn read_for_test(name: &str, named: Option<PathBuf>, users: Option<PathBuf>) -> Option<String> {
    let set = find(name).unwrap_or_else(|e| panic!("{e}"));
    let required = named.is_some();
    let path = named.or(users).unwrap_or_default().join(set.file);
    if !required && !path.is_file() {
        eprintln!("skipped: needs the data set '{name}'; fetch it or set {DATA_DIR_VAR} to the folder that holds it");
        return None;
    }
    set.check(&path).and_then(|()| read_text(&path)).map_or_else(|e| panic!("{e}"), Some)
}

/// The folder of GPT-2's weights that `LLM_GPT2_DIR` names, for a test that needs them.
///
/// # Panics
/// If the variable is not set.
pub fn gpt2_for_test() -> PathBuf {
    named_for_test(GPT2_DIR_VAR).unwrap_or_else(|| panic!("{GPT2_DIR_VAR} must name a folder with GPT-2's weights"))
}

/// The folder that a variable names. Tests run inside their crate's folder, so a relative path means the workspace's.
fn named_for_test(variable: &str) -> Option<PathBuf> {
    named_folder(variable).map(|folder| Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).join(folder))
}

/// SHA-256 in hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_finds_its_data_where_the_program_does() {
        let (folder, empty) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::write(folder.path().join("the-clockmakers-lamp.txt"), "a lamp").unwrap();
        let read = |named: Option<&Path>, users: Option<&Path>| {
            read_for_test("lamp", named.map(Path::to_path_buf), users.map(Path::to_path_buf))
        };
        let (there, empty) = (Some(folder.path()), Some(empty.path()));
        assert_eq!(read(there, empty).as_deref(), Some("a lamp"));
        assert_eq!(read(None, there).as_deref(), Some("a lamp"));
        assert_eq!(read(None, empty), None, "without the variable, a test without its data is skipped");
        assert_eq!(read(None, None), None);
        std::panic::catch_unwind(|| read(empty, there)).expect_err("the folder that is named must have the data");
    }

    #[test]
    #[should_panic(expected = "is not the data set 'the-verdict'")]
    fn a_test_does_not_run_on_other_data() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("the-verdict.txt"), "another story").unwrap();
        read_for_test("the-verdict", None, Some(folder.path().into()));
    }
}
