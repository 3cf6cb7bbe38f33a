//! The book itself is in order. Its outputs are compared by `cargo book check`, which needs the lessons to be built.

use std::path::Path;

use book::check::check;
use book::problem::Problems;
use book::project::Project;

#[test]
fn nothing_is_wrong_with_the_book() {
    let project = Project::around(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
    let problems = Problems::default();
    check(&project, false, &problems).unwrap();
    let found: Vec<String> = problems.sorted().iter().map(ToString::to_string).collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}
