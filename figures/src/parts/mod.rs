//! What figures are made of.

mod areas;
mod arrow;
mod bars;
mod brace;
mod group;
mod matrix;
mod matrix_drawing;
mod node;
mod numbers;
mod plot;
mod road_map;
pub(crate) mod text;
mod tokens;

pub use areas::{cut_across, cut_down, treemap};
pub use arrow::Arrow;
pub use bars::{Bar, Bars, PlacedBars};
pub use brace::{Side, brace, brace_of};
pub use group::Group;
pub use matrix::Matrix;
pub use matrix_drawing::PlacedMatrix;
pub use node::{Node, nodes_in_column, nodes_in_row};
pub use numbers::{decimal, whole};
pub use plot::{Axis, Plot};
pub use road_map::RoadMap;
pub use text::{BODY, LARGE, SMALL, Text};
pub use tokens::{PlacedTokens, Tokens, visible};
