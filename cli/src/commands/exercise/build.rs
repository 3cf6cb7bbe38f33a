//! Where cargo has built this program, so that the exercises are built there too, from the same compiled dependencies.

use std::env;
use std::path::{Path, PathBuf};

/// A build directory of cargo and a profile.
#[derive(Debug, PartialEq)]
pub struct Build {
    /// As in `CARGO_TARGET_DIR`.
    pub folder: PathBuf,
    /// `dev`, `release` or one of our own.
    pub profile: String,
}

/// That of this program; `None` if it was installed or copied somewhere else.
pub fn own_build() -> Option<Build> {
    of_program(&env::current_exe().ok()?)
}

/// The program is `FOLDER/PROFILE/llm`.
fn of_program(program: &Path) -> Option<Build> {
    let profile_folder = program.parent()?;
    let folder = profile_folder.parent()?;
    let profile = match profile_folder.file_name()?.to_str()? {
        "debug" => "dev",
        other => other,
    };
    // Cargo keeps what it knows of the compiler at the top of its directory.
    let is_cargos = folder.join(".rustc_info.json").is_file();
    is_cargos.then(|| Build { folder: folder.to_path_buf(), profile: profile.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_build_directory_is_that_of_the_program() {
        let folder = tempfile::tempdir().unwrap();
        let of = |path: &str| of_program(&folder.path().join(path)).map(|build| (build.folder, build.profile));
        assert_eq!(of("target/release/llm"), None, "not cargo's");
        let target = folder.path().join("target");
        std::fs::create_dir(&target).unwrap();
        std::fs::write(target.join(".rustc_info.json"), "{}").unwrap();
        assert_eq!(of("target/release/llm"), Some((target.clone(), "release".to_string())));
        assert_eq!(of("target/debug/llm"), Some((target, "dev".to_string())));
        assert_eq!(of("bin/llm"), None);
    }
}
