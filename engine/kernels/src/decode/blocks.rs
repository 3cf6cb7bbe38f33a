//! Columns of weights as GGUF files hold them: blocks of 32 values with common scales of 16 bits.

use multiversion::multiversion;

use super::integers::{BLOCK, half};

/// The blocks of a column, one after the other, little-endian.
#[derive(Clone, Copy, Debug)]
pub enum Blocks<'a> {
    /// `d (q - 8)`: `d`, then 16 bytes with the `q`, of the first 16 values in the lower halves, of the others in the upper.
    Q4_0(&'a [u8]),
    /// `d q + m`: `d`, `m`, then 16 bytes as in Q4_0.
    Q4_1(&'a [u8]),
    /// `d q`: `d`, then 32 bytes, `q` with a sign.
    Q8_0(&'a [u8]),
}

impl Blocks<'_> {
    /// The values in 32 bits.
    pub(super) fn expand(self, values: &mut [f32]) {
        let (values, _) = values.as_chunks_mut();
        match self {
            Self::Q4_0(bytes) => q4_0(bytes, values),
            Self::Q4_1(bytes) => q4_1(bytes, values),
            Self::Q8_0(bytes) => q8_0(bytes, values),
        }
    }

    /// Calls `place` for each block in 4 bits: with its index, its scale and minimum in 16 bits, and the 16 bytes of the
    /// integers. `false` if the blocks are others.
    pub(super) fn in_four_bits(self, mut place: impl FnMut(usize, [u16; 2], &[u8; 16])) -> bool {
        match self {
            Self::Q8_0(_) => return false,
            Self::Q4_0(bytes) => {
                for (index, [low, high, integers @ ..]) in bytes.as_chunks::<18>().0.iter().enumerate() {
                    let scale = u16::from_le_bytes([*low, *high]);
                    place(index, [scale, half::round(-8.0 * half::to_f32(scale))], integers);
                }
            }
            Self::Q4_1(bytes) => {
                for (index, [a, b, c, d, integers @ ..]) in bytes.as_chunks::<20>().0.iter().enumerate() {
                    place(index, [u16::from_le_bytes([*a, *b]), u16::from_le_bytes([*c, *d])], integers);
                }
            }
        }
        true
    }
}

#[multiversion(targets = "simd")]
fn q4_0(bytes: &[u8], values: &mut [[f32; BLOCK]]) {
    for ([low, high, integers @ ..], values) in bytes.as_chunks::<18>().0.iter().zip(values) {
        let scale = half::to_f32(u16::from_le_bytes([*low, *high]));
        four_bits(integers, values, |q| scale * (q - 8.0));
    }
}

#[multiversion(targets = "simd")]
fn q4_1(bytes: &[u8], values: &mut [[f32; BLOCK]]) {
    for ([a, b, c, d, integers @ ..], values) in bytes.as_chunks::<20>().0.iter().zip(values) {
        let scale = half::to_f32(u16::from_le_bytes([*a, *b]));
        let minimum = half::to_f32(u16::from_le_bytes([*c, *d]));
        four_bits(integers, values, |q| scale * q + minimum);
    }
}

#[multiversion(targets = "simd")]
fn q8_0(bytes: &[u8], values: &mut [[f32; BLOCK]]) {
    for ([low, high, integers @ ..], values) in bytes.as_chunks::<34>().0.iter().zip(values) {
        let scale = half::to_f32(u16::from_le_bytes([*low, *high]));
        values.iter_mut().zip(integers).for_each(|(value, q)| *value = scale * f32::from(q.cast_signed()));
    }
}

#[inline(always)]
fn four_bits(integers: &[u8; 16], values: &mut [f32; BLOCK], value: impl Fn(f32) -> f32) {
    let (first, second) = values.split_at_mut(BLOCK / 2);
    for ((first, second), both) in first.iter_mut().zip(second).zip(integers) {
        (*first, *second) = (value(f32::from(both & 15)), value(f32::from(both >> 4)));
    }
}

#[cfg(test)]
mod tests {
    use std::ops::Range;

    use super::*;
    use crate::decode::{Columns, Matrix, Precision};

    /// The bytes of some blocks, with scales and minima between 2⁻⁴ and 2⁻³.
    fn bytes(blocks: usize, scales: usize, integers: usize) -> Vec<u8> {
        let block = |block: usize| {
            let scales = (0..scales).flat_map(move |i| [(block * 37 + i * 91) as u8, 0x2C]);
            scales.chain((0..integers).map(move |i| (block * 59 + i * 83) as u8))
        };
        (0..blocks).flat_map(block).collect()
    }

    #[test]
    fn values_of_a_block_of_each_kind() {
        // 0x3400 is 0.25, 0xC000 is -2.
        let mut block = vec![0x00, 0x34, 0x00, 0xC0];
        block.extend((0..16).map(|i| (i << 4) | (15 - i)));
        let mut found = [0.0; 32];
        Blocks::Q4_1(&block).expand(&mut found);
        assert_eq!((found[0], found[15], found[16], found[31]), (1.75, -2.0, -2.0, 1.75));
        block.drain(2..4);
        Blocks::Q4_0(&block).expand(&mut found);
        assert_eq!((found[0], found[15], found[16], found[31]), (1.75, -2.0, -2.0, 1.75));
        let mut block = vec![0x00, 0x34];
        block.extend((0..32).map(|i: i8| (i - 16).cast_unsigned()));
        Blocks::Q8_0(&block).expand(&mut found);
        assert_eq!((found[0], found[16], found[31]), (-4.0, 0.0, 3.75));
    }

    /// The columns of a matrix, each with its blocks; or only their values.
    struct Stored<'a> {
        columns: Vec<Blocks<'a>>,
        rows: usize,
        with_blocks: bool,
    }

    impl Columns for Stored<'_> {
        fn fill(&self, columns: Range<usize>, out: &mut [f32]) {
            columns.zip(out.chunks_exact_mut(self.rows)).for_each(|(column, out)| self.columns[column].expand(out));
        }

        fn blocks(&self, column: usize) -> Option<Blocks<'_>> {
            // Every third column has none.
            (self.with_blocks && column % 3 != 1).then(|| self.columns[column])
        }
    }

    /// In 4 bits nothing is lost; in other precisions the values are rounded as those of any matrix.
    #[test]
    fn matrices_from_blocks_are_those_from_their_values() {
        let (rows, cols) = (96, 40);
        type Kind = (fn(&[u8]) -> Blocks<'_>, usize, usize);
        let kinds: [Kind; 3] = [
            (|bytes| Blocks::Q4_0(bytes), 1, 16),
            (|bytes| Blocks::Q4_1(bytes), 2, 16),
            (|bytes| Blocks::Q8_0(bytes), 1, 32),
        ];
        for (blocks, scales, integers) in kinds {
            let stored = bytes(rows / 32 * cols, scales, integers);
            let columns = || stored.chunks(rows / 32 * (2 * scales + integers)).map(blocks).collect();
            for precision in [Precision::Bf16, Precision::Int8, Precision::Int4] {
                let [found, expected] = [true, false].map(|with_blocks| {
                    let columns = Stored { columns: columns(), rows, with_blocks };
                    Matrix::from_columns([rows, cols], precision, &columns).unwrap()
                });
                if precision != Precision::Int4 || integers == 32 {
                    assert_eq!(found.values(), expected.values(), "{precision:?}");
                }
                if precision == Precision::Int4 && integers == 16 {
                    let (mut exact, mut values) = (vec![0.0; rows], vec![0.0; rows]);
                    for (column, blocks) in columns().into_iter().enumerate().filter(|(column, _)| column % 3 != 1) {
                        let blocks: Blocks = blocks;
                        blocks.expand(&mut exact);
                        found.column(column, &mut values);
                        assert_eq!(values, exact);
                    }
                }
            }
        }
    }
}
