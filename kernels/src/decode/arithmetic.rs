//! Norm, activation and softmax of one vector, written so that the compiler makes vector instructions of them.

/// `e^x` for finite `x`, with a relative error below 2e-7. Results below the smallest normal number are 0, those above
/// the largest stay there.
///
/// `x = n ln 2 + r` with a whole `n`, so `e^x = 2^n e^r`: the first factor is a bit pattern, the second a short
/// polynomial because `|r| <= ln 2 / 2`. The standard library's `exp` handles one number at a time.
#[inline(always)]
pub fn exp(x: f32) -> f32 {
    const LN2_HIGH: f32 = 0.693_359_4; // few bits, so that n times it is exact
    const LN2_LOW: f32 = -2.121_944_4e-4;
    // Adding and taking away 1.5 * 2^23 rounds to a whole number.
    const ROUND: f32 = 12_582_912.0;

    let x = x.clamp(-87.3, 88.3);
    let n = (x * std::f32::consts::LOG2_E + ROUND) - ROUND;
    let r = (x - n * LN2_HIGH) - n * LN2_LOW;
    let mut p = 1.0 / 5040.0;
    for c in [1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0, 1.0] {
        p = p * r + c;
    }
    p * f32::from_bits(((n as i32 + 127) as u32) << 23)
}

/// GELU in the approximation with tanh, on every value: `0.5 x (1 + tanh(u)) = x / (1 + e^(-2u))` with
/// `u = sqrt(2/π) (x + 0.044715 x³)`.
#[inline(always)]
pub fn gelu(values: &mut [f32]) {
    let twice_root = 2.0 * (2.0 / std::f32::consts::PI).sqrt();
    for x in values {
        *x /= 1.0 + exp(-twice_root * (*x + 0.044_715 * *x * *x * *x));
    }
}

/// `y = scale * (x - mean) / sqrt(variance + eps) + shift` of one vector.
#[inline(always)]
pub fn layer_norm(x: &[f32], scale: &[f32], shift: &[f32], eps: f32, y: &mut [f32]) {
    let n = x.len() as f32;
    let mean = sum(x.iter().copied()) / n;
    let variance = sum(x.iter().map(|v| (v - mean) * (v - mean))) / n;
    let factor = 1.0 / (variance + eps).sqrt();
    for (((y, x), scale), shift) in y.iter_mut().zip(x).zip(scale).zip(shift) {
        *y = (x - mean) * factor * scale + shift;
    }
}

/// Turns scores into weights that sum to 1: `e^(factor (s - max)) / sum`.
#[inline(always)]
pub fn softmax(scores: &mut [f32], factor: f32) {
    let max = scores.iter().copied().fold(f32::NEG_INFINITY, |a, b| if a > b { a } else { b });
    for s in &mut *scores {
        *s = exp(factor * (*s - max));
    }
    let scale = 1.0 / sum(scores.iter().copied());
    for s in scores {
        *s *= scale;
    }
}

/// The scalar product of two vectors of one length.
#[inline(always)]
pub fn dot(a: &[f32], b: &[f32]) -> f32 {
    sum(a.iter().zip(b).map(|(a, b)| a * b))
}

/// The sum in 16 running parts: a single one would have to wait for every addition.
#[inline(always)]
fn sum(values: impl ExactSizeIterator<Item = f32>) -> f32 {
    const PARTS: usize = 16;
    let mut parts = [0.0; PARTS];
    let whole = values.len() / PARTS * PARTS;
    let mut rest = 0.0;
    for (i, v) in values.enumerate() {
        if i < whole { parts[i % PARTS] += v } else { rest += v }
    }
    parts.iter().sum::<f32>() + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_is_that_of_the_standard_library() {
        for i in -8700..=8800 {
            let x = i as f32 / 100.0;
            let expected = f64::from(x).exp();
            let error = (f64::from(exp(x)) - expected).abs() / expected;
            assert!(error < 2e-7, "exp({x}) is off by {error:e}");
        }
        assert!(exp(-1e30) < 1e-37);
    }

    #[test]
    fn gelu_of_known_values() {
        // From the formula in 64 bits.
        let mut values = [-20.0, -1.0, 0.0, 0.5, 1.0, 3.0];
        let expected = values.map(|x: f32| {
            let x = f64::from(x);
            let u = (2.0 / std::f64::consts::PI).sqrt() * (x + 0.044715 * x.powi(3));
            0.5 * x * (1.0 + u.tanh())
        });
        gelu(&mut values);
        for (found, expected) in values.into_iter().zip(expected) {
            assert!((f64::from(found) - expected).abs() < 1e-6, "{found} instead of {expected}");
        }
    }

    #[test]
    fn a_norm_has_mean_0_and_variance_1() {
        for n in [1, 5, 16, 37, 768] {
            let x: Vec<f32> = (0..n).map(|i| ((i * 7919) % 101) as f32 / 10.0).collect();
            let mut y = vec![0.0; n];
            layer_norm(&x, &vec![1.0; n], &vec![0.5; n], 1e-5, &mut y);
            let mean = y.iter().sum::<f32>() / n as f32;
            assert!((mean - 0.5).abs() < 1e-4, "{n}: {mean}");
            let variance = y.iter().map(|v| (v - mean).powi(2)).sum::<f32>() / n as f32;
            assert!(n == 1 || (variance - 1.0).abs() < 1e-3, "{n}: {variance}");
        }
    }

    #[test]
    fn softmax_sums_to_1_and_keeps_ratios() {
        let mut scores = [1.0, 2.0, 4.0];
        softmax(&mut scores, 0.5);
        assert!((scores.iter().sum::<f32>() - 1.0).abs() < 1e-6);
        assert!((scores[2] / scores[1] - 1.0f32.exp()).abs() < 1e-5);
    }
}
