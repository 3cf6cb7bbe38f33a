//! Appendix D: the training loop of chapter 5 with bells and whistles.
//!
//! Read the modules in this order:
//!
//! | section | module | what |
//! |---|---|---|
//! | D.1, D.2 | [`schedule`] | warm-up, then cosine or linear decay of the learning rate |
//! | D.3 | [`clip`] | the global norm of the gradients, and clipping |
//! | D.4 | [`train`] | the training function with all of it |
//! | D.4 | [`recipe`] | its settings |
//! | | [`bonus::accumulate`] | gradient accumulation: one step from several batches |

#![warn(clippy::unwrap_used)]

pub mod bonus;
pub mod clip;
pub mod recipe;
pub mod schedule;
pub mod train;

pub use bonus::accumulate::accumulate;
pub use clip::{clip_grad_norm, find_highest_gradient, grad_norm};
pub use recipe::{Clip, Recipe, RecipeError};
pub use schedule::{Decay, Schedule};
pub use train::{TrainingPlan, train_model};
