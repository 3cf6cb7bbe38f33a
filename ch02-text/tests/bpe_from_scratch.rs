//! Byte pair encoding trained from scratch, simple and full, with the numbers that its notebooks print.

use ch02_text::bonus::full_bpe::MergeOrder;
use ch02_text::bonus::pairs::{Merges, find_freq_pair, merge_by_rank, merge_left_to_right, replace_pair};
use ch02_text::bonus::simple_bpe::SPACE;
use ch02_text::bonus::{BpeFileError, FullBpe, Gpt2Files, SimpleBpe};
use ch02_text::{END_OF_TEXT, Gpt2Tokenizer, TokenizerError};
use testkit::{for_test, needs_data};

const JACK: &str = "Jack embraced beauty through art and life.";
const SPECIAL: &[&str] = &[END_OF_TEXT];

// Pairs

#[test]
fn the_first_of_equally_frequent_pairs_counts() {
    assert_eq!(find_freq_pair(&[1, 2, 3, 1, 2, 3]), Some((1, 2)));
    assert_eq!(find_freq_pair(&[7, 8, 9, 9, 9]), Some((9, 9)), "overlapping pairs count");
}

#[test]
fn no_pair_in_short_sequences() {
    assert_eq!(find_freq_pair(&[]), None);
    assert_eq!(find_freq_pair(&[1]), None);
}

#[test]
fn pairs_are_replaced_from_left_to_right_without_overlap() {
    assert_eq!(replace_pair(&[1, 1, 1], (1, 1), 9), [9, 1]);
    assert_eq!(replace_pair(&[1, 1, 1, 1], (1, 1), 9), [9, 9]);
    assert_eq!(replace_pair(&[2, 1, 2, 2, 1], (2, 1), 9), [9, 2, 9]);
    assert_eq!(replace_pair(&[], (1, 1), 9), [0; 0]);
}

#[test]
fn the_order_of_merging_matters() {
    // "abc" where "bc" was learnt before "ab".
    let merges = Merges::from([((2, 3), 10), ((1, 2), 11)]);
    assert_eq!(merge_by_rank(vec![1, 2, 3], &merges), [1, 10]);
    assert_eq!(merge_left_to_right(vec![1, 2, 3], &merges), [11, 3]);
}

// Simple version

fn simple() -> (String, SimpleBpe) {
    let text = for_test("the-verdict");
    let bpe = SimpleBpe::train(&text, 1000, SPECIAL);
    (text, bpe)
}

/// The example that the notebook begins with.
#[test]
fn simple_bytes_of_a_sentence() {
    let text = "This is some text";
    #[rustfmt::skip]
    let expected = [84, 104, 105, 115, 32, 105, 115, 32, 115, 111, 109, 101, 32, 116, 101, 120, 116];
    assert_eq!(text.as_bytes(), expected);
    assert_eq!(text.chars().count(), 17);
    assert_eq!(Gpt2Tokenizer::new().encode(text).unwrap(), [1212, 318, 617, 2420]);
}

/// The merges that the module's documentation shows.
#[test]
fn simple_cat_and_hat() {
    // 256 characters and the space are there; three merges more.
    let bpe = SimpleBpe::train("the cat in the hat", 260, &[]);
    assert_eq!((bpe.vocab_size(), bpe.num_merges()), (260, 3));
    assert_eq!((257..260).map(|id| bpe.token(id).unwrap()).collect::<Vec<_>>(), ["th", "the", "theĠ"]);
}

#[needs_data("the-verdict")]
#[test]
fn simple_training_on_the_story() {
    let (_, bpe) = simple();
    assert_eq!((bpe.vocab_size(), bpe.num_merges()), (1000, 742));
    assert_eq!(bpe.token(256), Some(SPACE.to_string().as_str()));
    assert_eq!(bpe.token(257), Some(END_OF_TEXT));
    let first = ["eĠ", "Ġt", "dĠ", "tĠ", "in", "sĠ", "heĠ", "ha", ",Ġ", "ou", "er", "an", "on", "en", "Ġthe\u{120}"];
    let found: Vec<&str> = (258..273).map(|id| bpe.token(id).unwrap()).collect();
    assert_eq!(found, first);
    assert_eq!(bpe.token(998), Some("between"));
    assert_eq!(bpe.token(999), Some("selfĠ"));
    assert_eq!(bpe.token(1000), None);
}

#[needs_data("the-verdict")]
#[test]
fn simple_encodes_the_sentence_about_jack() {
    let (_, bpe) = simple();
    let ids = bpe.encode(JACK).unwrap();
    #[rustfmt::skip]
    let expected = [
        424, 256, 654, 531, 302, 311, 256, 296, 97, 465, 121, 595, 841, 116, 287, 466, 256, 326, 972, 46,
    ];
    assert_eq!(ids, expected);
    assert_eq!((JACK.chars().count(), ids.len()), (42, 20));
    #[rustfmt::skip]
    let pieces = [
        "Jack", " ", "em", "br", "ac", "ed", " ", "be", "a", "ut", "y", " through", " ar", "t", " a", "nd", " ", "li",
        "fe", ".",
    ];
    let found: Vec<String> = ids.iter().map(|&id| bpe.decode(&[id]).unwrap()).collect();
    assert_eq!(found, pieces);
    assert_eq!(bpe.decode(&ids).unwrap(), JACK);
}

#[needs_data("the-verdict")]
#[test]
fn simple_round_trips() {
    let (text, bpe) = simple();
    let short = "This is some text.";
    let ids = bpe.encode(short).unwrap();
    assert_eq!(ids, [542, 299, 256, 299, 321, 305, 101, 259, 461, 116, 46]);
    assert_eq!(bpe.decode(&ids).unwrap(), short);

    let ids = bpe.encode(&text).unwrap();
    assert_eq!(ids.len(), 11658);
    assert_ne!(bpe.decode(&ids).unwrap(), text, "line breaks and repeated spaces are lost");
}

#[test]
fn training_on_next_to_nothing() {
    for text in ["", "H", "He", " "] {
        let size = SimpleBpe::train(text, 270, SPECIAL).vocab_size();
        assert_eq!(size, if text == "He" { 259 } else { 258 }, "{text:?}");
        assert_eq!(FullBpe::train(text, 270, SPECIAL).vocab_size(), size, "{text:?}");
    }
}

#[test]
fn a_vocabulary_is_never_smaller_than_its_characters() {
    assert_eq!(SimpleBpe::train("hello", 10, &[]).vocab_size(), 257);
    assert_eq!(FullBpe::train("hello", 10, &[]).vocab_size(), 257);
}

#[test]
fn characters_outside_of_the_vocabulary_are_an_error() {
    let error = SimpleBpe::train("abc", 300, &[]).encode("abc 你好 ab").unwrap_err();
    assert_eq!(error, TokenizerError::UnknownCharacters("你好".into()));
    assert_eq!(error.to_string(), "the vocabulary has no token for the characters \"你好\"");
    let error = FullBpe::train("abc", 300, &[]).encode("你好", &[]).unwrap_err();
    assert_eq!(error, TokenizerError::UnknownCharacters("你好".into()));
    let chinese = FullBpe::train("你好", 300, &[]);
    assert_eq!(chinese.decode(&chinese.encode("好你你好", &[]).unwrap()).unwrap(), "好你你好");
}

#[test]
fn unknown_ids_are_named() {
    assert_eq!(SimpleBpe::train("", 0, &[]).decode(&[65, 257]), Err(TokenizerError::UnknownId(257)));
    assert_eq!(FullBpe::train("", 0, &[]).decode(&[65, 257]), Err(TokenizerError::UnknownId(257)));
}

// Full version

fn full() -> (String, FullBpe) {
    let text = for_test("the-verdict");
    let bpe = FullBpe::train(&text, 1000, SPECIAL);
    (text, bpe)
}

#[needs_data("the-verdict")]
#[test]
fn full_training_on_the_story() {
    let (_, bpe) = full();
    assert_eq!((bpe.vocab_size(), bpe.num_merges()), (1000, 742));
    let first = ["Ġt", "he", "Ġa", "in", "Ġh", "Ġs", "Ġw", "Ġo", "Ġthe", "ou", "re", "it", "Ġm"];
    let found: Vec<&str> = (258..271).map(|id| bpe.token(id).unwrap()).collect();
    assert_eq!(found, first);
    assert_eq!(bpe.token(998), Some("Ġsaid,"));
    assert_eq!(bpe.token(999), Some("Ġlaugh"));
    let inside = (258..1000).filter(|&id| bpe.token(id).unwrap().chars().skip(1).any(|c| c == SPACE)).count();
    assert_eq!(inside, 0, "no token crosses a word boundary");
}

const JACK_IDS: [u32; 17] = [74, 361, 310, 109, 98, 420, 397, 100, 300, 428, 116, 121, 519, 699, 299, 808, 534];

#[needs_data("the-verdict")]
#[test]
fn full_encodes_the_sentence_about_jack() {
    let (_, bpe) = full();
    let ids = bpe.encode(JACK, &[]).unwrap();
    assert_eq!(ids, JACK_IDS);
    #[rustfmt::skip]
    let pieces = [
        "J", "ack", " e", "m", "b", "ra", "ce", "d", " be", "au", "t", "y", " through", " art", " and", " lif", "e.",
    ];
    let found: Vec<String> = ids.iter().map(|&id| bpe.decode(&[id]).unwrap()).collect();
    assert_eq!(found, pieces);
}

#[needs_data("the-verdict")]
#[test]
fn full_special_tokens() {
    let (_, bpe) = full();
    let text = format!("{JACK}{END_OF_TEXT} ");
    assert_eq!(text.chars().count(), 56);
    let ids = bpe.encode(&text, SPECIAL).unwrap();
    assert_eq!(ids, [&JACK_IDS[..], &[257, 256]].concat());
    assert_eq!(bpe.decode(&ids).unwrap(), text);

    let error = bpe.encode(&text, &[]).unwrap_err();
    assert_eq!(error.to_string(), "the text contains the special token '<|endoftext|>', which is not allowed here");
    let error = bpe.encode("a<|pad|>", &["<|pad|>"]).unwrap_err();
    assert_eq!(error, TokenizerError::UnknownToken("<|pad|>".into()));
}

#[test]
fn of_special_tokens_at_one_place_the_longest_counts() {
    let special = ["<|a|>", "<|a|><|b|>"];
    let bpe = FullBpe::train("", 0, &special);
    let (a, both) = (bpe.id(special[0]).unwrap(), bpe.id(special[1]).unwrap());
    assert_eq!(bpe.encode("<|a|><|b|><|a|>x", &special).unwrap(), [both, a, 120]);
}

#[test]
fn special_tokens_are_not_merged_in_training() {
    let text = "<|endoftext|>".repeat(50);
    let bpe = FullBpe::train(&text, 300, SPECIAL);
    assert_eq!((bpe.num_merges(), bpe.id(END_OF_TEXT)), (0, Some(257)));
}

#[needs_data("the-verdict")]
#[test]
fn full_round_trips() {
    let (text, bpe) = full();
    let ids = bpe.encode(&text, &[]).unwrap();
    assert_eq!(ids.len(), 7414);
    assert_eq!(bpe.decode(&ids).unwrap(), text);
    assert_eq!(bpe.encode("This is some text.", &[]).unwrap(), [84, 104, 271, 513, 742, 258, 101, 120, 116, 46]);
    for text in [
        "This is some text.",
        "This is some text with \n newline characters.",
        "  two blanks before,  between and after  ",
        "a\r\nb\rc\n\n",
        "\ttabs\tare kept\t\n\t",
        "",
    ] {
        assert_eq!(bpe.decode(&bpe.encode(text, &[]).unwrap()).unwrap(), text);
    }
}

/// Merging in the order of training needs fewer tokens than merging from left to right.
#[needs_data("the-verdict")]
#[test]
fn full_by_rank_is_shorter() {
    let (text, bpe) = full();
    let by_rank = bpe.with_order(MergeOrder::Rank);
    let ids = by_rank.encode(&text, &[]).unwrap();
    assert_eq!(ids.len(), 6850, "from left to right it takes 7414");
    assert_eq!(by_rank.decode(&ids).unwrap(), text);
}

#[test]
fn a_saved_vocabulary_gives_the_same_ids() {
    let bpe = FullBpe::train("the cat in the hat\nthe hat of the cat", 290, SPECIAL);
    let folder = tempfile::tempdir().unwrap();
    let [vocab, merges] = ["vocab.json", "merges.json"].map(|name| folder.path().join(name));
    bpe.save(&vocab, &merges).unwrap();
    let loaded = FullBpe::load(&vocab, &merges).unwrap();
    let text = "the cat of that hat <|endoftext|>\n";
    let ids = bpe.encode(text, SPECIAL).unwrap();
    assert_eq!(loaded.encode(text, SPECIAL).unwrap(), ids);
    assert_eq!(loaded.decode(&ids).unwrap(), text);
    assert_eq!(loaded.num_merges(), bpe.num_merges());

    let written = std::fs::read_to_string(&merges).unwrap();
    assert!(written.starts_with(r#"[{"pair":["#) && written.contains(r#""new_id":258"#), "{written}");
}

/// The files do not say in which order to merge, so it has to be set again.
#[test]
fn the_order_of_merging_is_not_saved() {
    // "bc" is learnt before "ab".
    let bpe = FullBpe::train("bc\nbc\nbc\nab\nab", 259, &[]).with_order(MergeOrder::Rank);
    let folder = tempfile::tempdir().unwrap();
    let [vocab, merges] = ["vocab.json", "merges.json"].map(|name| folder.path().join(name));
    bpe.save(&vocab, &merges).unwrap();
    let loaded = FullBpe::load(&vocab, &merges).unwrap();
    let pieces = |bpe: &FullBpe| -> Vec<String> {
        bpe.encode("abc", &[]).unwrap().into_iter().map(|id| bpe.token(id).unwrap().to_string()).collect()
    };
    assert_eq!(pieces(&bpe), ["a", "bc"]);
    assert_eq!(pieces(&loaded), ["ab", "c"]);
    assert_eq!(pieces(&loaded.with_order(MergeOrder::Rank)), ["a", "bc"]);
}

/// The notebook's sentences survive saving and loading.
#[needs_data("the-verdict")]
#[test]
fn a_saved_story_vocabulary_round_trips() {
    let (_, bpe) = full();
    let folder = tempfile::tempdir().unwrap();
    let [vocab, merges] = ["vocab.json", "merges.json"].map(|name| folder.path().join(name));
    bpe.save(&vocab, &merges).unwrap();
    let loaded = FullBpe::load(&vocab, &merges).unwrap();
    for text in ["This is some text.", "This is some text with \n newline characters."] {
        let ids = loaded.encode(text, &[]).unwrap();
        assert_eq!(ids, bpe.encode(text, &[]).unwrap());
        assert_eq!(loaded.decode(&ids).unwrap(), text);
    }
}

#[test]
fn bad_files_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let [vocab, merges] = ["vocab.json", "merges.json"].map(|name| folder.path().join(name));
    let load = |vocab_json: &str, merges_json: &str| {
        std::fs::write(&vocab, vocab_json).unwrap();
        std::fs::write(&merges, merges_json).unwrap();
        FullBpe::load(&vocab, &merges).unwrap_err().to_string()
    };
    assert!(load("{", "[]").starts_with("the file of the vocabulary is not of the expected form: "));
    assert!(load(r#"{"0":"a"}"#, "{}").starts_with("the file of the merges is not of the expected form: "));
    assert_eq!(load(r#"{"0":"a","2":"b"}"#, "[]"), "the vocabulary has 2 tokens, but none with the id 1");
    assert_eq!(
        load(r#"{"0":"a"}"#, r#"[{"pair":[0,0],"new_id":1}]"#),
        "the merges need the id 1, which the vocabulary does not have"
    );
    assert_eq!(
        load(r#"{"0":"a","1":"b","2":"ba"}"#, r#"[{"pair":[0,1],"new_id":2}]"#),
        "the merge of 0 and 1 makes 'ab', but its id 2 is that of 'ba'"
    );
    assert_eq!(
        load(r#"{"0":"a","1":"aa"}"#, r#"[{"pair":[0,0],"new_id":1},{"pair":[0,0],"new_id":1}]"#),
        "the merges have the pair 0 and 0 twice"
    );

    std::fs::remove_file(&vocab).unwrap();
    let missing = FullBpe::load(&vocab, &merges).unwrap_err();
    assert!(matches!(missing, BpeFileError::Read(_)) && missing.to_string().contains("vocab.json"), "{missing}");
}

// Full version with GPT-2's files

fn gpt2() -> FullBpe {
    let (encoder, merges) = (for_test("gpt2-encoder"), for_test("gpt2-merges"));
    FullBpe::from_gpt2_files(Gpt2Files::parse(&encoder, &merges).unwrap())
}

#[needs_data("gpt2-encoder", "gpt2-merges")]
#[test]
fn gpt2_vocabulary() {
    let bpe = gpt2();
    assert_eq!(bpe.vocab_size(), 50257);
    assert_eq!(bpe.id("Ċ"), Some(198));
    assert_eq!(bpe.id("\n"), Some(198));
    assert_eq!(bpe.id("\r"), Some(201));
    assert_eq!(bpe.id(END_OF_TEXT), Some(50256));
    assert_eq!(bpe.encode("This is some text", &[]).unwrap(), [1212, 318, 617, 2420]);
}

#[needs_data("gpt2-encoder", "gpt2-merges")]
#[test]
fn gpt2_cases() {
    let bpe = gpt2();
    let tokenizer = Gpt2Tokenizer::new();
    #[rustfmt::skip]
    let cases: [(&str, &[u32]); 14] = [
        ("Hello,", &[15496, 11]),
        ("Implementations", &[3546, 26908, 602]),
        ("asdf asdfasdf a!!, @aba 9asdf90asdfk",
            &[292, 7568, 355, 7568, 292, 7568, 257, 3228, 11, 2488, 15498, 860, 292, 7568, 3829, 292, 7568, 74]),
        ("Hello, world. Is this-- a test?", &[15496, 11, 995, 13, 1148, 428, 438, 257, 1332, 30]),
        ("Hello<|endoftext|>\nworld", &[15496, 50256, 198, 6894]),
        ("a\nb", &[64, 198, 65]),
        ("a\n\nb", &[64, 198, 198, 65]),
        ("\nHello", &[198, 15496]),
        ("Hello\n", &[15496, 198]),
        ("a\r\nb", &[64, 201, 198, 65]),
        ("Hello \nworld", &[15496, 220, 198, 6894]),
        ("Hello\n world", &[15496, 198, 995]),
        ("  Hello World.", &[220, 18435, 2159, 13]),
        ("", &[]),
    ];
    for (text, expected) in cases {
        let ids = bpe.encode(text, SPECIAL).unwrap();
        assert_eq!(ids, expected, "{text:?}");
        assert_eq!(tokenizer.encode_with_end_of_text(text), expected, "{text:?}");
        assert_eq!(bpe.decode(&ids).unwrap(), text);
    }
    assert!(bpe.encode("Hello<|endoftext|>\nworld", &[]).is_err());
}

#[needs_data("gpt2-encoder", "gpt2-merges")]
#[test]
fn gpt2_line_feeds_are_counted() {
    let bpe = gpt2();
    let text = "one\ntwo\n\nthree\n four \n";
    let ids = bpe.encode(text, &[]).unwrap();
    assert_eq!(ids.iter().filter(|&&id| id == 198).count(), text.matches('\n').count());
}

/// Whole words are not GPT-2's pieces: a few ids more than the real encoder's 5145.
#[needs_data("gpt2-encoder", "gpt2-merges", "the-verdict")]
#[test]
fn gpt2_files_alone_are_not_gpt2() {
    let (bpe, text) = (gpt2(), for_test("the-verdict"));
    let ids = bpe.encode(&text, &[]).unwrap();
    assert_eq!(ids.len(), 5149);
    assert_eq!(bpe.decode(&ids).unwrap(), text);
}

/// In GPT-2's files `é` is a byte, not the character.
#[needs_data("gpt2-encoder", "gpt2-merges")]
#[test]
fn gpt2_files_refuse_what_they_would_get_wrong() {
    let bpe = gpt2();
    assert_eq!(bpe.encode("café", &[]), Err(TokenizerError::UnknownCharacters("é".into())));
    assert_eq!(bpe.encode("a\tb", &[]), Err(TokenizerError::UnknownCharacters("\t".into())));
}

/// The letter that stands for a space would be decoded to one.
#[needs_data("gpt2-encoder", "gpt2-merges")]
#[test]
fn the_stand_in_of_the_blank_is_no_text() {
    let refused = Err(TokenizerError::UnknownCharacters("Ġ".into()));
    assert_eq!(FullBpe::train("abc Ġ", 300, &[]).encode("abĠc", &[]), refused);
    let bpe = gpt2();
    assert_eq!(bpe.encode("Ġthe", &[]), refused);
}

/// The real decoder gives the same text, a piece of a character included.
#[needs_data("gpt2-encoder", "gpt2-merges")]
#[test]
fn gpt2_ids_of_every_byte_are_decoded() {
    let bpe = gpt2();
    assert_eq!(bpe.token(2634), Some("Ã©"));
    assert_eq!(bpe.decode(&[2634]).unwrap(), "é");
    assert_eq!(bpe.decode(&[197]).unwrap(), "\t");
    let tokenizer = Gpt2Tokenizer::new();
    let ids = tokenizer.encode("naïve café\t水 \u{1f980}").unwrap();
    assert_eq!(bpe.decode(&ids).unwrap(), "naïve café\t水 \u{1f980}");
    for id in 0..50257 {
        assert_eq!(bpe.decode(&[id]), tokenizer.decode(&[id]), "id {id}");
    }
}
