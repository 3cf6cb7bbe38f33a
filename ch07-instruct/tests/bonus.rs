//! The preparation utilities: near-duplicates, correlations, and what a reply to a reflection holds.

use ch07_instruct::bonus::correlation::{kendall, pearson, spearman};
use ch07_instruct::bonus::near_duplicates::{find_near_duplicates, without_seconds};
use ch07_instruct::bonus::reflection::{NewTask, extract_better_answer, extract_new_task};
use ch07_instruct::{Entries, Entry};
use testkit::{for_test, needs_data};

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

#[needs_data("instruction-examples")]
#[test]
fn near_duplicates_of_the_example_file() {
    let text = for_test("instruction-examples");
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

/// The first ten scores of either judge in the book's files; the expected values are from a program of a few lines.
#[test]
fn correlations_of_two_judges() {
    let hosted = [0.0, 50.0, 20.0, 100.0, 0.0, 100.0, 0.0, 100.0, 100.0, 100.0];
    let local = [20.0, 92.0, 85.0, 90.0, 20.0, 90.0, 22.0, 97.0, 60.0, 96.0];
    assert!((pearson(&hosted, &local).unwrap() - 0.7813789107).abs() < 1e-9);
    assert!((spearman(&hosted, &local).unwrap() - 0.7585679366).abs() < 1e-9);
    assert!((kendall(&hosted, &local).unwrap() - 0.6469966392).abs() < 1e-9);
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

#[test]
fn a_new_task_stands_between_its_marks() {
    let task = |instruction: &str, answer: &str| {
        Some(NewTask { instruction: instruction.to_string(), answer: answer.to_string() })
    };
    for reply in [
        "1. It is vague. [New Instruction] Name a dwarf planet. [End] [New Answer] Pluto. [End] Good luck!",
        "[New Instruction]\nName a dwarf planet.\n\n[New Answer]\nPluto.",
        "2. New Instruction: Name a dwarf planet.\n\n3. New Answer: Pluto.\n",
    ] {
        assert_eq!(extract_new_task(reply), task("Name a dwarf planet.", "Pluto."), "{reply}");
    }
    for reply in
        ["", "[New Instruction] Name a dwarf planet. [End]", "[New Instruction] [End] [New Answer] Pluto. [End]"]
    {
        assert_eq!(extract_new_task(reply), None, "{reply}");
    }
}

#[test]
fn a_better_answer_stands_behind_its_mark() {
    for reply in [
        "Too short. [Better Answer] In the end, it is Pluto. [End] Done.",
        "[Better Answer]\nIn the end, it is Pluto.",
        "[Better Answer] In the end, it is Pluto. [Better Answer] Or Eris. [End]",
    ] {
        assert_eq!(extract_better_answer(reply).as_deref(), Some("In the end, it is Pluto."), "{reply}");
    }
    assert_eq!(extract_better_answer("It is good as it is."), None);
    assert_eq!(extract_better_answer("[Better Answer] [End]"), None);
}
