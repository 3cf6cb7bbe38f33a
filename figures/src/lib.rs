//! The book's figures, drawn by code: one source for both languages, with the numbers that the chapters' crates compute.
//!
//! `cargo run -p figures` writes them all to `book/figures/en/` and `book/figures/zh/`; a test compares the committed
//! files with what the code draws. A figure is a function in the folder of its chapter:
//!
//! ```
//! use figures::parts::{Arrow, Node};
//! use figures::theme::Role;
//! use figures::{Drawing, Figure, Lang, p, t};
//!
//! fn embedding_is_a_table() -> Figure {
//!     let mut d = Drawing::new();
//!     let id = Node::new(t("token id", "词元 ID")).role(Role::Token).draw_at(&mut d, p(80.0, 40.0));
//!     let table = Node::new(t("embedding", "嵌入")).role(Role::Weight);
//!     let table = { let size = table.size(); table.draw(&mut d, id.right_of(60.0, size)) };
//!     Arrow::new(id.right(), table.left()).draw(&mut d);
//!     Figure::new("2-99", t("An id picks a row", "ID 选出一行"), t("An arrow leads …", "箭头……"), d)
//! }
//!
//! assert!(embedding_is_a_table().svg(Lang::Zh).contains("词元 ID"));
//! ```

#![warn(clippy::unwrap_used)]

pub mod appendix_a;
pub mod appendix_d;
pub mod appendix_e;
pub mod bonus_llama;
pub mod ch01;
pub mod ch02;
pub mod ch03;
pub mod ch04;
pub mod ch05;
pub mod ch06;
pub mod ch07;
#[cfg(test)]
mod checks;
mod data;
pub mod drawing;
mod figure;
pub mod geometry;
mod lang;
pub mod parts;
pub mod speed;
pub mod theme;
mod width;

pub use drawing::{Dash, Drawing, Layer, Style};
pub use figure::Figure;
pub use geometry::{Point, Rect, p, rect};
pub use lang::{Lang, Words, t};

/// All figures, in the order of the book.
pub fn all() -> Vec<Figure> {
    [
        ch01::figures(),
        ch02::figures(),
        ch03::figures(),
        ch04::figures(),
        ch05::figures(),
        ch06::figures(),
        ch07::figures(),
        appendix_a::figures(),
        appendix_d::figures(),
        appendix_e::figures(),
        bonus_llama::figures(),
        speed::figures(),
    ]
    .concat()
}
