//! Section 6.6: three rules that learn nothing, measured on all messages and on as much spam as ham.
//! `cargo run -p ch06-classify --example 6_6_rules`

use ch06_classify::{Confusion, Message, create_balanced_dataset};

mod common;

/// Whether a message is spam, in the opinion of a rule.
type Rule = fn(&str) -> bool;

fn main() -> anyhow::Result<()> {
    let rules: [(&str, Rule); 3] = [
        ("never", |_| false),
        ("has a digit", |text| text.contains(|c: char| c.is_ascii_digit())),
        ("over 100 characters", |text| text.chars().count() > 100),
    ];
    let messages = common::messages()?;
    let balanced = create_balanced_dataset(&messages);
    for (what, messages) in [("All", &messages), ("Balanced", &balanced)] {
        println!("{what}: {} messages", messages.len());
        println!("{:<22}{:>9}{:>11}{:>8}", "spam, says the rule", "accuracy", "precision", "recall");
        for (name, rule) in rules {
            let found = judge(rule, messages);
            let percent = [found.accuracy(), found.precision(), found.recall()].map(|share| 100.0 * share);
            println!("{name:<22}{:>8.2}%{:>10.2}%{:>7.2}%", percent[0], percent[1], percent[2]);
        }
    }
    Ok(())
}

fn judge(rule: Rule, messages: &[Message]) -> Confusion {
    let mut confusion = Confusion::default();
    for message in messages {
        confusion.counts[message.label.class()][usize::from(rule(&message.text))] += 1;
    }
    confusion
}
