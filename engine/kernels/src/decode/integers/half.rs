//! 16-bit floats, for the scales of weights.

/// The largest finite one.
const LARGEST: f32 = 65_504.0;
/// The smallest one with full precision.
const SMALLEST: f32 = 6.103_515_6e-5;
/// 2¹¹²: the ratio of two numbers with the same exponent bits in 32 and in 16 bits.
const RATIO: f32 = 5.192_297e33;

/// A number in 16 bits, rounded to nearest, ties to even. What is too large becomes the largest number.
#[inline(always)]
pub fn round(value: f32) -> u16 {
    let size = value.abs().min(LARGEST);
    let bits = size.to_bits();
    // Adding 2⁻¹ rounds a smaller number to a multiple of 2⁻²⁴ in the lowest bits.
    let small = (size + 0.5).to_bits() - 0.5f32.to_bits();
    let large = (bits + 0xFFF + (bits >> 13 & 1)).wrapping_sub(112 << 23) >> 13;
    let half = if size < SMALLEST { small } else { large };
    (half | value.to_bits() >> 16 & 0x8000) as u16
}

/// A finite 16-bit float in 32 bits.
#[inline(always)]
pub fn to_f32(half: u16) -> f32 {
    let bits = u32::from(half);
    let size = f32::from_bits((bits & 0x7FFF) << 13) * RATIO;
    f32::from_bits(size.to_bits() | (bits & 0x8000) << 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_finite_number_there_and_back_and_between() {
        assert_eq!(RATIO.to_bits(), (127 + 112) << 23);
        for (half, value) in
            [(0x3C00, 1.0), (0xC000, -2.0), (0x0001, 5.960_464_5e-8), (0x7BFF, LARGEST), (0x3555, 0.333_251_95)]
        {
            assert_eq!((to_f32(half), round(value)), (value, half));
        }
        for half in (0..0x7BFF_u16).flat_map(|half| [half, half | 0x8000]) {
            let (value, next) = (to_f32(half), to_f32(half + 1));
            assert_eq!(round(value), half);
            assert_eq!(round(value + (next - value) * 0.49), half);
            assert_eq!(round(value + (next - value) * 0.51), half + 1);
            assert_eq!(round(f32::midpoint(value, next)), half + (half & 1), "ties to even");
        }
        assert_eq!((round(1e9), round(f32::NEG_INFINITY)), (0x7BFF, 0xFBFF));
    }
}
