//! Splitting, vocabularies and the word-level tokenizers.

use ch02_text::simple_tokenizer::UNKNOWN;
use ch02_text::split::split_whitespace;
use ch02_text::{END_OF_TEXT, SimpleTokenizerV1, SimpleTokenizerV2, TokenizerError, Vocabulary, tokenize};

const FOX: &str = "The quick brown fox jumps over the lazy dog";

#[test]
fn pieces_between_separators_can_be_empty() {
    assert_eq!(split_whitespace(""), [""]);
    assert_eq!(split_whitespace(" a\n\tb"), ["", " ", "a", "\n", "", "\t", "b"]);
    assert_eq!(tokenize(" \n "), [""; 0]);
}

#[test]
fn dashes() {
    assert_eq!(tokenize("well-made--or not---who knows"), ["well-made", "--", "or", "not", "--", "-who", "knows"]);
}

#[test]
fn underscores_and_quotes_are_tokens() {
    assert_eq!(
        tokenize("_don't_ (say): \"x\";"),
        ["_", "don", "'", "t", "_", "(", "say", ")", ":", "\"", "x", "\"", ";"]
    );
}

/// The drawing of section 2.3, where all words are lowercase.
#[test]
fn a_vocabulary_is_sorted() {
    let vocabulary = Vocabulary::from_text(&FOX.to_lowercase());
    assert_eq!(vocabulary.tokens(), ["brown", "dog", "fox", "jumps", "lazy", "over", "quick", "the"]);
    assert_eq!((vocabulary.id("fox"), vocabulary.token(2)), (Some(2), Some("fox")));
    assert_eq!((vocabulary.id("cat"), vocabulary.token(8)), (None, None));
    assert_eq!(Vocabulary::from_text(FOX).id("The"), Some(0), "uppercase letters come before lowercase ones");
    assert!(Vocabulary::from_text(" ").is_empty());
}

#[test]
fn a_token_is_added_once() {
    let mut vocabulary = Vocabulary::from_text(FOX);
    assert_eq!((vocabulary.len(), vocabulary.add("cat"), vocabulary.add("cat")), (9, 9, 9));
    assert_eq!(vocabulary.len(), 10);
}

#[test]
fn unknown_words_and_ids() {
    let v1 = SimpleTokenizerV1::new(Vocabulary::from_text(FOX));
    assert_eq!(v1.encode("the red fox"), Err(TokenizerError::UnknownToken("red".into())));
    assert_eq!(v1.decode(&[1, 99]), Err(TokenizerError::UnknownId(99)));

    let v2 = SimpleTokenizerV2::new(Vocabulary::from_text(FOX));
    let ids = v2.encode(&format!("the red fox {END_OF_TEXT} over"));
    assert_eq!(ids, [8, 10, 3, 9, 6]);
    assert_eq!(v2.decode(&ids).unwrap(), format!("the {UNKNOWN} fox {END_OF_TEXT} over"));
    assert_eq!(v2.decode(&[99]), Err(TokenizerError::UnknownId(99)));
}

/// The two decoders differ in `:` and `;`.
#[test]
fn blanks_before_punctuation() {
    let text = "one, two: three; (four)! _five_--six";
    let v1 = SimpleTokenizerV1::new(Vocabulary::from_text(text));
    assert_eq!(v1.decode(&v1.encode(text).unwrap()).unwrap(), "one, two : three ;( four)! _ five _ -- six");
    let v2 = SimpleTokenizerV2::new(Vocabulary::from_text(text));
    assert_eq!(v2.decode(&v2.encode(text)).unwrap(), "one, two: three;( four)! _ five _ -- six");
}
