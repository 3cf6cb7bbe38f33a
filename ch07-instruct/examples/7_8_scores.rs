//! Section 7.8: the question to a judge, and the score in its replies. Nothing is sent.
//! `cargo run -p ch07-instruct --example 7_8_scores`

use ch07_instruct::entry::EMBEDDED_NAME;
use ch07_instruct::judge::score_prompt;
use ch07_instruct::{Entries, Summary, Verdict, parse_score, partition};

fn main() -> anyhow::Result<()> {
    let entries = Entries::load(EMBEDDED_NAME)?;
    let entry = &partition(&entries).test[1];
    println!("{}\n", score_prompt(entry, "garden, wind, salt"));

    let replies = [
        "85",
        "Score: 85",
        "I would give it 85/100.",
        "85 out of 100, since all words are there.",
        "On a scale from 0 to 100: 40",
        "The first part is worth 60, the second 20.",
        "120",
        "This answer is partly correct.",
    ];
    let verdict = |reply: &str| Verdict { score: parse_score(reply), reply: reply.to_string() };
    let verdicts = replies.map(verdict);
    for Verdict { score, reply } in &verdicts {
        println!("{:10}{reply}", score.map_or("none".to_string(), |score| score.to_string()));
    }
    let summary = Summary::of(&verdicts);
    let mean = summary.mean.unwrap_or(f64::NAN);
    println!("\n{} of {} replies have a score, mean {mean:.2}", summary.scored, summary.total);
    Ok(())
}
