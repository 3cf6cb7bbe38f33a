//! The checks of exercise 2.1: of `solutions/ex2_1.rs`, or with the feature `my-solutions` of your file in
//! `exercises/`.

#[cfg_attr(not(feature = "my-solutions"), path = "../solutions/ex2_1.rs")]
#[cfg_attr(feature = "my-solutions", path = "../exercises/ex2_1.rs", allow(unused))]
mod ex2_1;

use ch02_text::{Gpt2Tokenizer, TokenizerError};
use ex2_1::Piece;

const TEXT: &str = "Akwirw ier";
const IDS: [u32; 6] = [33901, 86, 343, 86, 220, 959];
const PIECES: [&str; 6] = ["Ak", "w", "ir", "w", " ", "ier"];

fn take_apart(text: &str) -> Vec<Piece> {
    ex2_1::take_apart(&Gpt2Tokenizer::new(), text).expect("a text without the end-of-text marker")
}

/// The pieces of [`TEXT`] as they should be.
fn expected() -> Vec<Piece> {
    let piece = |(id, text): (u32, &str)| Piece { id, text: text.to_string(), ids_again: vec![id] };
    IDS.into_iter().zip(PIECES).map(piece).collect()
}

// 中文：每个 ID 对应一个片段
#[test]
fn ex2_1_one_piece_for_each_id() {
    let ids: Vec<u32> = take_apart(TEXT).iter().map(|piece| piece.id).collect();
    assert_eq!(ids, IDS, "{TEXT:?} has six ids");
}

// 中文：每个 ID 都单独解码
#[test]
fn ex2_1_each_id_is_decoded_alone() {
    let texts: Vec<String> = take_apart(TEXT).into_iter().map(|piece| piece.text).collect();
    assert_eq!(texts, PIECES, "text should be what the id alone stands for");
    assert_eq!(texts.concat(), TEXT, "the pieces put together should be the text, its space included");
}

// 中文：每个片段都重新编码
#[test]
fn ex2_1_each_piece_is_encoded_again() {
    for (piece, id) in take_apart(TEXT).iter().zip(IDS) {
        assert_eq!(piece.ids_again, [id], "{:?} alone should have the id {id}", piece.text);
    }
}

/// A crab has four bytes and three ids, so no id is a character.
// 中文：一个字符可以有几个片段
#[test]
fn ex2_1_a_character_can_have_several_pieces() {
    let (tokenizer, crab) = (Gpt2Tokenizer::new(), "🦀");
    let pieces = take_apart(crab);
    let ids: Vec<u32> = pieces.iter().map(|piece| piece.id).collect();
    assert_eq!(tokenizer.decode(&ids).as_deref(), Ok(crab), "the ids together are still the text");
    assert!(pieces.len() > 1, "the one character has several ids");
    for piece in &pieces {
        assert!(piece.text.contains('\u{fffd}'), "half a character is shown as the replacement character: {piece:?}");
        assert_eq!(Ok(&piece.ids_again), tokenizer.encode(&piece.text).as_ref(), "the ids of {:?}", piece.text);
    }
}

// 中文：判断哪些片段能独立存在
#[test]
fn ex2_1_tells_which_pieces_stand_alone() {
    for piece in expected() {
        assert!(ex2_1::stands_alone(&piece), "{piece:?} stands alone: it is encoded to its own id");
    }
    let half = Piece { id: 8582, text: "\u{fffd}".to_string(), ids_again: vec![4210] };
    assert!(!ex2_1::stands_alone(&half), "{half:?} is encoded to another id");
    let split = Piece { id: 5, text: "&&".to_string(), ids_again: vec![5, 5] };
    assert!(!ex2_1::stands_alone(&split), "{split:?} is encoded to more than its own id");
}

// 中文：表格能显示空格
#[test]
fn ex2_1_the_table_shows_spaces() {
    let table = "33901 -> \"Ak\"\n86 -> \"w\"\n343 -> \"ir\"\n86 -> \"w\"\n220 -> \" \"\n959 -> \"ier\"\n";
    assert_eq!(ex2_1::table(&expected()), table, "one line per piece, the text in quotes");
    assert_eq!(ex2_1::table(&[]), "", "no pieces, no lines");
}

// 中文：把错误传递给调用者
#[test]
fn ex2_1_passes_errors_on() {
    let found = ex2_1::take_apart(&Gpt2Tokenizer::new(), "the end: <|endoftext|>");
    let refused = matches!(found, Err(TokenizerError::SpecialToken(_)));
    assert!(refused, "take_apart should refuse the end-of-text marker, as encode does");
}
