//! Bonus: what the similarity of near-duplicates sees and what it does not, and test tasks that resemble training tasks.
//! `cargo run -p ch07-instruct --example bonus_similarity`

use ch07_instruct::bonus::near_duplicates::find_near_duplicates;
use ch07_instruct::entry::EMBEDDED_NAME;
use ch07_instruct::{Entries, Entry, partition};

fn main() -> anyhow::Result<()> {
    let sentences = [
        "Turn the sentence from active into passive voice.",
        "Turn the sentence from passive into active voice.",
        "Turn the sentences from active voice into passive voice.",
        "Rewrite it so that the doer is no longer the subject.",
        "What is 8 times 6?",
        "What is 6 times 8?",
    ];
    for pair in find_near_duplicates(&sentences, 0.0) {
        println!("{:.4}  {} | {}", pair.similarity, sentences[pair.first], sentences[pair.second]);
    }

    let entries = Entries::load(EMBEDDED_NAME)?;
    let task = |entry: &Entry| format!("{} {}", entry.instruction, entry.input);
    let texts: Vec<String> = entries.iter().map(task).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let (trained, tested) = (partition(&entries).train.len(), partition(&entries).test.len());
    let test = trained..trained + tested;
    println!("\nsmall tasks: {trained} for training, {tested} for the test");
    for threshold in [0.99, 0.9, 0.8] {
        let pairs = find_near_duplicates(&texts, threshold);
        let across = |i: &usize| pairs.iter().any(|pair| pair.second == *i && pair.first < trained);
        println!(
            "similarity above {threshold}: {} test tasks have a relative in the training part",
            test.clone().filter(across).count()
        );
    }
    let pairs = find_near_duplicates(&texts, 0.9);
    for pair in pairs.iter().filter(|pair| pair.first < trained && test.contains(&pair.second)).take(3) {
        println!("{:.2}  {} | {}", pair.similarity, texts[pair.first], texts[pair.second]);
    }
    Ok(())
}
