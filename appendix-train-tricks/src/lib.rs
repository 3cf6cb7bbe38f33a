//! Appendix D: the training loop of chapter 5 with bells and whistles.
//!
//! | section | module | what |
//! |---|---|---|
//! | D.1, D.2 | [`schedule`] | warm-up, then cosine or linear decay of the learning rate |
//! | D.2 | [`lr_plot`] | the learning rate as a picture |
//! | D.3 | [`clip`] | the global norm of the gradients, and its limit |
//! | D.4 | [`train`] | the training function with all of it |
//! | | [`mod@accumulate`] | one step from several batches |

#![warn(clippy::unwrap_used)]

pub mod accumulate;
pub mod clip;
pub mod lr_plot;
pub mod schedule;
pub mod train;

pub use accumulate::accumulate;
pub use clip::{clip_grad_norm, find_highest_gradient, grad_norm};
pub use schedule::{Decay, Schedule};
pub use train::{Clip, Recipe, RecipeError, train_model};
