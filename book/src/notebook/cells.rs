//! The cells of a chapter: pieces of an example, and what they print.

use anyhow::{Context, Result, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::example_of;
use crate::figure::element;
use crate::html::{code_block, escape};
use crate::language::Language;
use crate::problem::suggestion;
use crate::project::{Project, read};
use crate::recorded::Recorded;

/// A cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// Its name, unique in the chapter.
    pub id: String,
    /// The line of its mark in the example.
    pub line: usize,
    /// Its code.
    pub code: String,
}

/// All cells of a chapter.
#[derive(Debug)]
pub struct Cells {
    /// The example, from the top folder.
    pub file: String,
    /// Its pieces, in order.
    pub cells: Vec<Cell>,
}

/// Something that a cell shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown {
    /// Lines that it prints.
    Text(String),
    /// A picture, as SVG.
    Picture(String),
}

impl Cell {
    /// The code for the kernel. It shows the value of an expression at the end, so a loop there would show `()`.
    #[must_use]
    pub fn for_kernel(&self) -> String {
        let block: Option<syn::Block> = syn::parse_str(&format!("{{\n{}\n}}", self.code)).ok();
        let shows_value = block.is_some_and(|block| matches!(block.stmts.last(), Some(syn::Stmt::Expr(_, None))));
        if shows_value { format!("{};", self.code) } else { self.code.clone() }
    }
}

/// What stands around a picture in what a cell prints.
const PICTURE: [&str; 2] = ["EVCXR_BEGIN_CONTENT image/svg+xml\n", "\nEVCXR_END_CONTENT"];

impl Cells {
    /// The cells of a chapter.
    ///
    /// # Errors
    /// If there is no such example, or it has another form.
    pub fn of(project: &Project, chapter: &str) -> Result<Self> {
        let file = format!("notebook/examples/{}.rs", example_of(chapter));
        let path = project.root().join(&file);
        if !path.is_file() {
            bail!("the chapter has no cells: {file} is missing");
        }
        let cells = cut(&read(&path)?).with_context(|| file.clone())?;
        Ok(Self { file, cells })
    }

    /// A cell.
    ///
    /// # Errors
    /// If there is none of this name.
    pub fn get(&self, id: &str) -> Result<&Cell> {
        self.cells.iter().find(|cell| cell.id == id).with_context(|| {
            let known: Vec<&str> = self.cells.iter().map(|cell| cell.id.as_str()).collect();
            format!("no cell `{id}` in {}{}", self.file, suggestion(id, &known))
        })
    }
}

/// Cuts the text of an example at its marks.
fn cut(text: &str) -> Result<Vec<Cell>> {
    const MAIN: &str = "fn main() -> Result<()> {";
    const LAST: &str = "    Ok(())";

    let mut lines = text.lines().enumerate().skip_while(|(_, line)| *line != MAIN).skip(1);
    let mut cells: Vec<(Cell, Vec<&str>)> = Vec::new();
    let is_over = lines.by_ref().find_map(|(index, line)| {
        let id = line.strip_prefix("    cell(\"").and_then(|rest| rest.strip_suffix("\");"));
        match (id, cells.last_mut()) {
            (Some(id), _) => {
                let cell = Cell { id: id.to_string(), line: index + 1, code: String::new() };
                cells.push((cell, Vec::new()));
                None
            }
            (None, _) if line == LAST => Some(Ok(())),
            (None, Some((_, code))) => {
                code.push(line);
                None
            }
            (None, None) if line.trim().is_empty() => None,
            (None, None) => Some(Err(index + 1)),
        }
    });
    match is_over {
        Some(Ok(())) if lines.next().is_some_and(|(_, line)| line == "}") => {}
        Some(Err(line)) => bail!("line {line} of `main` stands before the first mark `cell(\"…\");`"),
        _ => bail!("cells stand in `{MAIN}`, which ends with `Ok(())`"),
    }
    let cells: Vec<Cell> = cells
        .into_iter()
        .map(|(cell, lines)| {
            let lines: Vec<&str> = lines.into_iter().map(|line| line.strip_prefix("    ").unwrap_or(line)).collect();
            Cell { code: lines.join("\n").trim_matches('\n').to_string(), ..cell }
        })
        .collect();
    for (index, cell) in cells.iter().enumerate() {
        if cell.code.is_empty() {
            bail!("the cell `{}` is empty", cell.id);
        }
        if cells[..index].iter().any(|other| other.id == cell.id) {
            bail!("two cells are called `{}`", cell.id);
        }
    }
    Ok(cells)
}

/// What a cell shows, from what was recorded of its example.
///
/// # Errors
/// If nothing was recorded of it.
pub fn shown(project: &Project, chapter: &str, id: &str) -> Result<Vec<Shown>> {
    let name = example_of(chapter);
    let again = || format!("`cargo book outputs {name}` records what the cells print");
    let recorded = Recorded::of(project, &name).with_context(again)?;
    let text = recorded.part_text(id).with_context(again)?;
    Ok(pieces(&text))
}

/// The code of a cell and the lines that it prints, for what looks at numbers.
///
/// # Errors
/// If there is no such cell, or nothing was recorded of it.
pub fn printed(project: &Project, chapter: &str, id: &str) -> Result<String> {
    let mut text = Cells::of(project, chapter)?.get(id)?.code.clone();
    for piece in shown(project, chapter, id)? {
        if let Shown::Text(lines) = piece {
            text = format!("{text}\n{lines}");
        }
    }
    Ok(text)
}

/// Lines and pictures of a printed text.
fn pieces(text: &str) -> Vec<Shown> {
    let [begin, end] = PICTURE;
    let mut shown = Vec::new();
    let mut rest = text.trim_matches('\n');
    while !rest.is_empty() {
        let (before, after) = rest.split_once(begin).unwrap_or((rest, ""));
        let before = before.trim_matches('\n');
        if !before.is_empty() {
            shown.push(Shown::Text(before.to_string()));
        }
        let (picture, after) = after.split_once(end).unwrap_or((after, ""));
        if !picture.is_empty() {
            shown.push(Shown::Picture(picture.to_string()));
        }
        rest = after.trim_start_matches('\n');
    }
    shown
}

/// A cell in a page: its code, and what it shows.
///
/// # Errors
/// If there is no such cell, or nothing was recorded of it.
pub fn html(project: &Project, language: Language, chapter: &str, id: &str) -> Result<String> {
    let cells = Cells::of(project, chapter)?;
    let mut html = format!("<div class=\"cell\">{}", code_block(&cells.get(id)?.code, "rust"));
    for piece in shown(project, chapter, id)? {
        match piece {
            Shown::Text(text) => html.push_str(&code_block(&text, "text")),
            Shown::Picture(svg) => {
                let title = element(&svg, "title").unwrap_or_else(|| language.pick("A picture", "图"));
                html.push_str(&format!("<img alt=\"{}\" src=\"{}\">", escape(title), data_uri(&svg)));
            }
        }
    }
    Ok(html + "</div>")
}

/// A picture as an address that contains it.
pub fn data_uri(svg: &str) -> String {
    format!("data:image/svg+xml;base64,{}", BASE64.encode(svg))
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLE: &str = "use notebook::prelude::*;\n\nfn main() -> Result<()> {\n    cell(\"one\");\n    let x: usize = 1;\n\n    cell(\"two\");\n    \
                           if x > 0 {\n        println!(\"{x}\");\n    }\n    Ok(())\n}\n";

    fn error(text: &str) -> String {
        cut(text).unwrap_err().to_string()
    }

    #[test]
    fn an_example_is_cut_at_its_marks() {
        let cell = |id: &str, line, code: &str| Cell { id: id.to_string(), line, code: code.to_string() };
        let expected = [cell("one", 4, "let x: usize = 1;"), cell("two", 7, "if x > 0 {\n    println!(\"{x}\");\n}")];
        assert_eq!(cut(EXAMPLE).unwrap(), expected);
    }

    #[test]
    fn an_example_of_another_form_is_refused() {
        assert_eq!(error("fn main() {}\n"), "cells stand in `fn main() -> Result<()> {`, which ends with `Ok(())`");
        let early = EXAMPLE.replace("    cell(\"one\");\n", "");
        assert_eq!(error(&early), "line 4 of `main` stands before the first mark `cell(\"…\");`");
        assert_eq!(error(&EXAMPLE.replace("\"two\"", "\"one\"")), "two cells are called `one`");
        assert_eq!(error(&EXAMPLE.replace("    let x: usize = 1;\n", "")), "the cell `one` is empty");
    }

    #[test]
    fn lines_and_pictures_are_told_apart() {
        let [begin, end] = PICTURE;
        let text = format!("\na\nb\n\n{begin}<svg/>{end}\n{begin}<svg 2>{end}\nc\n");
        let (text_of, picture) =
            (|text: &str| Shown::Text(text.to_string()), |svg: &str| Shown::Picture(svg.to_string()));
        assert_eq!(pieces(&text), [text_of("a\nb"), picture("<svg/>"), picture("<svg 2>"), text_of("c")]);
        assert_eq!(pieces("\n"), []);
    }
}
