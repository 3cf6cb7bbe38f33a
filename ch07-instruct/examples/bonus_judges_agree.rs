//! Bonus: how well two judges agree, on the first ten scores that a hosted and a local judge gave the same model.
//! `cargo run -p ch07-instruct --example bonus_judges_agree`

use ch07_instruct::bonus::correlation::{kendall, pearson, spearman};

fn main() {
    let hosted = [0.0, 50.0, 20.0, 100.0, 0.0, 100.0, 0.0, 100.0, 100.0, 100.0];
    let local = [20.0, 92.0, 85.0, 90.0, 20.0, 90.0, 22.0, 97.0, 60.0, 96.0];
    println!("hosted judge: {hosted:?}\nlocal judge:  {local:?}\n");
    for (name, measure) in
        [("Pearson", pearson as fn(&[f64], &[f64]) -> Option<f64>), ("Spearman", spearman), ("Kendall", kendall)]
    {
        println!("{name:<9}{:.4}", measure(&hosted, &local).unwrap_or(f64::NAN));
    }
}
