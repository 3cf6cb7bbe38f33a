//! Builds and checks the book: `cargo book`.
//!
//! Prose is Markdown in `book/en` and `book/zh`. Whatever else a page shows, code, outputs, figures and exercises, is taken
//! from the project when the book is built; what is missing is an error.

#![warn(missing_docs)]

pub mod anchors;
pub mod boxes;
pub mod build;
pub mod check;
pub mod directive;
pub mod document;
pub mod epub;
pub mod examples;
pub mod exercise;
pub mod expand;
pub mod figure;
pub mod formula;
pub mod highlight;
pub mod html;
pub mod interface;
pub mod language;
pub mod listing;
pub mod notebook;
pub mod numerals;
pub mod outputs;
pub mod paper;
pub mod paths;
pub mod pdf;
pub mod problem;
pub mod program;
pub mod project;
pub mod recorded;
pub mod render;
pub mod rust_items;
pub mod search;
pub mod serve;
pub mod source;
pub mod source_pages;
pub mod stamp;
pub mod table;
pub mod term_links;
pub mod terms;
pub mod tree;
pub mod warnings;
