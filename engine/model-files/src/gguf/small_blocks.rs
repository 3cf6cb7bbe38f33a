//! Blocks of 32 values.
//!
//! Numbers of 4 bits are stored two in a byte: value `j` of the first 16 is the low half of byte `j`, value `j + 16` its
//! high half. The fifth bits of the 5-bit types are a number of 32 bits, value `j` has bit `j`.

use super::block::half_at;

/// `d (q - 8)`; `d` at byte 0, `q` at 2.
pub(super) fn q4_0(block: &[u8; 18], values: &mut [f32; 32]) {
    let d = half_at(block, 0);
    four_bits(&block[2..], values, |_, q| d * (f32::from(q) - 8.0));
}

/// `d q + m`; `d` at byte 0, `m` at 2, `q` at 4.
pub(super) fn q4_1(block: &[u8; 20], values: &mut [f32; 32]) {
    let (d, m) = (half_at(block, 0), half_at(block, 2));
    four_bits(&block[4..], values, |_, q| d * f32::from(q) + m);
}

/// `d (q - 16)`; `d` at byte 0, fifth bits at 2, the others at 6.
pub(super) fn q5_0(block: &[u8; 22], values: &mut [f32; 32]) {
    let d = half_at(block, 0);
    let fifth = fifth_bits(&block[2..6]);
    four_bits(&block[6..], values, |j, q| d * (f32::from(q | fifth(j)) - 16.0));
}

/// `d q + m`; `d` at byte 0, `m` at 2, fifth bits at 4, the others at 8.
pub(super) fn q5_1(block: &[u8; 24], values: &mut [f32; 32]) {
    let (d, m) = (half_at(block, 0), half_at(block, 2));
    let fifth = fifth_bits(&block[4..8]);
    four_bits(&block[8..], values, |j, q| d * f32::from(q | fifth(j)) + m);
}

/// `d q`; `d` at byte 0, `q`, which has a sign, at 2.
pub(super) fn q8_0(block: &[u8; 34], values: &mut [f32; 32]) {
    let d = half_at(block, 0);
    values.iter_mut().zip(&block[2..]).for_each(|(value, q)| *value = d * f32::from(q.cast_signed()));
}

/// Calls `value` with the index and the four bits of each value.
fn four_bits(bytes: &[u8], values: &mut [f32; 32], value: impl Fn(usize, u8) -> f32) {
    let (low, high) = values.split_at_mut(16);
    for (j, ((low, high), byte)) in low.iter_mut().zip(high).zip(bytes).enumerate() {
        *low = value(j, byte & 15);
        *high = value(j + 16, byte >> 4);
    }
}

/// 16 if value `j` has its fifth bit, else 0.
fn fifth_bits(bytes: &[u8]) -> impl Fn(usize) -> u8 + use<> {
    let bits = bytes.iter().rev().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte));
    move |j| ((bits >> j & 1) as u8) << 4
}
