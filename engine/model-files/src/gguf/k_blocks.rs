//! Blocks of 256 values ("k-quants"): groups of values have scales of their own, which are small whole numbers
//! themselves.

use super::block::half_at;

/// 8 groups of 32 values, `(d scale) q - (dmin minimum)`; `d` at byte 0, `dmin` at 2, scales and minima at 4, `q` at 16.
pub(super) fn q4_k(block: &[u8; 144], values: &mut [f32; 256]) {
    let factors = factors(block);
    for (g, values) in values.chunks_exact_mut(32).enumerate() {
        let (scale, minimum) = factors(g);
        let numbers = group(&block[16..], g);
        values.iter_mut().zip(numbers).for_each(|(value, q)| *value = scale * f32::from(q) - minimum);
    }
}

/// As [`q4_k`], with a fifth bit of `q`: bit `g` of the byte `16 + j` for value `j` of group `g`; the others at 48.
pub(super) fn q5_k(block: &[u8; 176], values: &mut [f32; 256]) {
    let factors = factors(block);
    for (g, values) in values.chunks_exact_mut(32).enumerate() {
        let (scale, minimum) = factors(g);
        let numbers = group(&block[48..], g).zip(&block[16..48]).map(|(q, high)| q | (high >> g & 1) << 4);
        values.iter_mut().zip(numbers).for_each(|(value, q)| *value = scale * f32::from(q) - minimum);
    }
}

/// 16 groups of 16 values, `(d scale) (q - 32)`; the low 4 bits of `q` at byte 0, the high 2 at 128, scales with a sign
/// at 192, `d` at 208. A byte of the high bits has those of four values, 32 apart.
pub(super) fn q6_k(block: &[u8; 210], values: &mut [f32; 256]) {
    let d = half_at(block, 208);
    for (part, values) in values.chunks_exact_mut(32).enumerate() {
        // Two halves of the block, four parts of 32 values in each.
        let (half, r) = (part / 4, part % 4);
        let low = &block[64 * half + 32 * (r % 2)..][..32];
        let high = &block[128 + 32 * half..][..32];
        for (l, (value, (low, high))) in values.iter_mut().zip(low.iter().zip(high)).enumerate() {
            let scale = d * f32::from(block[192 + 2 * part + l / 16].cast_signed());
            let q = (low >> (4 * (r / 2)) & 15) | (high >> (2 * r) & 3) << 4;
            *value = scale * (f32::from(q) - 32.0);
        }
    }
}

/// The four bits of the 32 values of group `g`: two groups share 32 bytes, the even one has the low halves.
fn group(bytes: &[u8], g: usize) -> impl Iterator<Item = u8> {
    bytes[32 * (g / 2)..][..32].iter().map(move |byte| byte >> (4 * (g % 2)) & 15)
}

/// The scale and the minimum of group `g`, as floats. They are of 6 bits each, packed into 12 bytes: the first four
/// groups have bytes of their own, whose upper two bits belong to the other four.
fn factors(block: &[u8]) -> impl Fn(usize) -> (f32, f32) {
    let (d, dmin) = (half_at(block, 0), half_at(block, 2));
    let packed = &block[4..16];
    move |g| {
        let (scale, minimum) = if g < 4 {
            (packed[g] & 63, packed[g + 4] & 63)
        } else {
            (packed[g + 4] & 15 | (packed[g - 4] >> 6) << 4, packed[g + 4] >> 4 | (packed[g] >> 6) << 4)
        };
        (d * f32::from(scale), dmin * f32::from(minimum))
    }
}
