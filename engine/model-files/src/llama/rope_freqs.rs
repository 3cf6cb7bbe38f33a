//! Llama 3's scaling of the rotation, found again from what GGUF files keep of it.
//!
//! The files do not state its four numbers but what comes of them: `rope_freqs.weight` has, for each pair of a head, the
//! number that its frequency is divided by. Let `turns = context · frequency / 2π` ([`bonus_llama::rope_scaling`]). Fast
//! pairs have 1, slow ones `factor`, and between them
//!
//! ```text
//! 1 / divisor = (1 - s) / factor + s        s = (turns - low) / (high - low)
//! ```
//!
//! Multiplying `context`, `low` and `high` with the same number changes nothing, so `low` can be taken as 1, which it is in all
//! published models. `factor` is the divisor of the slowest pair. `s` is a line over the frequencies: two pairs in between
//! give `context` and `high`; with fewer, `high` is taken as 4, as it is in all published models.

use std::f64::consts::TAU;

use bonus_llama::rope_scaling::slow_down;
use bonus_llama::{Rope, RopeScaling};

/// The divisors are 32-bit floats that may come from 32-bit calculations.
const TOLERANCE: f64 = 1e-4;
const LOW: f64 = 1.0;
const USUAL_HIGH: f64 = 4.0;

/// The scaling with these divisors, for heads of width `head_dim` and this base; `None` if nothing is scaled.
///
/// # Errors
/// If they are not one number of at least 1 for each pair, or those of no scaling.
pub(super) fn scaling(divisors: &[f32], head_dim: usize, base: f64) -> Result<Option<RopeScaling>, String> {
    let pairs = head_dim / 2;
    if divisors.len() != pairs {
        return Err(format!("it has {} values, but heads of width {head_dim} have {pairs} pairs", divisors.len()));
    }
    let no_divisor = |divisor: &&f32| !(divisor.is_finite() && **divisor >= 1.0);
    if let Some(divisor) = divisors.iter().find(no_divisor) {
        return Err(format!("it has the value {divisor}, but no frequency is divided by less than 1"));
    }
    if divisors.iter().all(|&divisor| divisor == 1.0) {
        return Ok(None);
    }
    let frequencies = Rope::new(head_dim, base, None).frequencies;
    let fits = |scaling: &RopeScaling| {
        let expected = frequencies.iter().map(|&frequency| frequency / slow_down(frequency, scaling));
        expected.zip(divisors).all(|(expected, &found)| (expected / f64::from(found) - 1.0).abs() < TOLERANCE)
    };
    let found = candidates(divisors, &frequencies).into_iter().find(fits);
    found.map(Some).ok_or_else(|| "its values are not those of Llama 3's scaling".to_string())
}

/// Scalings that may be the one looked for, rounder numbers first.
fn candidates(divisors: &[f32], frequencies: &[f64]) -> Vec<RopeScaling> {
    let Some(factor) = divisors.last().map(|&factor| f64::from(factor)) else { return Vec::new() };
    // 1 / divisor = (1 - s) / factor + s, solved for s.
    let smooth = |divisor: f64| (1.0 / divisor - 1.0 / factor) / (1.0 - 1.0 / factor);
    let between: Vec<(f64, f64)> = frequencies
        .iter()
        .zip(divisors.iter().map(|&divisor| f64::from(divisor)))
        .filter(|&(_, divisor)| divisor > 1.0 + TOLERANCE && divisor < factor * (1.0 - TOLERANCE))
        .map(|(&frequency, divisor)| (frequency / TAU, smooth(divisor)))
        .collect();
    let scaling = |context: f64, high: f64| RopeScaling {
        factor,
        low_freq_factor: LOW,
        high_freq_factor: high,
        original_context_length: context.round().clamp(0.0, 1e15) as usize,
    };
    match between[..] {
        [(turns, s), .., (slow_turns, slow_s)] => {
            // s = (context · turns - 1) / (high - 1) = slope · turns - 1 / (high - 1)
            let slope = (s - slow_s) / (turns - slow_turns);
            let high = LOW + 1.0 / (slope * turns - s);
            let round = high.round();
            [round, high].map(|high| scaling(slope * (high - LOW), high)).into()
        }
        [(turns, s)] => vec![scaling((s * (USUAL_HIGH - LOW) + LOW) / turns, USUAL_HIGH)],
        [] => {
            // The last fast pair turns at least `high` times, the first slow one at most `low` times.
            let fast = divisors.iter().take_while(|&&divisor| divisor == 1.0).count();
            let fastest_slow = frequencies.get(fast).copied().unwrap_or(f64::MAX);
            let slowest_fast = fast.checked_sub(1).map_or(f64::INFINITY, |last| frequencies[last]);
            let usual = (USUAL_HIGH * TAU / slowest_fast).ceil().max(1.0);
            let context = usual.min((LOW * TAU / fastest_slow).floor());
            vec![scaling(context, USUAL_HIGH.min(context * slowest_fast / TAU))]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn divisors(head_dim: usize, base: f64, scaling: &RopeScaling) -> Vec<f32> {
        let frequencies = Rope::new(head_dim, base, None).frequencies;
        frequencies.iter().map(|&frequency| (frequency / slow_down(frequency, scaling)) as f32).collect()
    }

    /// The published scalings (specification 2.3) and that of the small golden model.
    #[test]
    fn published_scalings_are_found_again() {
        for (head_dim, factor, original_context_length) in [(128, 8.0, 8192), (64, 32.0, 8192), (16, 8.0, 64)] {
            let published =
                RopeScaling { factor, low_freq_factor: 1.0, high_freq_factor: 4.0, original_context_length };
            let divisors = divisors(head_dim, 500_000.0, &published);
            assert_eq!(scaling(&divisors, head_dim, 500_000.0), Ok(Some(published)));
        }
    }

    /// Whatever numbers come out, the frequencies are the same.
    #[test]
    fn other_scalings_rotate_the_same() {
        for (head_dim, low, high, context) in [
            (128, 2.0, 8.0, 8192),
            (128, 1.0, 3.5, 1000),
            (8, 1.0, 4.0, 8192),
            (4, 1.0, 4.0, 100),
            (64, 1.0, 1.01, 8192),
        ] {
            let base = 500_000.0;
            let wanted = RopeScaling {
                factor: 16.0,
                low_freq_factor: low,
                high_freq_factor: high,
                original_context_length: context,
            };
            let found = scaling(&divisors(head_dim, base, &wanted), head_dim, base).unwrap().unwrap();
            let [wanted, found] = [wanted, found].map(|scaling| Rope::new(head_dim, base, Some(&scaling)).frequencies);
            for (wanted, found) in wanted.iter().zip(&found) {
                assert!((wanted / found - 1.0).abs() < TOLERANCE, "head_dim {head_dim}: {wanted} {found}");
            }
        }
    }

    #[test]
    fn what_is_no_scaling() {
        assert_eq!(scaling(&[1.0; 8], 16, 1e4), Ok(None));
        let error = |divisors: &[f32]| scaling(divisors, 16, 1e4).unwrap_err();
        assert_eq!(error(&[1.0; 7]), "it has 7 values, but heads of width 16 have 8 pairs");
        let odd = "its values are not those of Llama 3's scaling";
        assert_eq!(error(&[1.0, 1.0, 1.0, 3.0, 2.0, 8.0, 8.0, 8.0]), odd);
        assert_eq!(error(&[8.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]), odd);
        for bad in [0.0, -1.0, f32::NAN, f32::INFINITY] {
            let mut divisors = [1.0; 8];
            divisors[3] = bad;
            let text = format!("it has the value {bad}, but no frequency is divided by less than 1");
            assert_eq!(error(&divisors), text);
        }
    }
}
