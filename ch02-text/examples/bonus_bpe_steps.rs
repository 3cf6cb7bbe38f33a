//! Bonus: training byte pair encoding on one sentence, merge by merge.
//! `cargo run -p ch02-text --example bonus_bpe_steps`

use ch02_text::bonus::pairs::{Pair, count_pairs, most_frequent, replace_pair};

fn main() {
    // Characters are their own ids; `Ġ` stands for a space. New tokens get the ids from 1000 on.
    let text = "the cat in the hat".replace(' ', "Ġ");
    let mut ids: Vec<u32> = text.chars().map(u32::from).collect();
    let mut learnt: Vec<String> = Vec::new();
    loop {
        let token = |id: u32| match id {
            1000.. => learnt[id as usize - 1000].clone(),
            character => char::from_u32(character).map(String::from).unwrap_or_default(),
        };
        let pair = |(left, right): Pair| format!("{} {}", token(left), token(right));
        println!("{} tokens: {}", ids.len(), ids.iter().map(|&id| token(id)).collect::<Vec<_>>().join(" "));
        let counts = count_pairs([(&ids[..], 1)]);
        let often: Vec<String> = counts
            .iter()
            .filter(|(_, count)| *count > 1)
            .map(|&(neighbours, count)| format!("{} {count}x", pair(neighbours)))
            .collect();
        println!("  more than once: {}", if often.is_empty() { "no pair".to_string() } else { often.join(", ") });
        let Some(best) = most_frequent(&counts).filter(|_| !often.is_empty()) else { break };
        println!("  merged: {}\n", pair(best));
        let new = token(best.0) + &token(best.1);
        ids = replace_pair(&ids, best, 1000 + learnt.len() as u32);
        learnt.push(new);
    }
}
