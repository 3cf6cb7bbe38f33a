//! Llama 3's longer context: slow pairs rotate slower still.
//!
//! Llama 3 was trained on texts of 8,192 tokens, 3.1 takes 131,072. Its slow pairs would turn to angles that the
//! training never reached. Dividing all frequencies by the same factor would blur the fast pairs, which tell
//! neighbours apart. So the pairs are treated according to how many turns they make in the original context,
//! `turns = context / wavelength`, where `wavelength = 2π / frequency`:
//!
//! ```text
//! turns > high      frequency                                      fast: unchanged
//! turns < low       frequency / factor                             slow
//! between           (1 - s) · frequency / factor + s · frequency,  s = (turns - low) / (high - low)
//! ```

use std::f64::consts::TAU;

use crate::config::RopeScaling;

/// The frequency of a pair after the scaling, in radians per position.
pub fn slow_down(frequency: f64, scaling: &RopeScaling) -> f64 {
    let &RopeScaling { factor, low_freq_factor, high_freq_factor, original_context_length } = scaling;
    let wavelength = TAU / frequency;
    let turns = original_context_length as f64 / wavelength;
    // 0 for slow pairs, 1 for fast ones.
    let smooth = ((turns - low_freq_factor) / (high_freq_factor - low_freq_factor)).clamp(0.0, 1.0);
    (1.0 - smooth) * frequency / factor + smooth * frequency
}
