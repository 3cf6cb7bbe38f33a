//! The format of notebook files, nbformat 4.5, with the bytes that Jupyter itself would write.

use std::collections::HashMap;

use anyhow::Result;
use serde::Serialize;
use serde_json::ser::{PrettyFormatter, Serializer};
use serde_json::{Value, json};

use super::cells::Shown;

/// A notebook.
#[derive(Debug, Default)]
pub struct Notebook {
    cells: Vec<Value>,
    /// How often a beginning of an id was used.
    ids: HashMap<String, usize>,
}

/// An id of a cell has at most 64 characters; the rest is for a number.
const LONGEST_ID: usize = 58;

impl Notebook {
    /// Adds a cell of text.
    pub fn text(&mut self, id: &str, text: &str) {
        let id = self.id(id);
        self.cells.push(json!({ "cell_type": "markdown", "id": id, "metadata": {}, "source": lines(text) }));
    }

    /// Adds a cell of code, and what it shows.
    pub fn code(&mut self, id: &str, code: &str, shown: &[Shown]) {
        let id = self.id(id);
        let outputs: Vec<Value> = shown.iter().map(output).collect();
        self.cells.push(json!({
            "cell_type": "code", "execution_count": null, "id": id, "metadata": {}, "outputs": outputs, "source": lines(code),
        }));
    }

    /// The text of the file.
    ///
    /// # Errors
    /// Never, as the notebook is made of text.
    pub fn to_text(&self) -> Result<String> {
        let notebook = json!({
            "cells": self.cells,
            "metadata": {
                "kernelspec": { "display_name": "Rust", "language": "rust", "name": "rust" },
                "language_info": {
                    "codemirror_mode": "rust", "file_extension": ".rs", "mimetype": "text/rust", "name": "Rust",
                    "pygment_lexer": "rust", "version": "",
                },
            },
            "nbformat": 4,
            "nbformat_minor": 5,
        });
        let mut bytes = Vec::new();
        notebook.serialize(&mut Serializer::with_formatter(&mut bytes, PrettyFormatter::with_indent(b" ")))?;
        bytes.push(b'\n');
        Ok(String::from_utf8(bytes)?)
    }

    /// An id that no cell has yet.
    fn id(&mut self, wanted: &str) -> String {
        let allowed = wanted.chars().map(|c| if c.is_ascii_alphanumeric() || "-_".contains(c) { c } else { '-' });
        let id: String = allowed.take(LONGEST_ID).collect();
        let times = self.ids.entry(id.clone()).or_default();
        *times += 1;
        if *times == 1 { id } else { format!("{id}-{times}") }
    }
}

fn output(shown: &Shown) -> Value {
    match shown {
        Shown::Text(text) => json!({ "name": "stdout", "output_type": "stream", "text": lines(&format!("{text}\n")) }),
        Shown::Picture(svg) => json!({
            "data": { "image/svg+xml": lines(svg) }, "execution_count": null, "metadata": {}, "output_type": "execute_result",
        }),
    }
}

/// A text as a list of lines with their ends.
fn lines(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_text_code_and_outputs() {
        let mut notebook = Notebook::default();
        notebook.text("causal.md", "# A\n\nb");
        notebook.code("x", "1\n2", &[Shown::Text("a\nb".to_string()), Shown::Picture("<svg/>".to_string())]);
        notebook.text("causal.md", "c");
        let text = notebook.to_text().unwrap();
        let parsed: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(parsed["cells"][0]["source"], json!(["# A\n", "\n", "b"]));
        let outputs = &parsed["cells"][1]["outputs"];
        assert_eq!(outputs[0]["text"], json!(["a\n", "b\n"]));
        assert_eq!(outputs[1]["data"]["image/svg+xml"], json!(["<svg/>"]));
        let ids: Vec<&str> =
            parsed["cells"].as_array().unwrap().iter().map(|cell| cell["id"].as_str().unwrap()).collect();
        assert_eq!(ids, ["causal-md", "x", "causal-md-2"]);
        assert!(text.starts_with("{\n \"cells\": [\n  {\n   \"cell_type\": \"markdown\",\n"), "as Jupyter writes it");
        assert!(text.ends_with("\"nbformat_minor\": 5\n}\n"));
    }
}
