//! GPT-2's tokenizer, and the one rebuilt from its files, on awkward text.

use std::collections::HashSet;

use ch02_text::bonus::byte_table::byte_table;
use ch02_text::bonus::pre_split::pre_split;
use ch02_text::bonus::{BpeFileError, Gpt2Bpe, Gpt2Files};
use ch02_text::{END_OF_TEXT_ID, Gpt2Tokenizer, TokenizerError};
use shared::rng::TorchRng;
use testkit::{for_test, needs_data};

const AWKWARD: [&str; 24] = [
    "",
    " ",
    "  ",
    "\n",
    "   \n\n  \t x  ",
    "ends with blanks   ",
    "ends with a line feed \n",
    "It's we're I've I'm they'll he'd don't 'tis 'S 'LL ''s '",
    "mixed123abc 4567 890,12.5%",
    "  two blanks  between   three",
    "--dashes-- ...dots... !?!?",
    "snake_case CamelCase kebab-case",
    "naïve café Übermut œuvre",
    "你好，世界。这是一个测试",
    "русский текст, ελληνικά, עברית, العربية",
    "emoji 😀👩‍👩‍👧‍👦🏳️‍🌈 and combining e\u{301}",
    "half ½, roman Ⅷ, superscript x², Arabic ٣٤",
    "non-breaking\u{a0}blank, thin\u{2009}blank, ideographic\u{3000}blank",
    "\u{85}next line, \u{2028}separator, \u{b}vertical tab, \u{c}form feed",
    "zero\u{0}byte, bell \u{7}, delete \u{7f}, soft\u{ad}hyphen",
    "\r\n windows \r\n\r\n",
    "<|endoftext|> as a text <|endoftext",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "ĠĊč are letters here, Ā too",
];

fn rebuilt() -> Gpt2Bpe {
    let (encoder, merges) = (for_test("gpt2-encoder"), for_test("gpt2-merges"));
    Gpt2Bpe::new(Gpt2Files::parse(&encoder, &merges).unwrap()).unwrap()
}

/// Both encoders, and both decoders.
fn assert_same(rebuilt: &Gpt2Bpe, text: &str) {
    let ids = tiktoken_rs::r50k_base_singleton().encode_ordinary(text);
    assert_eq!(rebuilt.encode(text), ids, "{text:?}");
    assert_eq!(rebuilt.decode(&ids).unwrap(), text);
    assert_eq!(Gpt2Tokenizer::new().decode(&ids).unwrap(), text);
}

#[needs_data("the-verdict", "the-verdict-cn-edition", "instructions", "gpt2-encoder", "gpt2-merges")]
#[test]
fn the_rebuilt_encoder_equals_tiktoken() {
    let rebuilt = rebuilt();
    for text in AWKWARD {
        assert_same(&rebuilt, text);
    }
    for name in ["the-verdict", "the-verdict-cn-edition", "instructions"] {
        assert_same(&rebuilt, &for_test(name));
    }
}

/// Texts of random characters, with many spaces, quotes and line breaks among them.
#[needs_data("gpt2-encoder", "gpt2-merges")]
#[test]
fn the_rebuilt_encoder_equals_tiktoken_on_random_text() {
    let rebuilt = rebuilt();
    let mut rng = TorchRng::new(123);
    let common: Vec<char> = " '\n\t.sStremdvl12\u{a0}é世".chars().collect();
    for _ in 0..2000 {
        let text: String = (0..rng.next_u32() % 40)
            .filter_map(|_| match rng.next_u32() {
                n if n % 8 == 0 => char::from_u32(rng.next_u32() % 0x11_0000),
                n => Some(common[n as usize / 8 % common.len()]),
            })
            .collect();
        assert_same(&rebuilt, &text);
    }
}

/// Every single id, also those that are only a part of a character.
#[needs_data("gpt2-encoder", "gpt2-merges")]
#[test]
fn the_rebuilt_decoder_equals_tiktoken() {
    let rebuilt = rebuilt();
    let tokenizer = Gpt2Tokenizer::new();
    for id in 0..=END_OF_TEXT_ID {
        assert_eq!(rebuilt.decode(&[id]), tokenizer.decode(&[id]), "id {id}");
    }
    assert_eq!(rebuilt.decode(&[50257]), Err(TokenizerError::UnknownId(50257)));
}

#[test]
fn the_byte_table_has_256_different_printable_characters() {
    let table = byte_table();
    assert_eq!(HashSet::from(table).len(), 256);
    assert!(table.iter().all(|c| !c.is_whitespace() && !c.is_control()));
    for (byte, c) in [(0, 'Ā'), (10, '\u{10a}'), (13, '\u{10d}'), (32, '\u{120}'), (33, '!'), (126, '~'), (255, 'ÿ')]
    {
        assert_eq!(table[byte], c, "byte {byte}");
    }
    assert_eq!(table[173], '\u{143}', "the last of the 68 stand-ins");
}

#[test]
fn pieces_put_together_are_the_text() {
    for text in AWKWARD {
        assert_eq!(pre_split(text).concat(), text);
    }
}

#[test]
fn one_blank_goes_with_the_word() {
    assert_eq!(pre_split("a   b"), ["a", "  ", " b"]);
    assert_eq!(pre_split("a \n b"), ["a", " \n", " b"]);
    assert_eq!(pre_split("a\n\nb"), ["a", "\n", "\n", "b"]);
    assert_eq!(pre_split("a  "), ["a", "  "]);
    assert_eq!(pre_split("we'll 'LL"), ["we", "'ll", " '", "LL"]);
}

// Gpt2Tokenizer

#[test]
fn the_marker_must_be_allowed() {
    let tokenizer = Gpt2Tokenizer::new();
    let error = tokenizer.encode("Hello<|endoftext|>\nworld").unwrap_err();
    assert_eq!(error.to_string(), "the text contains the special token '<|endoftext|>', which is not allowed here");
    assert_eq!(tokenizer.encode_with_end_of_text("Hello<|endoftext|>\nworld"), [15496, 50256, 198, 6894]);
    assert!(tokenizer.encode("<|endoftext").is_ok(), "half a marker is text");
}

/// The ids of tiktoken's `encode_ordinary` in Python.
#[test]
fn in_ordinary_text_the_marker_is_nothing_special() {
    let cases: [(&str, &[u32]); 5] = [
        ("<|endoftext|>", &[27, 91, 437, 1659, 5239, 91, 29]),
        ("<|endoftext|", &[27, 91, 437, 1659, 5239, 91]),
        ("<|endoftext|><|endoftext|>", &[27, 91, 437, 1659, 5239, 91, 6927, 91, 437, 1659, 5239, 91, 29]),
        ("Hello<|endoftext|>\nworld", &[15496, 27, 91, 437, 1659, 5239, 91, 29, 198, 6894]),
        ("What is <|endoftext|>?", &[2061, 318, 1279, 91, 437, 1659, 5239, 91, 29, 30]),
    ];
    for (text, ids) in cases {
        assert_eq!(Gpt2Tokenizer::new().encode_ordinary(text), ids, "{text:?}");
    }
    // With the run of spaces that tiktoken's pattern cannot take.
    let spaces = " ".repeat(1_200_000);
    let ids = Gpt2Tokenizer::new().encode_ordinary(&format!("<|endoftext|>{spaces}a"));
    assert_eq!((&ids[..7], ids.last()), (&[27, 91, 437, 1659, 5239, 91, 29][..], Some(&257)));
}

#[test]
fn unknown_ids_are_named() {
    let error = Gpt2Tokenizer::new().decode(&[15496, 60000, 11]).unwrap_err();
    assert_eq!(error.to_string(), "no token has the id 60000");
}

#[test]
fn a_character_can_be_spread_over_several_ids() {
    let tokenizer = Gpt2Tokenizer::new();
    let ids = tokenizer.encode("世").unwrap();
    assert!(ids.len() > 1);
    assert_eq!(tokenizer.decode(&ids).unwrap(), "世");
    assert!(tokenizer.decode(&ids[..1]).unwrap().contains('\u{fffd}'));
}

/// Runs of spaces that are longer than tiktoken's pattern can take.
#[test]
fn a_million_blanks() {
    let tokenizer = Gpt2Tokenizer::new();
    let text = format!("a<|endoftext|>b{}c", " ".repeat(1_200_000));
    let ids = tokenizer.encode_with_end_of_text(&text);
    assert_eq!(ids[..3], [64, 50256, 65]);
    assert_eq!(tokenizer.decode(&ids).unwrap(), text);
    // A run that tiktoken can take gives the same kind of ids.
    let shorter = tokenizer.encode_with_end_of_text(&format!("b{}c", " ".repeat(1000)));
    assert_eq!(ids[ids.len() - 1], shorter[shorter.len() - 1]);
}

// Files

#[test]
fn files_that_do_not_fit_are_refused() {
    let error = |encoder: &str, merges: &str| Gpt2Files::parse(encoder, merges).unwrap_err().to_string();
    let encoder = r#"{"a":0,"b":1,"ab":2,"ba":3}"#;
    assert!(error("[]", "").starts_with("the file of the vocabulary is not of the expected form: "));
    assert_eq!(error(encoder, "#version: 0.2\na b\nab"), "line 3 of the merges is not two tokens with a space between");
    assert_eq!(error(encoder, "a c"), "the merges need the token 'ac', which the vocabulary does not have");
    assert_eq!(error(encoder, "b a\na b"), "the merge that makes 'ab' is not in the order of the ids");
    assert_eq!(error(r#"{"a":0,"b":2}"#, ""), "the vocabulary has 2 tokens, but none with the id 1");
    assert_eq!(error(r#"{"a":0,"b":0}"#, ""), "the vocabulary has 2 tokens, but none with the id 1");
    let files = Gpt2Files::parse(encoder, "#version: 0.2\r\na b\r\nb a\r\n").unwrap();
    assert_eq!(files.tokens, ["a", "b", "ab", "ba"]);
    assert_eq!(files.merges[&(1, 0)], 3);
    assert!(matches!(Gpt2Bpe::new(files), Err(BpeFileError::Byte('Ā'))), "a byte without a token");
}
