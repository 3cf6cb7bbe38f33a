//! Pictures as SVG text: lines over one or two horizontal axes, groups of bars, and heat maps. Each can be read on a
//! light and on a dark background, without colors, and has a title and a description for screen readers.

mod axis;
mod bars;
mod document;
mod heatmap;
mod legend;
mod line_chart;
#[cfg(test)]
mod tests;
mod text;
mod theme;

pub use bars::grouped_bars;
pub use heatmap::heatmap;
pub use line_chart::{Line, LineChart, PlotError};
