//! The preparation utilities: near-duplicates and correlations.

use ch07_instruct::correlation::{kendall, pearson, spearman};
use ch07_instruct::near_duplicates::{find_near_duplicates, without_seconds};
use ch07_instruct::{Entries, Entry};
use shared::data;

const INSTRUCTIONS: [&str; 4] = [
    "What is the capital of Italy?",
    "What's the capital city of Italy?",
    "Identify the main verb in the sentence: 'The cat sleeps on the couch.'",
    "Identify the verb in the following sentence: The cat sleeps on the couch.",
];

const OUTPUTS: [&str; 4] = [
    "The capital of Italy is Rome.",
    "The capital city is Rome.",
    "The verb is 'sleeps'.",
    "The verb in the sentence is \"sleeps.\"",
];

/// Places and similarity with four decimals.
fn found(texts: &[&str], threshold: f64) -> Vec<(usize, usize, String)> {
    let pairs = find_near_duplicates(texts, threshold);
    pairs.iter().map(|pair| (pair.first, pair.second, format!("{:.4}", pair.similarity))).collect()
}

#[test]
fn similarities_of_the_built_in_texts() {
    let pair = |first, second, similarity: &str| (first, second, similarity.to_string());
    assert_eq!(found(&INSTRUCTIONS, 0.75), [pair(0, 1, "0.8552"), pair(2, 3, "0.9276")]);
    assert_eq!(found(&OUTPUTS, 0.75), [pair(0, 1, "0.7932"), pair(2, 3, "0.7526")]);
}

#[test]
fn near_duplicates_of_the_example_file() {
    let Some(text) = data::for_test("instruction-examples") else { return };
    let entries = Entries::parse(&text, "examples").unwrap();
    let of = |field: fn(&Entry) -> &str| {
        let texts: Vec<&str> = entries.iter().map(field).collect();
        let pairs = find_near_duplicates(&texts, 0.9);
        pairs.iter().map(|p| (p.first, p.second, format!("{:.2}", p.similarity))).collect::<Vec<_>>()
    };
    let pair = |first, second, similarity: &str| (first, second, similarity.to_string());
    let instructions = [pair(42, 105, "0.94"), pair(73, 74, "1.00"), pair(103, 109, "0.91")];
    assert_eq!(of(|entry| &entry.instruction), instructions);
    assert_eq!(of(|entry| &entry.input), []);
    assert_eq!(of(|entry| &entry.output), [pair(73, 74, "1.00")]);
}

#[test]
fn empty_texts_keep_the_places_of_the_others() {
    let texts = ["", "A red lamp.", "", "a  red lamp!", "x", "x", "!?"];
    let pairs = find_near_duplicates(&texts, 0.9);
    assert_eq!(pairs.len(), 1, "{pairs:?}");
    assert_eq!((pairs[0].first, pairs[0].second), (1, 3));
    assert!((pairs[0].similarity - 1.0).abs() < 1e-12);
    assert_eq!(without_seconds(texts.len(), &pairs), [0, 1, 2, 4, 5, 6]);
    assert!(find_near_duplicates(&["", ""], 0.1).is_empty());
    assert_eq!(without_seconds(2, &[]), [0, 1], "nothing is lost when nothing is alike");
}

/// The expected values follow by hand: the deviations are -1.5 -0.5 0.5 1.5 and -1.5 0.5 -0.5 1.5, so r = 4/5; of six
/// pairs five are in the same order and one is not, so τ = 4/6.
#[test]
fn correlations_by_hand() {
    let (xs, ys) = ([1.0, 2.0, 3.0, 4.0], [10.0, 30.0, 20.0, 40.0]);
    assert!((pearson(&xs, &ys).unwrap() - 0.8).abs() < 1e-12);
    assert!((spearman(&xs, &ys).unwrap() - 0.8).abs() < 1e-12);
    assert!((kendall(&xs, &ys).unwrap() - 4.0 / 6.0).abs() < 1e-12);
    // With a tie: the ranks of xs are 1.5 1.5 3, of ys 1 2 3. r = 1.5/√(1.5 · 2), τ = 2/√(2 · 3).
    let (xs, ys) = ([0.0, 0.0, 100.0], [5.0, 50.0, 60.0]);
    assert!((spearman(&xs, &ys).unwrap() - 1.5 / 3f64.sqrt()).abs() < 1e-12);
    assert!((kendall(&xs, &ys).unwrap() - 2.0 / 6f64.sqrt()).abs() < 1e-12);
}

#[test]
fn a_judge_that_never_differs_has_no_correlation() {
    for measure in [pearson, spearman, kendall] {
        assert_eq!(measure(&[50.0, 50.0], &[1.0, 2.0]), None);
        assert_eq!(measure(&[], &[]), None);
        assert_eq!(measure(&[1.0], &[1.0]), None);
        assert_eq!(measure(&[1.0, 2.0], &[4.0, 3.0]), Some(-1.0));
    }
}
