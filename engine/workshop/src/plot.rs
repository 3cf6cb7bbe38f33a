//! Pictures as SVG text: lines over one or two horizontal axes, groups of bars, and heat maps.

mod axis;
mod bars;
mod heatmap;
mod line_chart;
mod text;

use plotters::style::RGBColor;

pub use bars::grouped_bars;
pub use heatmap::heatmap;
pub use line_chart::{Line, LineChart, PlotError};

/// The colors of lines and of bars, one after the other.
const COLORS: [RGBColor; 4] =
    [RGBColor(31, 119, 180), RGBColor(214, 96, 20), RGBColor(44, 140, 60), RGBColor(140, 70, 170)];
