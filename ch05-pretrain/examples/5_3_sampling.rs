//! Section 5.3: the next word by chance, with temperature and top-k, in a vocabulary of nine words.
//! `cargo run -p ch05-pretrain --example 5_3_sampling`

use std::path::Path;

use burn::tensor::{Device, Tensor};
use ch05_pretrain::generate::{choose_token, softmax_with_temperature, top_k_filter};
use shared::files;
use shared::rng::TorchRng;
use workshop::plot;

const WORDS: [&str; 9] = ["closer", "every", "effort", "forward", "inches", "moves", "pizza", "toward", "you"];
#[expect(clippy::approx_constant, reason = "6.28 is a logit, not 2π")]
const LOGITS: [f32; 9] = [4.51, 0.89, -1.90, 6.75, 1.63, -1.62, -1.89, 6.28, 1.79];

fn main() -> anyhow::Result<()> {
    let logits = Tensor::<1>::from_floats(LOGITS, &Device::flex());
    let row = logits.clone().unsqueeze::<2>(); // [1, 9]
    let word = |ids: Vec<u32>| WORDS[ids[0] as usize];
    println!("The most likely word: {}", word(choose_token(row.clone(), 0.0, None, &mut TorchRng::new(123))?));
    println!("One draw, seed 123:   {}", word(choose_token(row.clone(), 1.0, None, &mut TorchRng::new(123))?));

    // 5.3.1: 1,000 draws at each temperature.
    let mut bars = Vec::new();
    for (temperature, name) in [(1.0, "Temperature 1"), (0.1, "Temperature 0.1"), (5.0, "Temperature 5")] {
        let probabilities = softmax_with_temperature(logits.clone(), temperature).into_data();
        let probabilities: Vec<f32> = probabilities.iter().collect();
        let (mut counts, mut rng) = ([0; 9], TorchRng::new(123));
        (0..1000).for_each(|_| counts[rng.multinomial(&probabilities)] += 1);
        println!("\n{name}, 1,000 draws:");
        for ((word, count), probability) in WORDS.iter().zip(counts).zip(&probabilities) {
            println!("{count:4} x {word:8} (probability {probability:.4})");
        }
        bars.push((name, probabilities.into_iter().map(f64::from).collect()));
    }
    let path = Path::new("runs/5_3_temperatures.svg");
    let picture = plot::grouped_bars("The next word at three temperatures", "Probability", &WORDS, &bars);
    files::write_whole(path, picture.as_bytes())?;
    println!("\nPicture: {}", path.display());

    // 5.3.2: only the three largest logits stay.
    let (top, positions) = logits.topk_with_indices(3, 0);
    println!("\nTop logits:    {:.4?}", top.into_data().iter::<f32>().collect::<Vec<_>>());
    println!("Top positions: {:?}", positions.into_data().iter::<i64>().collect::<Vec<_>>());
    let kept = top_k_filter(row, 3); // [1, 9]
    println!("The others masked: {:.2?}", kept.clone().into_data().iter::<f32>().collect::<Vec<_>>());
    let probabilities = softmax_with_temperature(kept, 1.0);
    println!("Probabilities:     {:.4?}", probabilities.into_data().iter::<f32>().collect::<Vec<_>>());
    Ok(())
}
