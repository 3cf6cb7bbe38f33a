//! The kernels with matrix products, in CubeCL, which compiles them for the GPU that is present. A cube is a group of
//! threads, called units, that share memory (CUDA: thread block; Vulkan: workgroup).

use burn::cubecl;
use cubecl::prelude::*;

use super::UNITS;
use crate::gelu::{CUBIC, SQRT_2_OVER_PI};

/// Columns of a result that one cube computes.
pub const COLUMNS: usize = 8;

/// Units that share the work for one column.
const SLICES: usize = UNITS / COLUMNS;

/// Reduces the numbers of all units to `numbers[0]`: their sum or their maximum.
#[cube]
pub fn reduce(numbers: &mut Shared<[f32]>, #[comptime] largest: bool) {
    let unit = UNIT_POS as usize;
    let mut half = comptime!(UNITS / 2).runtime();
    while half > 0 {
        sync_cube();
        if unit < half {
            let (a, b) = (numbers[unit], numbers[unit + half]);
            if comptime!(largest) {
                numbers[unit] = max(a, b);
            } else {
                numbers[unit] = a + b;
            }
        }
        half /= 2;
    }
    sync_cube();
}

/// `normalized = (x - mean) / sqrt(variance + eps) · scale + shift`.
#[cube]
fn normalize(
    x: &Tensor<f32>,
    scale: &Tensor<f32>,
    shift: &Tensor<f32>,
    eps: f32,
    normalized: &mut Shared<[f32]>,
    sums: &mut Shared<[f32]>,
    #[comptime] width: usize,
) {
    let unit = UNIT_POS as usize;
    let mut sum = 0.0f32;
    let mut i = unit;
    while i < width {
        sum += x[i];
        i += UNITS;
    }
    sums[unit] = sum;
    reduce(sums, false);
    let mean = sums[0] / width as f32;
    sync_cube();

    let mut sum = 0.0f32;
    let mut i = unit;
    while i < width {
        let distance = x[i] - mean;
        sum += distance * distance;
        i += UNITS;
    }
    sums[unit] = sum;
    reduce(sums, false);
    let deviation = (sums[0] / width as f32 + eps).sqrt();
    let mut i = unit;
    while i < width {
        normalized[i] = (x[i] - mean) / deviation * scale[i] + shift[i];
        i += UNITS;
    }
    sync_cube();
}

/// The product of a vector with one column of `weight`, in 16 or 32 bits, for [`COLUMNS`] columns at once. The result is
/// valid in the units of the first slice only.
#[cube]
fn column_product<W: Numeric>(
    x: &[f32],
    weight: &Tensor<W>,
    column: usize,
    sums: &mut Shared<[f32]>,
    #[comptime] inner: usize,
) -> f32 {
    let unit = UNIT_POS as usize;
    let slice = unit / COLUMNS;
    let down = weight.stride(0);
    let mut sum = 0.0f32;
    if column < weight.shape(1) {
        let start = column * weight.stride(1);
        // Four loads are in flight at a time.
        let mut i = slice;
        while i + 3 * SLICES < inner {
            let a = f32::cast_from(weight[start + i * down]) * x[i];
            let b = f32::cast_from(weight[start + (i + SLICES) * down]) * x[i + SLICES];
            let c = f32::cast_from(weight[start + (i + 2 * SLICES) * down]) * x[i + 2 * SLICES];
            let d = f32::cast_from(weight[start + (i + 3 * SLICES) * down]) * x[i + 3 * SLICES];
            sum += (a + b) + (c + d);
            i += 4 * SLICES;
        }
        while i < inner {
            sum += f32::cast_from(weight[start + i * down]) * x[i];
            i += SLICES;
        }
    }
    sums[unit] = sum;
    let mut half = comptime!(UNITS / 2).runtime();
    while half >= COLUMNS {
        sync_cube();
        if unit < half {
            let other = sums[unit + half];
            sums[unit] += other;
        }
        half /= 2;
    }
    sync_cube();
    sums[unit % COLUMNS]
}

/// The column of the unit, and whether it is to write it.
#[cube]
fn column_of_unit() -> (usize, bool) {
    let unit = UNIT_POS as usize;
    (CUBE_POS_X as usize * COLUMNS + unit % COLUMNS, unit < COLUMNS)
}

/// `norm(x) W + b`, split into heads: the query, the key or the value of a token. It is written to `heads`,
/// `[1, heads, room, head_dim]`, as token number `position`.
#[cube(launch)]
pub fn projection<W: Numeric>(
    x: &Tensor<f32>,
    scale: &Tensor<f32>,
    shift: &Tensor<f32>,
    eps: f32,
    weight: &Tensor<W>,
    bias: &Tensor<f32>,
    heads: &mut Tensor<f32>,
    position: u32,
    #[comptime] width: usize,
    #[comptime] biased: bool,
    #[define(W)] _kind: ElemType,
) {
    let mut normalized = Shared::<[f32]>::new_slice(width);
    let mut sums = Shared::<[f32]>::new_slice(UNITS);
    normalize(x, scale, shift, eps, &mut normalized, &mut sums, width);
    let (column, writes) = column_of_unit();
    let mut sum = column_product(&normalized, weight, column, &mut sums, width);
    if writes && column < width {
        if comptime!(biased) {
            sum += bias[column];
        }
        let head_dim = heads.shape(3);
        let (head, i) = (column / head_dim, column % head_dim);
        let at = head * heads.stride(1) + position as usize * heads.stride(2) + i * heads.stride(3);
        heads[at] = sum;
    }
}

/// `y = x W + b + shortcut`.
#[cube(launch)]
pub fn product_and_shortcut<W: Numeric>(
    x: &Tensor<f32>,
    weight: &Tensor<W>,
    bias: &Tensor<f32>,
    shortcut: &Tensor<f32>,
    y: &mut Tensor<f32>,
    #[comptime] inner: usize,
    #[define(W)] _kind: ElemType,
) {
    let mut sums = Shared::<[f32]>::new_slice(UNITS);
    let (column, writes) = column_of_unit();
    let sum = column_product(x.as_slice(), weight, column, &mut sums, inner);
    if writes && column < weight.shape(1) {
        y[column] = sum + bias[column] + shortcut[column];
    }
}

/// `y = norm(x) W`, or `gelu(norm(x) W + b)`.
#[cube(launch)]
pub fn normalized_product<W: Numeric>(
    x: &Tensor<f32>,
    scale: &Tensor<f32>,
    shift: &Tensor<f32>,
    eps: f32,
    weight: &Tensor<W>,
    bias: &Tensor<f32>,
    y: &mut Tensor<f32>,
    #[comptime] width: usize,
    #[comptime] bias_and_gelu: bool,
    #[define(W)] _kind: ElemType,
) {
    let mut normalized = Shared::<[f32]>::new_slice(width);
    let mut sums = Shared::<[f32]>::new_slice(UNITS);
    normalize(x, scale, shift, eps, &mut normalized, &mut sums, width);
    let (column, writes) = column_of_unit();
    let sum = column_product(&normalized, weight, column, &mut sums, width);
    if writes && column < weight.shape(1) {
        if comptime!(bias_and_gelu) {
            let x = sum + bias[column];
            // Above 15, tanh is 1 in 32 bits, but some drivers compute it with exponentials that overflow.
            let u = SQRT_2_OVER_PI * x * (CUBIC * x * x + 1.0f32);
            let u = max(min(u, f32::new(15.0)), f32::new(-15.0));
            y[column] = 0.5f32 * x * (1.0f32 + u.tanh());
        } else {
            y[column] = sum;
        }
    }
}
