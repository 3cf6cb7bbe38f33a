//! Sections D.1 and D.2: the learning rate of every step, in numbers and as a picture.
//! `cargo run -p appendix-train-tricks --example d_1_schedules`

use appendix_train_tricks::{Decay, Schedule};
use shared::files;
use workshop::plots::plot_learning_rates;

fn main() -> anyhow::Result<()> {
    let (batches, epochs) = (9, 15);
    let total_steps = batches * epochs;
    let warmup_steps = (0.2 * total_steps as f64) as usize;
    println!("{total_steps} steps, {warmup_steps} of them warm-up");

    let rates = |decay| -> Vec<f64> {
        let schedule = Schedule { warmup_steps, initial_lr: 1e-4, min_lr: 1e-5, decay };
        (0..total_steps).map(|step| schedule.learning_rate(step, 1e-2, total_steps)).collect()
    };
    let [constant, cosine, linear] = [Decay::Constant, Decay::Cosine, Decay::Linear].map(rates);
    println!("step   D.1 warm-up   D.2 cosine   linear");
    for step in [0, 1, 13, 26, 27, 28, 54, 81, 108, 134] {
        println!("{step:4}   {:.8}    {:.8}   {:.8}", constant[step], cosine[step], linear[step]);
    }
    for (path, lines) in [
        ("runs/d_1_warmup.svg", vec![("Warm-up", constant)]),
        ("runs/d_2_decay.svg", vec![("Cosine decay", cosine), ("Linear decay", linear)]),
    ] {
        files::write_whole(path.as_ref(), plot_learning_rates(&lines)?.as_bytes())?;
        println!("Picture: {path}");
    }
    Ok(())
}
