//! Section 7.8: what the judge is asked about the first three answers of the book's model, and, if Ollama runs on this
//! machine, what it says.
//! `cargo run -p ch07-instruct --example 7_8_judge`

use ch07_instruct::judge::{JUDGE_MODEL, OLLAMA_URL, TIMEOUT, verbose_score_prompt};
use ch07_instruct::{Entries, Entry, Judge};

fn main() -> anyhow::Result<()> {
    let entries = Entries::load("instructions-with-response").unwrap_or_else(|missing| {
        println!("{missing}\nHere is an answer made up for this example instead.\n");
        let made_up = Some("The car is as fast as a bullet.".to_string());
        let entry = Entry::new("Compare the car with something fast.", "The car is very fast.", "It is like a rocket.");
        vec![Entry { model_response: made_up, ..entry }]
    });
    let judge = Judge::new(OLLAMA_URL, JUDGE_MODEL, TIMEOUT);
    for entry in entries.iter().take(3) {
        let response = entry.model_response.as_deref().unwrap_or_default();
        let question = verbose_score_prompt(entry, response);
        println!("Question:\n{question}");
        match judge.query(&question) {
            Ok(reply) => println!("\nScore:\n>> {reply}\n\n-------------------------"),
            Err(error) => {
                println!("\n{error}");
                break;
            }
        }
    }
    Ok(())
}
