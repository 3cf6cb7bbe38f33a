//! Attention of one query over the cache, in CubeCL: one cube for each head.

use burn::cubecl;
use cubecl::prelude::*;

use super::cube::reduce;
use super::{ROOM, UNITS};

/// The context vector of one head: its query sees the first `visible` keys.
#[cube(launch)]
pub fn attention(
    queries: &Tensor<f32>,
    keys: &Tensor<f32>,
    values: &Tensor<f32>,
    context: &mut Tensor<f32>,
    visible: u32,
    factor: f32,
    #[comptime] head_dim: usize,
) {
    let mut weights = Shared::<[f32]>::new_slice(ROOM);
    let mut numbers = Shared::<[f32]>::new_slice(UNITS);
    let unit = UNIT_POS as usize;
    let visible = visible as usize;
    let head = CUBE_POS_X as usize;
    let query = head * head_dim;
    scores(queries, keys, &mut weights, &mut numbers, visible, factor, head_dim);
    let total = exponentials(&mut weights, &mut numbers, visible);

    let (start, next, right) = (head * values.stride(1), values.stride(2), values.stride(3));
    let slices = comptime!(UNITS / head_dim);
    let (slice, i) = (unit / head_dim, unit % head_dim);
    let mut sum = 0.0f32;
    if slice < slices {
        let mut token = slice;
        while token < visible {
            sum += weights[token] * values[start + token * next + i * right];
            token += slices;
        }
    }
    numbers[unit] = sum;
    sync_cube();
    if unit < head_dim {
        let mut sum = 0.0f32;
        for slice in 0..slices {
            sum += numbers[slice * head_dim + unit];
        }
        context[query + unit] = sum / total;
    }
}

/// `scores[token] = factor * query · key` for the visible tokens of one head; their maximum is in `numbers[0]`.
#[cube]
fn scores(
    queries: &Tensor<f32>,
    keys: &Tensor<f32>,
    scores: &mut Shared<[f32]>,
    numbers: &mut Shared<[f32]>,
    visible: usize,
    factor: f32,
    #[comptime] head_dim: usize,
) {
    let unit = UNIT_POS as usize;
    let head = CUBE_POS_X as usize;
    let query = head * head_dim;
    let (start, next, right) = (head * keys.stride(1), keys.stride(2), keys.stride(3));
    let mut largest = f32::new(f32::MIN);
    let mut token = unit;
    while token < visible {
        let mut score = 0.0f32;
        for i in 0..head_dim {
            score += queries[query + i] * keys[start + token * next + i * right];
        }
        score *= factor;
        scores[token] = score;
        largest = max(largest, score);
        token += UNITS;
    }
    numbers[unit] = largest;
    reduce(numbers, true);
}

/// Turns each score into `e^(score - numbers[0])` and returns their sum.
#[cube]
fn exponentials(scores: &mut Shared<[f32]>, numbers: &mut Shared<[f32]>, visible: usize) -> f32 {
    let unit = UNIT_POS as usize;
    let largest = numbers[0];
    sync_cube();

    let mut total = 0.0f32;
    let mut token = unit;
    while token < visible {
        let weight = (scores[token] - largest).exp();
        scores[token] = weight;
        total += weight;
        token += UNITS;
    }
    numbers[unit] = total;
    reduce(numbers, false);
    let total = numbers[0];
    sync_cube();
    total
}
