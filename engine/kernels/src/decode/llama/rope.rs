//! Rotary positions: the pairs `(x[i], x[i + n])` of a head of width `2 n` rotate by `position · frequency[i]`.

/// Cosines and sines of the angles of one token, one of each for every pair.
#[derive(Clone, Debug, Default)]
pub struct Rotation {
    cos: Vec<f32>,
    sin: Vec<f32>,
}

impl Rotation {
    /// The rotation at a position; `frequencies` in radians per position. Angles are computed in 64 bits.
    pub fn at(position: usize, frequencies: &[f64]) -> Self {
        let (sin, cos) = frequencies
            .iter()
            .map(|frequency| (position as f64 * frequency).sin_cos())
            .unzip::<f64, f64, Vec<_>, Vec<_>>();
        let round = |values: Vec<f64>| values.into_iter().map(|value| value as f32).collect();
        Self { cos: round(cos), sin: round(sin) }
    }

    /// Rotates one head.
    pub fn apply(&self, head: &mut [f32]) {
        let (left, right) = head.split_at_mut(self.cos.len());
        for ((a, b), (cos, sin)) in left.iter_mut().zip(right).zip(self.cos.iter().zip(&self.sin)) {
            (*a, *b) = (*a * cos - *b * sin, *b * cos + *a * sin);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_of_a_head_at_position_3() {
        let mut head = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0];
        Rotation::at(3, &[1.0, 0.1, 0.01, 0.001]).apply(&mut head);
        let expected = [-1.695_593, 0.137_552, 2.788_682, 3.975_982, -4.808_842, 6.323_059, 7.086_837, 8.011_964];
        for (found, expected) in head.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-5, "{found} instead of {expected}");
        }
    }
}
