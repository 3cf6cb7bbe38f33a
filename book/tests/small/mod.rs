//! A small project with a book of two pages in two languages, in a folder of its own, in which nothing is wrong.

// Each test file uses a part of this.
#![allow(dead_code)]

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use book::build::{Materials, NewBuild};
use book::check;
use book::notebook;
use book::problem::Problems;
use book::project::Project;
use book::stamp::{self, Which};
use tempfile::TempDir;

/// A project in a temporary folder.
pub struct Small {
    folder: TempDir,
    pub project: Project,
}

impl Small {
    /// The project as it should be, with stamps.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in FILES {
            write(folder.path().join(path), text);
        }
        for (language, text) in [("en", SVG_EN), ("zh", SVG_ZH)] {
            write(folder.path().join(format!("book/figures/{language}/3-01.svg")), text);
        }
        let project = Project::at(folder.path()).unwrap();
        stamp::write(&project, &Which::Missing).unwrap();
        Self { folder, project }
    }

    pub fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    pub fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    pub fn write(&self, path: &str, text: &str) {
        write(self.path(path), text);
    }

    /// Changes a file; what is replaced must be there.
    pub fn replace(&self, path: &str, from: &str, to: &str) {
        let text = self.read(path);
        assert!(text.contains(from), "{path} does not contain {from}: {text}");
        self.write(path, &text.replacen(from, to, 1));
    }

    /// Replaces in both languages what is the same in both, and stamps anew.
    pub fn replace_in_both(&self, page: &str, from: &str, to: &str) {
        for language in ["en", "zh"] {
            self.replace(&format!("book/{language}/{page}"), from, to);
        }
        stamp::write(&self.project, &Which::All).unwrap();
    }

    /// Adds to the end of a file.
    pub fn append(&self, path: &str, text: &str) {
        self.write(path, &(self.read(path) + text));
    }

    /// Stamps everything anew.
    pub fn stamp(&self) {
        stamp::write(&self.project, &Which::All).unwrap();
    }

    /// Writes the notebooks.
    pub fn notebooks(&self) {
        let problems = Problems::default();
        let materials = Materials::read(&self.project, &problems).unwrap();
        notebook::write(&self.project, &materials, &problems).unwrap();
        assert!(problems.is_empty(), "{:#?}", lines(&problems));
    }

    /// What is wrong with the notebooks and their cells.
    pub fn check_notebooks(&self) -> Vec<String> {
        let problems = Problems::default();
        let materials = Materials::read(&self.project, &problems).unwrap();
        notebook::check(&self.project, &materials, &problems).unwrap();
        lines(&problems)
    }

    /// `cargo book` in it.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_book"));
        command.arg("--root").arg(self.folder.path()).args(arguments);
        command
    }

    /// Builds it whatever is wrong. Gives the problems.
    pub fn build(&self) -> Vec<String> {
        let problems = Problems::default();
        let materials = Materials::read(&self.project, &problems).unwrap();
        NewBuild::make(&self.project, &materials, &problems).unwrap().take_place().unwrap();
        lines(&problems)
    }

    /// What is wrong with the pages as written; nothing is rendered.
    pub fn check(&self) -> Vec<String> {
        let problems = Problems::default();
        let materials = Materials::read(&self.project, &problems).unwrap();
        for tree in &materials.trees {
            let expander = materials.expander(&self.project, tree, &problems);
            for page in &tree.pages {
                expander.page(page, &problems);
            }
        }
        check::pages(&self.project, &materials, &problems).unwrap();
        lines(&problems)
    }

    /// Everything that is wrong, outputs apart, with new notebooks.
    pub fn check_all(&self) -> Vec<String> {
        let problems = Problems::default();
        let materials = Materials::read(&self.project, &problems).unwrap();
        notebook::write(&self.project, &materials, &Problems::default()).unwrap();
        check::check(&self.project, false, &problems).unwrap();
        lines(&problems)
    }

    /// A file of the built book.
    pub fn built(&self, path: &str) -> String {
        self.read(&format!("book/build/{path}"))
    }

    /// The only problem.
    pub fn problem(&self) -> String {
        let problems = self.check();
        assert_eq!(problems.len(), 1, "{problems:#?}");
        problems[0].clone()
    }
}

fn lines(problems: &Problems) -> Vec<String> {
    problems.sorted().iter().map(ToString::to_string).collect()
}

fn write(path: PathBuf, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// Path and text of every file but the drawings.
const FILES: [(&str, &str); 16] = [
    ("Cargo.toml", "[workspace]\nresolver = \"3\"\nmembers = [\"ch03-attention\"]\n"),
    ("ch03-attention/Cargo.toml", "[package]\nname = \"ch03-attention\"\nversion = \"0.1.0\"\nedition = \"2024\"\n"),
    (
        "ch03-attention/src/lib.rs",
        "//! Masks.\n\n/// Hides the future.\n#[derive(Debug)]\npub struct Mask {\n    /// Its size.\n    pub size: usize,\n}\n\n\
         impl Mask {\n    /// Whether `column` is hidden.\n    pub fn hides(&self, row: usize, column: usize) -> bool {\n        \
         let later = column > row;\n        later && column < self.size\n    }\n}\n\n#[cfg(test)]\nmod tests {\n    #[test]\n    \
         fn the_diagonal_is_seen() {\n        assert!(!super::Mask { size: 2 }.hides(0, 0));\n    }\n}\n",
    ),
    (
        "ch03-attention/examples/3_5_mask.rs",
        "//! Prints a mask.\n\nfn main() {\n    println!(\"Mask\");\n    println!(\"[0.4656, 0.1723]\");\n    \
         println!(\"took {} ns\", std::time::Instant::now().elapsed().as_nanos());\n}\n",
    ),
    (
        "ch03-attention/exercises/ex3_1.rs",
        "//! # Exercise 3.1: A row\n//!\n//! Compute the row with `row`.\n//!\n//! Hint: it is short.\n//!\n//! # 练习 3.1：一行\n//!\n\
         //! 用 `row` 计算\n//! 一行。\n//!\n//! 提示：很短。\n//!\n//! Check it: `cargo run -- exercise check 3.1`\n\n\
         /// A row.\npub fn row() -> usize {\n    todo!(\"exercise 3.1\")\n}\n",
    ),
    (
        "ch03-attention/solutions/ex3_1.rs",
        "//! # Solution 3.1: A row\n//!\n//! It is one.\n//!\n//! # 解答 3.1：一行\n//!\n//! 是一。\n\n/// A row.\npub fn row() -> usize {\n    1\n}\n",
    ),
    ("book/en/SUMMARY.md", "# A book\n\n[Preface](preface.md)\n\n- [3 Attention](ch03/causal.md)\n"),
    ("book/zh/SUMMARY.md", "# 一本书\n\n[前言](preface.md)\n\n- [3 注意力](ch03/causal.md)\n"),
    (
        "book/en/preface.md",
        "# Preface {#preface}\n\nSee [the mask](ch03/causal.md#mask) and {{fig 3-01}}.\n\n{{glossary}}\n",
    ),
    ("book/zh/preface.md", "# 前言 {#preface}\n\n见[掩码](ch03/causal.md#mask)和{{fig 3-01}}。\n\n{{glossary}}\n"),
    ("book/en/ch03/causal.md", CAUSAL_EN),
    ("book/zh/ch03/causal.md", CAUSAL_ZH),
    ("book/outputs/3_5_mask.txt", "%% title\nMask\n%% row\n[0.4656, 0.1723]\n%~ took 1500 ns\n"),
    (
        "book/numbers/ch03.toml",
        "[\"ch03/causal.md\"]\n\"0.3292\" = { is = \"0.4656 / sqrt(2)\" }\n\"12,288\" = { source = \"a paper\" }\n",
    ),
    ("book/terms.toml", TERMS),
    ("README.md", "A book.\n"),
];

const TERMS: &str = "[[term]]\nen = \"token\"\nzh = \"词元\"\nen_means = \"A piece of text.\"\nzh_means = \"一段文本。\"\n\
                     avoid_zh = [\"令牌\"]\navoid_en = [\"word piece\"]\n";

const SVG_EN: &str = "<?xml version=\"1.0\"?>\n<svg viewBox=\"0 0 9 9\" role=\"img\">\n<title>A mask</title>\n\n<desc>Ones and zeros.</desc>\n\
                      <text>0.5517</text>\n</svg>\n";

const SVG_ZH: &str = "<?xml version=\"1.0\"?>\n<svg viewBox=\"0 0 9 9\" role=\"img\">\n<title>掩码</title>\n\n<desc>一和零。</desc>\n\
                      <text>0.5517</text>\n</svg>\n";

const CAUSAL_EN: &str = r#"# Causal attention {#causal}

A token sees itself. The mask has 0.4656 and, divided, 0.3292; GPT-3 has 12,288.

{{fig 3-01}}

## The mask {#mask}

<!-- run: 3_5_mask -->

{{code ch03-attention/src/lib.rs#Mask.hides}}

{{out 3_5_mask#row}}

The formula $a < b$ and this one:

$$
w_{ij} = \frac{e^{s_{ij}}}{\sum_k e^{s_{ik}}} \quad \text{if seen}
$$

> [!PICTURE] A sheet
> of *paper*
> and $x$.

| a | b |
|---|---|
| 1 | 2 |

### Questions {#questions}

> [!QUESTION]
> What is 0.5517?
> ---
> A weight, as [above](#mask).

{{exercise 3.1}}
"#;

const CAUSAL_ZH: &str = r#"# 因果注意力 {#causal}

词元只看得到自己。掩码里有 0.4656，除过之后是 0.3292；GPT-3 有 12,288。

{{fig 3-01}}

## 掩码 {#mask}

<!-- run: 3_5_mask -->

{{code ch03-attention/src/lib.rs#Mask.hides}}

{{out 3_5_mask#row}}

公式 $a < b$ 和
这个：

$$
w_{ij} = \frac{e^{s_{ij}}}{\sum_k e^{s_{ik}}} \quad \text{看得见}
$$

> [!PICTURE] 一张
> 纸*上*
> 的 $x$。

| a | b |
|---|---|
| 1 | 2 |

### 问题 {#questions}

> [!QUESTION]
> 0.5517 是什么？
> ---
> 权重，见[上文](#mask)。

{{exercise 3.1}}
"#;
