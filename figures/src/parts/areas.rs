//! Rectangles whose areas are the values.

use crate::geometry::{Rect, rect};

/// Cuts a rectangle into parts beside each other, with widths in the proportion of the values.
pub fn cut_across(all: Rect, values: &[f64]) -> Vec<Rect> {
    let sum: f64 = values.iter().sum();
    let mut x = all.x;
    let place = |value: &f64| {
        let w = all.w * value / sum;
        x += w;
        rect(x - w, all.y, w, all.h)
    };
    values.iter().map(place).collect()
}

/// Cuts a rectangle into parts below each other, with heights in the proportion of the values.
pub fn cut_down(all: Rect, values: &[f64]) -> Vec<Rect> {
    let turned = rect(all.y, all.x, all.h, all.w);
    cut_across(turned, values).into_iter().map(|part| rect(part.y, part.x, part.h, part.w)).collect()
}

/// Cuts a rectangle into parts with areas in the proportion of the values (largest first), each as square as possible:
/// a treemap (Bruls, Huizing and van Wijk 2000).
pub fn treemap(all: Rect, values: &[f64]) -> Vec<Rect> {
    let mut rest = all;
    let mut values = values;
    let mut parts = Vec::new();
    while !values.is_empty() {
        let sum: f64 = values.iter().sum();
        let short = rest.w.min(rest.h);
        let scale = rest.w * rest.h / sum;
        let worst = |count: usize| {
            let strip: f64 = values[..count].iter().sum::<f64>() * scale / short;
            let ratio = |value: &f64| {
                let ratio = value * scale / (strip * strip);
                ratio.max(1.0 / ratio)
            };
            values[..count].iter().map(ratio).fold(0.0, f64::max)
        };
        let count = (1..values.len()).find(|count| worst(count + 1) > worst(*count)).unwrap_or(values.len());
        let strip = values[..count].iter().sum::<f64>() / sum;
        if rest.w >= rest.h {
            let w = rest.w * strip;
            parts.extend(cut_down(rect(rest.x, rest.y, w, rest.h), &values[..count]));
            rest = rect(rest.x + w, rest.y, rest.w - w, rest.h);
        } else {
            let h = rest.h * strip;
            parts.extend(cut_across(rect(rest.x, rest.y, rest.w, h), &values[..count]));
            rest = rect(rest.x, rest.y + h, rest.w, rest.h - h);
        }
        values = &values[count..];
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn areas_have_the_proportion_of_the_values() {
        let all = rect(10.0, 20.0, 300.0, 200.0);
        let values = [6.0, 6.0, 4.0, 3.0, 2.0, 2.0, 1.0];
        for parts in [treemap(all, &values), cut_across(all, &values), cut_down(all, &values)] {
            assert_eq!(parts.len(), values.len());
            for (part, value) in parts.iter().zip(values) {
                assert!((part.w * part.h - value * 60_000.0 / 24.0).abs() < 1e-6, "{part:?}");
                assert!(part.x >= all.x && part.x_end() <= all.x_end() + 1e-9 && part.y_end() <= all.y_end() + 1e-9);
            }
        }
        assert!(treemap(all, &values).iter().all(|part| part.w / part.h < 3.0 && part.h / part.w < 3.0));
    }
}
