//! Notebooks: made from pages, cells and recorded outputs; what is wrong with cells is said.

mod small;

use serde_json::Value;
use small::Small;

const CELLS: &str = "notebook/examples/ch03_notebook.rs";

/// A small book whose page about the mask has two cells.
fn with_cells() -> Small {
    let small = Small::new();
    small.write("notebook/Cargo.toml", "[package]\nname = \"notebook\"\n");
    small.write(
        CELLS,
        "//! Cells.\n\nuse notebook::prelude::*;\n\nfn main() -> Result<()> {\n    cell(\"size\");\n    let size: usize = 3;\n\n    \
         cell(\"square\");\n    println!(\"{}\", size * size);\n    Ok(())\n}\n",
    );
    small.write(
        "book/outputs/ch03_notebook.txt",
        "%% size\n%% square\n9\nEVCXR_BEGIN_CONTENT image/svg+xml\n<svg><title>A picture</title></svg>\nEVCXR_END_CONTENT\n",
    );
    let text = |title: &str, text: &str| {
        format!("\n> [!NOTEBOOK] {title}\n> {text}\n>\n> {{{{cell size}}}}\n>\n> {{{{cell square}}}}\n")
    };
    small.append("book/en/ch03/causal.md", &text("Another size", "Change it."));
    small.append("book/zh/ch03/causal.md", &text("换个大小", "改一改。"));
    small.stamp();
    small
}

fn cells(small: &Small, path: &str) -> Vec<Value> {
    let notebook: Value = serde_json::from_str(&small.read(path)).unwrap();
    notebook["cells"].as_array().unwrap().clone()
}

fn source(cell: &Value) -> String {
    cell["source"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect()
}

#[test]
fn both_languages_have_text_and_the_same_cells() {
    let small = with_cells();
    small.notebooks();
    let (english, chinese) =
        (cells(&small, "book/notebooks/en/ch03.ipynb"), cells(&small, "book/notebooks/zh/ch03.ipynb"));
    let code =
        |cells: &[Value]| -> Vec<Value> { cells.iter().filter(|cell| cell["cell_type"] == "code").cloned().collect() };
    assert_eq!(code(&english), code(&chinese));
    let code = code(&english);
    assert!(source(&code[0]).starts_with(":dep notebook = "), "{code:?}");
    assert_eq!(
        (source(&code[1]), source(&code[2])),
        ("let size: usize = 3;".into(), "println!(\"{}\", size * size);".into())
    );
    assert_eq!(code[2]["outputs"][0]["text"], serde_json::json!(["9\n"]));
    assert!(code[2]["outputs"][1]["data"]["image/svg+xml"][0].as_str().unwrap().starts_with("<svg>"));
    let text: String = chinese.iter().map(source).collect();
    assert!(text.contains("**▷ 换个大小**\n\n改一改。"), "{text}");
    assert_eq!(small.check_notebooks(), Vec::<String>::new(), "the notebooks are as they would be written");
}

#[test]
fn a_page_shows_the_cells_folded_and_the_command() {
    let small = with_cells();
    assert_eq!(small.build(), Vec::<String>::new());
    let page = small.built("en/ch03/causal.html");
    for part in ["box-notebook", "let size: usize = 3;", "alt=\"A picture\"", "cargo run -- notebook ch03"] {
        assert!(page.contains(part), "{part} is missing");
    }
    assert!(small.built("zh/ch03/causal.html").contains("cargo run -- notebook zh ch03"));
}

#[test]
fn what_is_wrong_with_cells_is_said() {
    let small = with_cells();
    small.notebooks();
    let said = |path: &str, old: &str, new: &str| {
        let before = small.read(path);
        assert!(before.contains(old), "{path} has no {old}");
        small.write(path, &before.replace(old, new));
        let found = [small.check(), small.check_notebooks()].concat();
        small.write(path, &before);
        found.join("\n")
    };
    let stale = said("book/notebooks/en/ch03.ipynb", "size * size", "size");
    assert!(stale.contains("book/notebooks/en/ch03.ipynb: the notebook is not as its pages and cells are"), "{stale}");
    let untyped = said(CELLS, "size: usize", "size");
    assert!(
        untyped.contains("notebook/examples/ch03_notebook.rs:7: cell `size`: the kernel carries the variable"),
        "{untyped}"
    );
    let unknown = said("book/en/ch03/causal.md", "{{cell square}}", "{{cell sqare}}");
    assert!(
        unknown.contains("no cell `sqare` in notebook/examples/ch03_notebook.rs; did you mean `square`?"),
        "{unknown}"
    );
    let unshown = said(CELLS, "    Ok(())", "\n    cell(\"more\");\n    println!();\n    Ok(())");
    assert!(unshown.contains("no page shows the cell: `{{cell more}}`"), "{unshown}");
    let unboxed = said("book/en/ch03/causal.md", "> {{cell square}}", "\n{{cell square}}");
    assert!(unboxed.contains("a cell stands in a box `> [!NOTEBOOK] Title`"), "{unboxed}");
}
