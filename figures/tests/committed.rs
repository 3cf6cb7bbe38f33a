//! The committed files are what the code draws.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use figures::Lang;

#[test]
fn the_committed_figures_are_those_that_the_code_draws() {
    let mut wrong = Vec::new();
    let figures = figures::all();
    for lang in Lang::ALL {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../book/figures").join(lang.folder());
        let mut names = BTreeSet::new();
        for figure in &figures {
            let name = format!("{}.svg", figure.id);
            if fs::read_to_string(folder.join(&name)).ok() != Some(figure.svg(lang)) {
                wrong.push(format!("{}/{name} differs", lang.folder()));
            }
            assert!(names.insert(name), "{} is there twice", figure.id);
        }
        for entry in fs::read_dir(&folder).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            if !names.contains(&name) {
                wrong.push(format!("{}/{name} is no figure", lang.folder()));
            }
        }
    }
    assert!(wrong.is_empty(), "run `cargo run -p figures`:\n{}", wrong.join("\n"));
}
