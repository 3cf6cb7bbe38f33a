//! Reading, balancing, splitting, and what is said about bad input.

mod common;

use std::collections::HashSet;

use ch06_classify::{
    EMBEDDED_MESSAGES, Label, Message, MessagesError, Split, create_balanced_dataset, from_csv, random_split,
    read_messages, read_split, to_csv, write_split,
};
use testkit::needs_data;

fn message(label: Label, text: &str) -> Message {
    Message { label, text: text.to_string() }
}

fn error(text: &str) -> String {
    read_messages(text).unwrap_err().to_string()
}

#[test]
fn blanks_entities_and_inner_quotes_stay() {
    let messages = read_messages("ham\t  a &amp; b \nspam\tsay \"yes\" now\r\n\nham\tc").unwrap();
    let expected = [(Label::Ham, "  a &amp; b "), (Label::Spam, "say \"yes\" now"), (Label::Ham, "c")];
    assert_eq!(messages, expected.map(|(label, text)| message(label, text)));
}

#[test]
fn a_quotation_runs_over_the_end_of_the_line_to_the_next_mark() {
    let messages = read_messages("ham\t\"one\nham\ttwo\nspam\t\"three\nham\tfour").unwrap();
    let merged = message(Label::Ham, "one\nham\ttwo\nspam\tthree");
    assert_eq!(messages, [merged, message(Label::Ham, "four")]);
    assert_eq!(read_messages("ham\t\"a \"\"b\"\" c\"").unwrap()[0].text, "a \"b\" c");
}

#[test]
fn bad_lines_are_named() {
    assert_eq!(error("ham\ta\n\neggs\tb"), "line 3: the label is \"eggs\", but must be ham or spam");
    assert_eq!(error("Ham\ta"), "line 1: the label is \"Ham\", but must be ham or spam");
    assert_eq!(error("ham\ta\nspam b"), "line 2: the number of columns is 1, but must be 2, with a tab between them");
    assert_eq!(error("ham\ta\tb"), "line 1: the number of columns is 3, but must be 2, with a tab between them");
    assert_eq!(error("ham\ta\nspam\t"), "line 2: the message is empty");
    let open = "line 2: the quotation that begins there never ends; a text that begins with a quotation mark must end with \
                one, and have each mark in between twice";
    assert_eq!(error("ham\ta\nspam\t\"b\nham\tc"), open);
    assert_eq!(error("ham\ta\nspam\t\"b \"\"c\"\"\nham\td\te"), open, "not the columns that are wrong with it");
    assert_eq!(error("ham\ta\nham\t\"b\nham\tc\"\nhm\td"), "line 4: the label is \"hm\", but must be ham or spam");
    assert_eq!(error(""), "there are no messages");
    assert!(matches!(read_messages("\n\n"), Err(MessagesError::None)));
}

/// The rows of `pandas.read_csv(file, sep="\t", header=None, names=["Label", "Text"])`, pandas 3.1.1.
#[test]
fn messages_are_read_as_pandas_reads_them() {
    let cases: [(&str, &[(&str, &str)]); 8] = [
        ("ham\tone\n\nspam\ttwo\n", &[("ham", "one"), ("spam", "two")]),
        ("ham\tone\n   \nspam\ttwo\n  ", &[("ham", "one"), ("spam", "two")]),
        ("ham\t\"a \"\"b\"\" c\" d\n", &[("ham", "a \"b\" c d")]),
        ("\"ham\"\t\"two\nlines\"\n", &[("ham", "two\nlines")]),
        ("ham\t\"x\"y\"z\"\nspam\tb\n", &[("ham", "xy\"z\""), ("spam", "b")]),
        ("ham\t \"\"\nspam\t\" \"\n", &[("ham", " \"\""), ("spam", " ")]),
        ("ham\t'single\nspam\t# hash, comma\n", &[("ham", "'single"), ("spam", "# hash, comma")]),
        ("ham\tone \u{85} two \u{2028} three\u{c}\n", &[("ham", "one \u{85} two \u{2028} three\u{c}")]),
    ];
    for (text, expected) in cases {
        let found = read_messages(text).unwrap();
        let found: Vec<(&str, &str)> = found.iter().map(|m| (m.label.name(), m.text.as_str())).collect();
        assert_eq!(found, expected, "{text:?}");
    }
}

/// Where pandas would have a missing value or a number, there is a text.
#[test]
fn a_message_is_a_text_whatever_it_says() {
    let texts = ["NA", "null", "None", "nan", "n/a", "12", "5.50", "true"];
    let lines: String = texts.iter().map(|text| format!("ham\t{text}\n")).collect();
    assert_eq!(read_messages(&lines).unwrap(), texts.map(|text| message(Label::Ham, text)));
}

/// What `pandas.read_csv(file)` reads as columns called Label and Text.
#[test]
fn csv_files_of_other_programs_are_read() {
    let expected = [message(Label::Ham, "one"), message(Label::Spam, "two, too")];
    for csv in [
        "Label,Text\n0,one\n1,\"two, too\"\n",
        "\"Label\",\"Text\"\n\"0\",\"one\"\n\"1\",\"two, too\"\n",
        "Text,Label\none,0\n\"two, too\",1\n",
        ",Label,Text\n0,0,one\n1,1,\"two, too\"\n",
        "\n   \nLabel,Text\n0.0,one\n\n 1 ,\"two, too\"\n  \n",
    ] {
        assert_eq!(from_csv(csv).unwrap(), expected, "{csv:?}");
    }
    let error = |csv: &str| from_csv(csv).unwrap_err().to_string();
    assert_eq!(
        error("\nlabel,text\n0,one\n"),
        "line 2: the heading is \"label,text\", but must name the columns Label and Text"
    );
    assert_eq!(
        error("Label,Text\n0,one,two\n"),
        "line 2: the number of columns is 3, but must be 2, with a comma between them"
    );
    assert_eq!(error("Label,Text\n0.5,one\n"), "line 2: the label is \"0.5\", but must be 0 or 1");
    assert_eq!(error("Label,Text\n"), "there are no messages");
}

#[test]
fn the_more_frequent_label_is_sampled_whichever_it_is() {
    let of = |ham: usize, spam: usize| -> Vec<Message> {
        let ham = (0..ham).map(|i| message(Label::Ham, &format!("h{i}")));
        ham.chain((0..spam).map(|i| message(Label::Spam, &format!("s{i}")))).collect()
    };
    for (ham, spam) in [(9, 4), (4, 9), (5, 5), (3, 0)] {
        let messages = of(ham, spam);
        let balanced = create_balanced_dataset(&messages);
        let size = ham.min(spam);
        assert_eq!(balanced.len(), 2 * size);
        assert!(balanced[..size].iter().all(|message| message.label == Label::Ham));
        assert!(balanced[size..].iter().all(|message| message.label == Label::Spam));
        let different: HashSet<&str> = balanced.iter().map(|m| m.text.as_str()).collect();
        assert_eq!(different.len(), 2 * size, "no message twice");
        assert!(balanced.iter().all(|message| messages.contains(message)));
    }
}

#[test]
fn a_split_loses_nothing_and_rounds_down() {
    let messages: Vec<Message> = (0..29).map(|i| message(Label::Ham, &i.to_string())).collect();
    let split = random_split(&messages, [0.7, 0.1]);
    assert_eq!(split.parts().map(|(_, part)| part.len()), [20, 2, 7]);
    let mut all: Vec<usize> =
        split.parts().iter().flat_map(|(_, part)| *part).map(|m| m.text.parse().unwrap()).collect();
    all.sort();
    assert_eq!(all, (0..29).collect::<Vec<_>>());
}

#[test]
fn too_few_messages_are_an_error() {
    let error = |text: &str| Split::of_collection(&read_messages(text).unwrap()).unwrap_err().to_string();
    assert_eq!(
        error("ham\ta\nham\tb"),
        "2 ham and 0 spam messages are too few: as many of one as of the other are taken, and nothing is left for the training \
         part; it takes at least 5 of each"
    );
    let pairs = |n| "ham\ta\nspam\tb\n".repeat(n);
    assert!(error(&pairs(4)).starts_with("4 ham and 4 spam messages are too few"));
    assert!(error(&pairs(4)).contains("nothing is left for the validation part"));
    assert!(Split::of_collection(&read_messages(&pairs(5)).unwrap()).is_ok());
}

#[test]
fn files_keep_every_character() {
    let odd = ["a, b", "say \"hi\"", "two\nlines", " blank ", "妈，吃饭了吗？", "tab\there", "'single'"];
    let messages: Vec<Message> = odd.iter().flat_map(|text| Label::ALL.map(|label| message(label, text))).collect();
    assert_eq!(from_csv(std::str::from_utf8(&to_csv(&messages)).unwrap()).unwrap(), messages);
    let split = Split { train: messages.clone(), validation: messages[..1].to_vec(), test: messages[1..].to_vec() };
    let folder = tempfile::tempdir().unwrap();
    write_split(folder.path(), &split).unwrap();
    assert_eq!(read_split(folder.path()).unwrap(), split);

    std::fs::write(folder.path().join("test.csv"), "Label,Text\n2,hello\n").unwrap();
    let error = read_split(folder.path()).unwrap_err().to_string();
    assert!(error.ends_with("test.csv: line 2: the label is \"2\", but must be 0 or 1"), "{error}");
    std::fs::write(folder.path().join("test.csv"), "0,hello\n1,win\n").unwrap();
    let error = read_split(folder.path()).unwrap_err().to_string();
    let heading = "test.csv: line 1: the heading is \"0,hello\", but must name the columns Label and Text";
    assert!(error.ends_with(heading), "{error}");
    // As a spreadsheet on Windows writes it.
    std::fs::write(folder.path().join("test.csv"), "\u{feff}\"Label\",\"Text\"\r\n0,\"two\r\nlines\"\r\n").unwrap();
    assert_eq!(read_split(folder.path()).unwrap().test, [message(Label::Ham, "two\nlines")]);
    std::fs::remove_file(folder.path().join("validation.csv")).unwrap();
    assert!(read_split(folder.path()).unwrap_err().to_string().contains("validation.csv"));
}

#[test]
fn the_embedded_messages_are_balanced_different_and_in_two_languages() {
    let messages = read_messages(EMBEDDED_MESSAGES).unwrap();
    let count = |label| messages.iter().filter(|message| message.label == label).count();
    assert_eq!((messages.len(), count(Label::Ham), count(Label::Spam)), (400, 200, 200));
    let different: HashSet<&str> = messages.iter().map(|m| m.text.as_str()).collect();
    assert_eq!(different.len(), 400);
    let chinese = messages.iter().filter(|m| m.text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c))).count();
    assert_eq!(chinese, 60);
    assert!(messages.iter().all(|m| !m.text.contains(".com") || m.text.contains("example.com")));
}

/// The words of a message without its numbers; of Chinese, which has no spaces, the pairs of characters.
fn words(text: &str) -> HashSet<String> {
    let text = text.to_lowercase();
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| word.starts_with(char::is_alphabetic));
    let pairs = |word: &str| -> Vec<String> {
        let characters: Vec<char> = word.chars().collect();
        characters.windows(2).map(String::from_iter).collect()
    };
    words.flat_map(|word| if word.is_ascii() { vec![word.to_string()] } else { pairs(word) }).collect()
}

/// What is learned by heart must not count as recognised: a message with new numbers in it is no new message.
#[test]
fn no_embedded_message_that_is_held_back_resembles_a_training_message() {
    let split = Split::of_collection(&read_messages(EMBEDDED_MESSAGES).unwrap()).unwrap();
    let known: Vec<HashSet<String>> = split.train.iter().map(|message| words(&message.text)).collect();
    for message in split.validation.iter().chain(&split.test) {
        let own = words(&message.text);
        let shared = |other: &HashSet<String>| own.intersection(other).count() as f64 / own.union(other).count() as f64;
        let most = known.iter().map(shared).fold(0.0, f64::max);
        assert!(most <= 0.5, "{most:.2} of the words of \"{}\" are in a training message", message.text);
    }
}

/// A classifier that only counts characters must not get far: the words have to matter.
#[test]
fn the_length_of_an_embedded_message_says_little() {
    let messages = read_messages(EMBEDDED_MESSAGES).unwrap();
    let is_chinese = |m: &Message| m.text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
    let (chinese, english): (Vec<Message>, Vec<Message>) = messages.into_iter().partition(is_chinese);
    for part in [chinese, english] {
        let right = |longest: usize| {
            let short = |m: &&Message| (m.text.chars().count() <= longest) == (m.label == Label::Ham);
            let right = part.iter().filter(short).count();
            right.max(part.len() - right)
        };
        let best = (0..200).map(right).max().unwrap() as f64 / part.len() as f64;
        assert!(best < 0.7, "the best limit tells {best:.3} of the messages");
    }
}

#[needs_data("sms-spam")]
#[test]
fn no_embedded_message_is_from_the_book_s_collection() {
    let collection = common::collection();
    let messages = read_messages(EMBEDDED_MESSAGES).unwrap();
    assert!(messages.iter().all(|message| collection.iter().all(|other| other.text.trim() != message.text.trim())));
}
