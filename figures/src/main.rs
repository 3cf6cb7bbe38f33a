//! Writes all figures to `book/figures/`: only those that changed. Files of figures that are gone are removed.

use std::collections::BTreeMap;
use std::path::Path;
use std::{fs, io};

use figures::Lang;

fn main() -> io::Result<()> {
    let figures = figures::all();
    for lang in Lang::ALL {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../book/figures").join(lang.folder());
        let files = figures.iter().map(|figure| (format!("{}.svg", figure.id), figure.svg(lang))).collect();
        write(&folder, &files)?;
    }
    println!("{} figures in book/figures/en and book/figures/zh", figures.len());
    Ok(())
}

/// Makes the folder hold these files and no other pictures.
fn write(folder: &Path, files: &BTreeMap<String, String>) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    for (name, svg) in files {
        let path = folder.join(name);
        if fs::read(&path).ok().is_none_or(|old| old != svg.as_bytes()) {
            println!("{}", path.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap_or(&path).display());
            fs::write(&path, svg)?;
        }
    }
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let is_known = path.file_name().and_then(|name| name.to_str()).is_some_and(|name| files.contains_key(name));
        if !is_known && path.extension().is_some_and(|extension| extension == "svg") {
            fs::remove_file(&path)?;
        }
    }
    Ok(())
}
