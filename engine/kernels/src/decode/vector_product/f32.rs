//! Weights in 32 bits, row-major.

use std::array;
use std::ops::Range;

use multiversion::multiversion;

use crate::decode::input::Input;

/// Numbers of all results that are computed together, so that they stay in the cache.
const TOGETHER: usize = 8192;

/// Rows that are read together, an even number.
const STREAMS: usize = 8;

/// Columns that are added up at once.
const LANES: usize = 32;

/// Numbers of a vector, one for each of the rows that are read together.
type Factors = [f32; STREAMS];

/// Adds to rows of `y` the products of some vectors and a part of a matrix with `width` columns.
pub fn add_products(values: &[f32], width: usize, x: &Input, cols: Range<usize>, y: &mut [f32], stride: usize) {
    let block = (TOGETHER / x.n / LANES * LANES).max(8 * LANES);
    let mut factors = vec![[0.0; STREAMS]; x.n];
    for first in cols.clone().step_by(block) {
        let part = Part { first_row: x.rows.start, width, cols: first..cols.end.min(first + block) };
        add_part(&part, values, x, &mut factors, &mut y[first - cols.start..], stride);
    }
}

/// The position of a part in a row-major matrix.
struct Part {
    first_row: usize,
    width: usize,
    cols: Range<usize>,
}

/// `y += x W` for a part of `W`. [`STREAMS`] rows that lie far apart are read together: where the part has whole rows, memory is
/// read in as many long streams, which the processor prefetches.
#[multiversion(targets = "simd")]
fn add_part(part: &Part, values: &[f32], x: &Input, factors: &mut [Factors], y: &mut [f32], stride: usize) {
    let len = part.cols.len();
    let row = |i: usize| &values[(part.first_row + i) * part.width + part.cols.start..][..len];
    let per_stream = x.rows.len() / STREAMS;
    for index in 0..per_stream {
        for (vector, factors) in factors.iter_mut().enumerate() {
            let vector = x.vector(vector);
            *factors = array::from_fn(|i| vector[i * per_stream + index]);
        }
        add_rows(array::from_fn(|i| row(i * per_stream + index)), factors, y, stride);
    }
    for i in STREAMS * per_stream..x.rows.len() {
        for vector in 0..x.n {
            let factor = x.vector(vector)[i];
            y[vector * stride..][..len].iter_mut().zip(row(i)).for_each(|(y, w)| *y += factor * w);
        }
    }
}

/// Adds the rows to each `y`, times the factors of its vector.
#[inline(always)]
fn add_rows(rows: [&[f32]; STREAMS], factors: &[Factors], y: &mut [f32], stride: usize) {
    let len = rows[0].len();
    for first in (0..len - len % LANES).step_by(LANES) {
        let rows: [&[f32; LANES]; STREAMS] = array::from_fn(|i| rows[i][first..].first_chunk().expect("a whole block"));
        for (vector, factors) in factors.iter().enumerate() {
            let y: &mut [f32; LANES] = y[vector * stride + first..].first_chunk_mut().expect("a whole block");
            let mut sums = [0.0; LANES];
            for i in (0..STREAMS).step_by(2) {
                for (sum, (w, next)) in sums.iter_mut().zip(rows[i].iter().zip(rows[i + 1])) {
                    *sum += factors[i] * w + factors[i + 1] * next;
                }
            }
            y.iter_mut().zip(sums).for_each(|(y, sum)| *y += sum);
        }
    }
    for column in len - len % LANES..len {
        for (vector, factors) in factors.iter().enumerate() {
            let mut sum = 0.0;
            for i in (0..STREAMS).step_by(2) {
                sum += factors[i] * rows[i][column] + factors[i + 1] * rows[i + 1][column];
            }
            y[vector * stride + column] += sum;
        }
    }
}
