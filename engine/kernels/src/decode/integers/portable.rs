//! Products for any processor.

use super::GROUP;
use super::half;
use super::int4::Int4Block;
use super::int8::Int8Block;
use super::kernel::{Block, Kernel, sums};
use super::vectors::VectorBlock;
use crate::decode::compressed::PANEL;

struct Portable;

/// [`sums`], on any processor.
pub fn portable<B: Block, const N: usize, const T: usize>(
    panels: [&[B]; N],
    x: [&[VectorBlock]; T],
    out: &mut [[[f32; PANEL]; T]; N],
) {
    // SAFETY: no special instructions.
    unsafe { sums::<Portable, B, N, T>(panels, x, out) }
}

impl Kernel for Portable {
    type Sums = [f32; PANEL];

    const AHEAD: usize = 3;

    const PAIRS: bool = false;

    #[inline(always)]
    unsafe fn zeros() -> Self::Sums {
        [0.0; PANEL]
    }

    #[inline(always)]
    unsafe fn numbers(sums: Self::Sums) -> [f32; PANEL] {
        sums
    }

    #[inline(always)]
    unsafe fn add_int8<const T: usize>(block: &Int8Block, x: [&VectorBlock; T], sums: &mut [Self::Sums; T]) {
        for (x, sums) in x.into_iter().zip(sums) {
            let factors = x.values.map(repeated);
            let integers = integers(|place| {
                let mut sums = [0; TOGETHER];
                for (values, factors) in block.values.iter().zip(&factors) {
                    add(&mut sums, values.as_flattened(), place, factors, i16::from);
                }
                sums
            });
            for (sum, integer) in sums.iter_mut().zip(integers) {
                *sum += integer as f32 * x.scale;
            }
        }
    }

    #[inline(always)]
    unsafe fn add_int4<const T: usize>(block: &Int4Block, x: [&VectorBlock; T], sums: &mut [Self::Sums; T]) {
        let (scales, minima) = (block.scales.map(half::to_f32), block.minima.map(half::to_f32));
        for (x, sums) in x.into_iter().zip(sums) {
            let factors = x.values.map(repeated);
            let integers = integers(|place| {
                let mut sums = [0; TOGETHER];
                for (both, [first, second]) in block.values.iter().zip(factors.as_chunks::<2>().0) {
                    add(&mut sums, both.as_flattened(), place, first, |both| i16::from(both & 15));
                    add(&mut sums, both.as_flattened(), place, second, |both| i16::from(both >> 4));
                }
                sums
            });
            let grids = scales.iter().zip(&minima);
            for ((sum, integer), (scale, minimum)) in sums.iter_mut().zip(integers).zip(grids) {
                *sum += integer as f32 * (scale * x.scale);
                *sum += minimum * x.sum;
            }
        }
    }
}

/// Numbers that are multiplied at once: four rows of a few columns.
const TOGETHER: usize = 16;

/// Four numbers of a vector for each column.
#[inline(always)]
fn repeated(group: [i8; GROUP]) -> [i16; TOGETHER] {
    std::array::from_fn(|index| i16::from(group[index % GROUP]))
}

/// Adds the products of some numbers of a group of rows.
#[inline(always)]
fn add<V: Copy>(
    sums: &mut [i32; TOGETHER],
    values: &[V],
    place: usize,
    factors: &[i16; TOGETHER],
    number: impl Fn(V) -> i16,
) {
    for ((sum, value), factor) in sums.iter_mut().zip(&values.as_chunks::<TOGETHER>().0[place]).zip(factors) {
        *sum += i32::from(number(*value) * factor);
    }
}

/// The sums of all columns, from those of the numbers at each place.
#[inline(always)]
fn integers(products: impl Fn(usize) -> [i32; TOGETHER]) -> [i32; PANEL] {
    const COLUMNS: usize = TOGETHER / GROUP;
    let mut integers = [0; PANEL];
    for (place, integers) in integers.as_chunks_mut::<COLUMNS>().0.iter_mut().enumerate() {
        let products = products(place);
        let (columns, _) = products.as_chunks::<GROUP>();
        integers.iter_mut().zip(columns).for_each(|(integer, products)| *integer = products.iter().sum());
    }
    integers
}
