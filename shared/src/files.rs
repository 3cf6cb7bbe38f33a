//! Files that are written whole or not at all.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use tempfile::NamedTempFile;

/// Writes `contents` to a temporary file beside `path` and renames it: a reader sees the old file or the new one,
/// never a partial file. Missing folders are created.
///
/// # Errors
/// What the file system says; the message names the path.
pub fn write_whole(path: &Path, contents: &[u8]) -> io::Result<()> {
    write_whole_with(path, |file| file.write_all(contents))
}

/// As [`write_whole`], for contents that are written piece by piece.
///
/// # Errors
/// What the file system or `write` says; the message names the path.
pub fn write_whole_with(path: &Path, write: impl FnOnce(&mut fs::File) -> io::Result<()>) -> io::Result<()> {
    let attempt = || -> io::Result<()> {
        let mut file = temporary_beside(path)?;
        write(file.as_file_mut())?;
        file.as_file().sync_all()?;
        file.persist(path)?;
        Ok(())
    };
    attempt().map_err(|e| cannot_write(path, &e))
}

/// Tries out whether [`write_whole`] can write `path`, for a job that has nothing to write for a while. Everything
/// stays as it is.
///
/// # Errors
/// What the file system says; the message names the path.
pub fn ensure_writable(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Err(cannot_write(path, &io::ErrorKind::IsADirectory.into()));
    }
    let missing: Vec<&Path> =
        path.ancestors().skip(1).take_while(|folder| !folder.as_os_str().is_empty() && !folder.exists()).collect();
    let tried = temporary_beside(path).map(drop);
    for folder in missing {
        // Another program may have put something there meanwhile.
        let _ = fs::remove_dir(folder);
    }
    tried.map_err(|e| cannot_write(path, &e))
}

fn cannot_write(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("cannot write {}: {error}", path.display()))
}

/// A temporary file in the folder of `path`, which is created if needed.
fn temporary_beside(path: &Path) -> io::Result<NamedTempFile> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    fs::create_dir_all(folder)?;
    temporary_in(folder)
}

/// A temporary file in `folder` that is to be renamed when it is complete. Others may read it as far as the user's
/// umask lets them read any new file; temporary files are private otherwise.
///
/// # Errors
/// What the file system says.
pub fn temporary_in(folder: &Path) -> io::Result<NamedTempFile> {
    let mut file = tempfile::Builder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        file.permissions(fs::Permissions::from_mode(0o666));
    }
    file.prefix(".saving-").tempfile_in(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_write_leaves_the_old_file_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sub").join("a.txt");
        write_whole(&path, b"old").unwrap();
        let error = write_whole_with(&path, |file| {
            file.write_all(b"ne")?;
            Err(io::Error::other("disk full"))
        })
        .unwrap_err();
        assert!(error.to_string().contains("a.txt"), "{error}");
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn a_file_that_cannot_be_written_is_noticed_before() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new").join("a.txt");
        ensure_writable(&path.with_file_name("newer").join("a.txt")).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        write_whole(&path, b"old").unwrap();
        ensure_writable(&path).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
        for wrong in [folder.path().join("new"), path.join("below-a-file.txt")] {
            let error = ensure_writable(&wrong).unwrap_err().to_string();
            assert!(error.starts_with(&format!("cannot write {}: ", wrong.display())), "{error}");
        }
    }
}
