//! Building blocks of loops. All are inlined into functions that are compiled for several instruction sets.

/// Numbers that a loop processes at once: two vectors of AVX-512, four of AVX2. Sums have this many accumulators, so that the
/// order of additions does not depend on the instruction set.
pub const LANES: usize = 32;

/// `e^x` with a relative error of about 1e-7. Beyond the range of normal numbers, the result is the smallest or largest of them.
///
/// `x = n ln 2 + r` and `e^x = 2ⁿ e^r` with `|r| <= ln 2 / 2`, where a polynomial of degree 7 is enough (the coefficients are
/// those of Moshier's Cephes library). Unlike the function of the standard library, this one has no branches and no
/// tables, so the compiler can vectorize a loop over it.
#[inline(always)]
pub fn exp(x: f32) -> f32 {
    // Adding this to a number below 2²² puts the nearest integer into the lowest bits.
    const ROUND: f32 = 12_582_912.0;
    // ln 2 in two parts; the first has few bits, so that its product with n is exact.
    const LN_2_HIGH: f32 = 0.693_359_4;
    const LN_2_LOW: f32 = -2.121_944_4e-4;

    let x = x.clamp(-87.3, 88.3);
    let shifted = x * std::f32::consts::LOG2_E + ROUND;
    let n = shifted - ROUND;
    let r = (x - n * LN_2_HIGH) - n * LN_2_LOW;
    let mut p = 1.987_569_1e-4;
    p = p * r + 1.398_2e-3;
    p = p * r + 8.333_452e-3;
    p = p * r + 4.166_579_6e-2;
    p = p * r + 1.666_666_6e-1;
    p = p * r + 0.5;
    let y = p * (r * r) + r + 1.0;
    // y lies between 0.7 and 1.42: adding n to its exponent multiplies by 2ⁿ.
    f32::from_bits((shifted.to_bits() << 23).wrapping_add(y.to_bits()))
}

/// The sum of `f(x)`.
#[inline(always)]
pub fn sum(x: &[f32], f: impl Fn(f32) -> f32) -> f32 {
    let (blocks, rest) = x.as_chunks::<LANES>();
    let mut parts = [0.0f32; LANES];
    for block in blocks {
        for (part, &x) in parts.iter_mut().zip(block) {
            *part += f(x);
        }
    }
    let mut total = fold(&parts, |a, b| a + b);
    for &x in rest {
        total += f(x);
    }
    total
}

/// The sum of `f(x, y)` over two slices of the same length.
#[inline(always)]
pub fn sum_pairs(x: &[f32], y: &[f32], f: impl Fn(f32, f32) -> f32) -> f32 {
    let ((x_blocks, x_rest), (y_blocks, y_rest)) = (x.as_chunks::<LANES>(), y.as_chunks::<LANES>());
    let mut parts = [0.0f32; LANES];
    for (x, y) in x_blocks.iter().zip(y_blocks) {
        for ((part, &x), &y) in parts.iter_mut().zip(x).zip(y) {
            *part += f(x, y);
        }
    }
    let mut total = fold(&parts, |a, b| a + b);
    for (&x, &y) in x_rest.iter().zip(y_rest) {
        total += f(x, y);
    }
    total
}

/// The largest number; minus infinity if there is none.
#[inline(always)]
pub fn max(x: &[f32]) -> f32 {
    let larger = |a: f32, b: f32| if b > a { b } else { a };
    let (blocks, rest) = x.as_chunks::<LANES>();
    let mut parts = [f32::NEG_INFINITY; LANES];
    for block in blocks {
        for (part, &x) in parts.iter_mut().zip(block) {
            *part = larger(*part, x);
        }
    }
    rest.iter().fold(fold(&parts, larger), |a, &b| larger(a, b))
}

/// Combines the accumulators: the upper half with the lower half, until one is left.
#[inline(always)]
fn fold(parts: &[f32; LANES], f: impl Fn(f32, f32) -> f32) -> f32 {
    let mut parts = *parts;
    let mut half = LANES / 2;
    while half > 0 {
        for i in 0..half {
            parts[i] = f(parts[i], parts[i + half]);
        }
        half /= 2;
    }
    parts[0]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_is_that_of_the_standard_library() {
        for i in -86_000..88_000 {
            let x = i as f32 / 1000.0;
            let (found, expected) = (f64::from(exp(x)), f64::from(x).exp());
            assert!((found / expected - 1.0).abs() < 2.5e-7, "exp({x}) = {found}, expected {expected}");
        }
        assert_eq!(exp(0.0), 1.0);
        assert!(exp(f32::NEG_INFINITY) < 2e-38 && exp(1000.0) > 1e38 && exp(f32::NAN).is_nan());
    }

    #[test]
    fn reductions_of_any_length() {
        for n in [0usize, 1, 31, 32, 33, 100] {
            let x: Vec<f32> = (0..n).map(|i| i as f32).collect();
            let expected = (n * n.saturating_sub(1) / 2) as f32;
            assert_eq!(sum(&x, |x| x), expected);
            assert_eq!(sum_pairs(&x, &x, |x, y| x + y), 2.0 * expected);
            assert_eq!(max(&x), if n == 0 { f32::NEG_INFINITY } else { n as f32 - 1.0 });
        }
    }
}
