//! The tools around the lessons: devices by name, files from the network, progress of long jobs, pictures.
//!
//! | module | what |
//! |---|---|
//! | [`device`] | CPU or GPU, by name |
//! | [`download`] | files from the network, resumed and checked |
//! | [`mod@data_download`] | the same for the data sets of the catalogue |
//! | [`progress`] | a bar on a terminal, plain lines elsewhere |
//! | [`plot`] | pictures as SVG |
//! | [`plots`] | the pictures of a training run: losses, accuracies, mistakes, learning rates |
//! | [`numbers`] | numbers in readable form |
//! | [`mod@print`] | tensors as the book prints them |

#![warn(clippy::unwrap_used)]

pub mod data_download;
pub mod device;
pub mod download;
pub mod numbers;
pub mod plot;
pub mod plots;
pub mod print;
pub mod progress;

pub use data_download::data_download;
pub use numbers::grouped;
pub use print::print_tensor;
