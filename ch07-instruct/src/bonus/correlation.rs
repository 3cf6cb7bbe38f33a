//! Do two judges agree (bonus)? Three measures, each from -1 (the opposite) over 0 (nothing in common) to 1.
//!
//! Every function returns `None` where the measure is not defined: with fewer than two pairs, or if one judge gives the
//! same score to all answers.
//!
//! # Panics
//! All functions panic if the two lists differ in length.

/// Pearson's r: do the scores lie on a line? `Σ(x - x̄)(y - ȳ) / √(Σ(x - x̄)² Σ(y - ȳ)²)`
pub fn pearson(xs: &[f64], ys: &[f64]) -> Option<f64> {
    check(xs, ys);
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let (mean_x, mean_y) = (mean(xs), mean(ys));
    let (mut xy, mut xx, mut yy) = (0.0, 0.0, 0.0);
    for (x, y) in xs.iter().zip(ys) {
        let (dx, dy) = (x - mean_x, y - mean_y);
        xy += dx * dy;
        xx += dx * dx;
        yy += dy * dy;
    }
    (xx > 0.0 && yy > 0.0).then(|| xy / (xx * yy).sqrt())
}

/// Spearman's ρ: do both judges put the answers into the same order? Pearson's r of the ranks.
pub fn spearman(xs: &[f64], ys: &[f64]) -> Option<f64> {
    pearson(&ranks(xs), &ranks(ys))
}

/// Kendall's τ-b: of two answers, how often do both judges prefer the same one? With c pairs in the same order, d in the
/// opposite one, and t_x, t_y pairs that are not tied for the one and the other judge: `(c - d) / √(t_x t_y)`.
pub fn kendall(xs: &[f64], ys: &[f64]) -> Option<f64> {
    check(xs, ys);
    let sign = |a: f64, b: f64| f64::from(i8::from(a > b) - i8::from(a < b));
    let (mut balance, mut untied_x, mut untied_y) = (0.0, 0.0f64, 0.0f64);
    for i in 0..xs.len() {
        for j in 0..i {
            let (x, y) = (sign(xs[i], xs[j]), sign(ys[i], ys[j]));
            balance += x * y;
            untied_x += x * x;
            untied_y += y * y;
        }
    }
    (untied_x > 0.0 && untied_y > 0.0).then(|| balance / (untied_x * untied_y).sqrt())
}

/// The rank of each value, from 1; equal values share the mean of their ranks.
fn ranks(values: &[f64]) -> Vec<f64> {
    let rank = |value: &f64| {
        let below = values.iter().filter(|other| *other < value).count();
        let equal = values.iter().filter(|other| *other == value).count();
        below as f64 + (equal + 1) as f64 / 2.0
    };
    values.iter().map(rank).collect()
}

fn check(xs: &[f64], ys: &[f64]) {
    assert_eq!(xs.len(), ys.len(), "both judges score the same answers");
}
