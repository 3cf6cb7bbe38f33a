//! A text that several threads read in parts has the ids of the whole.

use ch02_text::Gpt2Tokenizer;
use ch02_text::long_text::{cut, encode_on};

/// Texts in which a careless cut changes ids.
fn awkward() -> Vec<String> {
    let texts = [
        "",
        " ",
        "a",
        "I'll say it's what they've done, we're sure; he'd know. 'Tis 'S 'LL",
        "1234567890 12 345  6,789.01 2²³ ½ ٣٤",
        "tabs\t\tand\r\nreturns\r\n\r\n  end  \n \n",
        "水开了，外婆泡茶。茶馆里没有人。他问：“几点了？”　全角空格　",
        "ひらがなとカタカナ、漢字。한국어 문장입니다. ไม่มีช่องว่าง",
        "🦀🦀🦀 👩‍👩‍👧‍👦 e\u{301}\u{301}. naïve café\u{a0}no-break\u{2003}em",
        "inseparable",
        "before<|endoftext|>after <|endoftext|> <|endoftext|>",
        "....,,,;;;!!!???",
    ];
    let mut all: Vec<String> = texts.iter().map(|text| text.to_string()).collect();
    all.extend(texts.iter().map(|text| text.repeat(40)));
    all.extend([
        " ".repeat(500),
        format!("a{}b", " ".repeat(501)),
        "\n".repeat(300),
        format!("x{}", "\n ".repeat(200)),
    ]);
    all.push("x".repeat(700));
    all.push("字".repeat(300));
    all.push(texts.join(""));
    all
}

#[test]
fn the_pieces_are_the_text_and_their_ids_those_of_the_whole() {
    let tokenizer = Gpt2Tokenizer::new();
    for text in awkward() {
        let expected = tokenizer.encode_with_end_of_text(&text);
        for parts in 1..=9 {
            let pieces = cut(&text, parts);
            assert!(pieces.len() <= parts);
            assert_eq!(pieces.concat(), text);
            let ids: Vec<u32> = pieces.iter().flat_map(|piece| tokenizer.encode_with_end_of_text(piece)).collect();
            assert_eq!(ids, expected, "{parts} parts of {text:?}");
        }
    }
}

#[test]
fn several_threads_give_the_same_ids() {
    let tokenizer = Gpt2Tokenizer::new();
    for text in awkward().into_iter().filter(|text| !text.is_empty()) {
        let long = text.repeat(100_000 / text.len() + 1);
        let expected = encode_on(&tokenizer, &long, 1);
        assert_eq!(encode_on(&tokenizer, &long, 3), expected, "{text:?}");
    }
}

#[test]
fn parts_have_about_the_same_length() {
    let text = "The lamp burned low. ".repeat(1000);
    for piece in cut(&text, 4) {
        assert!(piece.len().abs_diff(text.len() / 4) < 20, "{}", piece.len());
    }
}
