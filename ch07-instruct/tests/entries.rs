//! Entries: good files, bad files, prompts, the embedded set.

use std::collections::{HashMap, HashSet};

use ch02_text::Gpt2Tokenizer;
use ch07_instruct::entry::{DRILLS_NAME, EMBEDDED_NAME};
use ch07_instruct::*;

fn error(json: &str) -> String {
    Entries::parse(json, "tasks.json").unwrap_err().to_string()
}

#[test]
fn errors_say_which_entry_lacks_what() {
    let good = r#"{"instruction": "a", "input": "", "output": "b"}"#;
    assert!(error("[{]").starts_with("tasks.json is not JSON: "), "{}", error("[{]"));
    assert!(error("[{]").contains("line 1"));
    assert_eq!(error("{}"), "tasks.json is not a list of entries: its outermost value must be a JSON array");
    assert_eq!(error("[]"), "tasks.json has no entries");
    assert_eq!(
        error(&format!(r#"[{good}, {{"instruction": "a", "input": ""}}]"#)),
        "tasks.json: entry 1 (the first is 0): the key \"output\" is missing"
    );
    for (output, what) in [("null", "null"), ("[\"b\"]", "a list"), ("{}", "an object")] {
        assert_eq!(
            error(&format!(r#"[{{"instruction": "a", "input": "", "output": {output}}}]"#)),
            format!("tasks.json: entry 0 (the first is 0): the value of \"output\" is {what}, not a text")
        );
    }
    assert_eq!(
        error("[7]"),
        "tasks.json: entry 0 (the first is 0): it is not an object with the keys instruction, input, output"
    );
}

/// What the book's `f"{entry['output']}"` is in Python 3.11 after `json.load`.
#[test]
fn a_number_is_its_text() {
    for (json, text) in [
        ("7", "7"),
        ("-3", "-3"),
        ("0", "0"),
        ("2.50", "2.5"),
        ("1.0", "1.0"),
        ("1e15", "1000000000000000.0"),
        ("1e16", "1e+16"),
        ("0.0001", "0.0001"),
        ("0.00001", "1e-05"),
        ("1.5e-7", "1.5e-07"),
        ("1e100", "1e+100"),
        ("true", "True"),
    ] {
        let list = format!(r#"[{{"instruction": {json}, "input": {json}, "output": {json}}}]"#);
        assert_eq!(Entries::parse(&list, "x").unwrap(), [Entry::new(text, text, text)], "{json}");
    }
}

#[test]
fn null_is_no_input_and_no_answer_of_a_model() {
    let json = r#"[{"instruction": "a", "input": null, "output": "b", "model_response": null}]"#;
    let entries = Entries::parse(json, "x").unwrap();
    assert_eq!(entries, [Entry::new("a", "", "b")]);
    assert!(PromptFormat::Alpaca.format_input(&entries[0]).ends_with("### Instruction:\na"), "no heading for an input");
}

/// A byte order mark and Windows' line breaks around the values; in them there are only escapes.
#[test]
fn files_of_other_editors_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("windows.json");
    let json = "\u{feff}[\r\n{\"instruction\": \"a\\r\\nb\",\r\n\"input\": \"\", \"output\": \"c\"}\r\n]\r\n";
    std::fs::write(&path, json).unwrap();
    assert_eq!(Entries::load(path.to_str().unwrap()).unwrap(), [Entry::new("a\r\nb", "", "c")]);
}

#[test]
fn a_name_is_a_file_a_data_set_or_the_embedded_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine.json");
    std::fs::write(&path, r#"[{"instruction": "a", "input": "", "output": "b", "more": 1}]"#).unwrap();
    assert_eq!(Entries::load(path.to_str().unwrap()).unwrap(), [Entry::new("a", "", "b")]);
    assert_eq!(Entries::load(EMBEDDED_NAME).unwrap().len(), 400);
    assert!(Entries::load("absent.json").unwrap_err().to_string().contains("absent.json"));
    assert!(Entries::load("no-such-set").unwrap_err().to_string().contains("no-such-set"));
    std::fs::write(&path, "").unwrap();
    assert!(Entries::load(path.to_str().unwrap()).unwrap_err().to_string().contains("is empty"));
}

#[test]
fn what_is_written_can_be_read() {
    let mut entries = vec![Entry::new("说\"你好\"", "a\nb", "c"), Entry::new("d", "", "")];
    entries[0].model_response = Some("e".to_string());
    let json = Entries::to_json(&entries);
    assert!(json.starts_with("[\n    {\n        \"instruction\": "), "{json}");
    assert_eq!(Entries::parse(&json, "x").unwrap(), entries);
}

#[test]
fn the_embedded_set_has_400_different_tasks_in_two_languages() {
    let entries = Entries::load(EMBEDDED_NAME).unwrap();
    let prompts: HashSet<String> = entries.iter().map(|entry| PromptFormat::Alpaca.format_input(entry)).collect();
    assert_eq!(prompts.len(), 400);
    assert_eq!(entries.iter().filter(|entry| !entry.instruction.is_ascii()).count(), 60);
    assert!(entries.iter().all(|entry| !entry.output.is_empty() && entry.model_response.is_none()));
    let parts = partition(&entries);
    assert_eq!([parts.train, parts.test, parts.validation].map(<[Entry]>::len), [340, 40, 20]);
}

#[test]
fn the_drills_are_3600_different_tasks_in_two_languages() {
    let entries = Entries::load(DRILLS_NAME).unwrap();
    let prompts: HashSet<String> = entries.iter().map(|entry| PromptFormat::Alpaca.format_input(entry)).collect();
    assert_eq!((entries.len(), prompts.len()), (3600, 3600));
    let Partition { train, test, validation } = partition(&entries);
    assert_eq!([train, test, validation].map(<[Entry]>::len), [3060, 360, 180]);
    let chinese = |part: &[Entry]| part.iter().filter(|entry| !entry.instruction.is_ascii()).count();
    assert_eq!([train, test, validation].map(chinese), [1168, 143, 68]);
}

/// The words and numbers of a text, sorted.
fn words(text: &str) -> Vec<&str> {
    let mut words: Vec<&str> = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    words.sort_unstable();
    words
}

/// What is asked of the model must not be in what it learns: not even the same words in another order.
#[test]
fn no_drill_of_the_test_part_has_the_words_of_a_training_drill() {
    let entries = Entries::load(DRILLS_NAME).unwrap();
    let Partition { train, test, validation } = partition(&entries);
    let key = |entry: &'_ Entry| (entry.instruction.clone(), words(&entry.input).join(" "));
    let known: HashSet<(String, String)> = train.iter().map(key).collect();
    for entry in test.iter().chain(validation) {
        assert!(!known.contains(&key(entry)), "{entry:?}");
    }
    // But how the answer is found can be learnt: from other inputs, or, if it is a fact, from another instruction.
    let mut inputs: HashMap<&str, usize> = HashMap::new();
    train.iter().for_each(|entry| *inputs.entry(&entry.instruction).or_default() += 1);
    let has_input = |entry: &&Entry| !entry.input.is_empty();
    assert!(test.iter().filter(has_input).all(|entry| inputs[entry.instruction.as_str()] >= 4));
}

/// The answer that belongs to the words of an input.
type Rule = fn(&[&str]) -> String;

/// The answers of the families whose rule can be written down in a line.
#[test]
fn the_answers_of_the_drills_are_right() {
    let rules: [(&str, Rule); 18] = [
        ("Which word comes first?", |w| w[0].into()),
        ("Which word comes last?", |w| w[w.len() - 1].into()),
        ("Repeat the words.", |w| w.join(", ")),
        ("Write the word twice.", |w| format!("{0} {0}", w[0])),
        ("Swap the two words.", |w| format!("{} and {}", w[1], w[0])),
        ("Write the words as a list.", |w| format!("- {}", w.join("\n- "))),
        ("Join the words with 'and'.", |w| w.join(" and ")),
        ("How many words are there?", |w| w.len().to_string()),
        ("Which number is larger?", |w| w.iter().max_by_key(|n| n.parse::<u32>().unwrap()).unwrap().to_string()),
        ("Which number is smaller?", |w| w.iter().min_by_key(|n| n.parse::<u32>().unwrap()).unwrap().to_string()),
        ("Add the two numbers.", |w| w.iter().map(|n| n.parse::<u32>().unwrap()).sum::<u32>().to_string()),
        ("哪个词排在最前面？", |w| w[0].into()),
        ("哪个词排在最后面？", |w| w[w.len() - 1].into()),
        ("把这些词再说一遍。", |w| w.join("、")),
        ("交换这两个词的位置。", |w| format!("{}，{}", w[1], w[0])),
        ("把这些词写成列表。", |w| format!("- {}", w.join("\n- "))),
        ("数一数，一共有几个词？", |w| format!("{}个", ["一", "两", "三", "四", "五"][w.len() - 1])),
        ("哪个数更大？", |w| w.iter().max_by_key(|n| n.parse::<u32>().unwrap()).unwrap().to_string()),
    ];
    let entries = Entries::load(DRILLS_NAME).unwrap();
    for (instruction, rule) in rules {
        let family: Vec<&Entry> = entries.iter().filter(|entry| entry.instruction == instruction).collect();
        assert!(!family.is_empty(), "{instruction}");
        for entry in family {
            let words: Vec<&str> = entry.input.split([',', ' ', '、', '，']).filter(|word| !word.is_empty()).collect();
            let words: Vec<&str> = words.into_iter().filter(|word| !["and", "or"].contains(word)).collect();
            assert_eq!(entry.output, rule(&words), "{entry:?}");
        }
    }
}

#[test]
fn small_sets_are_cut_by_position() {
    let entries: Vec<Entry> = (0..10).map(|i| Entry::new(i.to_string(), "", "")).collect();
    let parts = partition(&entries);
    assert_eq!((parts.train, parts.test, parts.validation), (&entries[..8], &entries[8..9], &entries[9..]));
    assert_eq!(partition(&[]).train, []);
}

#[test]
fn the_phi_3_format_is_short() {
    let entry = Entry::new("Identify the correct spelling.", "Ocassion", "Occasion");
    let format: PromptFormat = "phi3".parse().unwrap();
    assert_eq!(format.format_input(&entry), "<|user|>\nIdentify the correct spelling.\nOcassion");
    assert_eq!(format.format_response("Occasion"), "\n<|assistant|>:\nOccasion");
    // The marks are plain text to GPT-2, not special tokens.
    assert_eq!(Gpt2Tokenizer::new().encode("<|user|>").unwrap(), [27, 91, 7220, 91, 29]);
    let unknown = "chatml".parse::<PromptFormat>().unwrap_err().to_string();
    assert_eq!(unknown, "there is no prompt format 'chatml'; the formats are alpaca and phi3");
}

#[test]
fn the_answer_is_what_follows_the_prompt() {
    let alpaca = PromptFormat::Alpaca;
    assert_eq!(extract_response("Ask é?\n\n### Response:\nYes.", "Ask é?", alpaca), "Yes.");
    assert_eq!(extract_response("Ask?", "Ask?", alpaca), "");
    assert_eq!(extract_response("Ask?\n<|assistant|>:\nYes.\n", "Ask?", PromptFormat::Phi3), "Yes.");
}
