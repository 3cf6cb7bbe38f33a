//! Section 2.5: merges, learned from a few words and applied to a new one. `cargo run -p ch02-text --example 2_5_merges`

use std::collections::HashMap;

use ch02_text::bonus::pairs::{Pair, count_pairs, most_frequent, replace_pair};
use ch02_text::{END_OF_TEXT_ID, Gpt2Tokenizer, TokenizerError};

/// Each word, and how often it occurs.
const WORDS: [(&str, usize); 4] = [("tea", 3), ("team", 1), ("steam", 2), ("seat", 1)];

fn main() -> anyhow::Result<()> {
    train(4);
    let tokenizer = Gpt2Tokenizer::new();
    let ids = ids_of_bytes(&tokenizer)?;
    for word in [" tokenizer", " teapot"] {
        println!();
        merge(word, &ids);
        println!("{:?}", tokenizer.encode(word)?);
    }
    Ok(())
}

/// Merges the most frequent pair of neighbours, `merges` times.
fn train(merges: usize) {
    let mut tokens: Vec<String> = ('a'..='z').map(String::from).collect();
    let ids_of = |word: &str| word.bytes().map(|byte| u32::from(byte - b'a')).collect::<Vec<_>>();
    let mut words = WORDS.map(|(word, times)| (ids_of(word), times));
    for _ in 0..merges {
        let counts = count_pairs(words.iter().map(|(ids, times)| (&ids[..], *times)));
        print_counts(&tokens, &counts);
        let Some(pair) = most_frequent(&counts) else { break };
        let new_id = tokens.len() as u32;
        tokens.push(joined(&tokens, &[pair.0, pair.1], ""));
        words = words.map(|(ids, times)| (replace_pair(&ids, pair, new_id), times));
        print_words(&tokens, &words);
    }
}

/// The texts of some ids.
fn joined(tokens: &[String], ids: &[u32], between: &str) -> String {
    ids.iter().map(|&id| tokens[id as usize].as_str()).collect::<Vec<_>>().join(between)
}

fn print_counts(tokens: &[String], counts: &[(Pair, usize)]) {
    let shown = counts.iter().map(|((left, right), n)| format!("{} {n}", joined(tokens, &[*left, *right], "+")));
    println!("pairs: {}", shown.collect::<Vec<_>>().join(", "));
}

fn print_words(tokens: &[String], words: &[(Vec<u32>, usize)]) {
    let shown = words.iter().map(|(ids, times)| format!("{} ({times})", joined(tokens, ids, "|")));
    println!("  new token {}: {}", tokens[tokens.len() - 1], shown.collect::<Vec<_>>().join("  "));
}

/// GPT-2's id of each sequence of bytes. The ids are in the order of training: a smaller id is an earlier merge.
fn ids_of_bytes(tokenizer: &Gpt2Tokenizer) -> Result<HashMap<Vec<u8>, u32>, TokenizerError> {
    (0..END_OF_TEXT_ID).map(|id| Ok((tokenizer.decode_bytes(&[id])?, id))).collect()
}

/// Merges the pair of neighbours that was learned first, until no pair is a token.
fn merge(word: &str, ids: &HashMap<Vec<u8>, u32>) {
    let mut pieces: Vec<Vec<u8>> = word.bytes().map(|byte| vec![byte]).collect();
    print_pieces("bytes", &pieces);
    let first_learned = |pieces: &[Vec<u8>]| {
        pieces.windows(2).enumerate().filter_map(|(i, pair)| Some((*ids.get(&pair.concat())?, i))).min()
    };
    while let Some((id, i)) = first_learned(&pieces) {
        let right = pieces.remove(i + 1);
        pieces[i].extend(right);
        print_pieces(&id.to_string(), &pieces);
    }
}

fn print_pieces(name: &str, pieces: &[Vec<u8>]) {
    let shown: Vec<_> = pieces.iter().map(|piece| String::from_utf8_lossy(piece).replace(' ', "␣")).collect();
    println!("{name:>5}  {}", shown.join("|"));
}
