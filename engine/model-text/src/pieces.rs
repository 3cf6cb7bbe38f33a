//! Cutting a text into pieces, within which the byte pair encoder merges.
//!
//! The patterns of published models are written for engines that look ahead, and end in `|\s+(?!\S)|\s+`: a run of
//! whitespace is a piece, but without its last character if something visible follows, which takes that character as its
//! beginning. Such engines go back when a path fails, and give up in a run of about a million spaces; the crate
//! `tokenizers` then takes the rest of the text as one piece and says nothing. Here the rest of the pattern runs on an
//! engine that never goes back, and the rule for whitespace is code, so the time grows with the length of the text alone.

use std::ops::Range;

use regex_automata::Input;
use regex_automata::meta::Regex;

use crate::TokenizerError;
use crate::vocabulary::SPACE_MARK;

/// GPT-2's pattern.
pub(crate) const GPT2: &str = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";
/// Llama 3's pattern.
pub(crate) const LLAMA3: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
/// The pattern of Qwen 2 and 3.
pub(crate) const QWEN2: &str =
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
/// How such a pattern ends.
const WHITESPACE: &str = r"|\s+(?!\S)|\s+";

/// One way to cut pieces into smaller ones.
#[derive(Debug)]
pub(crate) enum Cut {
    /// Every digit, and every other character that is a number, is a piece.
    Digits,
    /// Every match is a piece, and what lies between them.
    Pattern(Pattern),
    /// Before spaces that follow something else. It changes no ids where no token contains such a place.
    BeforeSpaces,
}

impl Cut {
    /// Cuts one piece.
    fn apply<'t>(&self, text: &'t str, pieces: &mut Vec<&'t str>) {
        match self {
            Self::Pattern(pattern) => pattern.apply(text, pieces),
            Self::Digits => cut_at(text, pieces, |before, character| before.is_numeric() || character.is_numeric()),
            Self::BeforeSpaces => {
                cut_at(text, pieces, |before, character| before != SPACE_MARK && character == SPACE_MARK);
            }
        }
    }
}

/// The pieces of a text after all cuts, in order; none is empty.
pub(crate) fn pieces<'t>(cuts: &[Cut], text: &'t str) -> Vec<&'t str> {
    let mut pieces = if text.is_empty() { vec![] } else { vec![text] };
    for cut in cuts {
        let mut smaller = Vec::with_capacity(pieces.len());
        for piece in pieces {
            cut.apply(piece, &mut smaller);
        }
        pieces = smaller;
    }
    pieces
}

/// Cuts between two characters where `here` says so.
fn cut_at<'t>(text: &'t str, pieces: &mut Vec<&'t str>, here: impl Fn(char, char) -> bool) {
    let (mut done, mut before) = (0, None);
    for (at, character) in text.char_indices() {
        if before.is_some_and(|before| here(before, character)) {
            pieces.push(&text[done..at]);
            done = at;
        }
        before = Some(character);
    }
    pieces.push(&text[done..]);
}

/// A pattern that cuts text.
#[derive(Debug)]
pub(crate) struct Pattern {
    /// The pattern, or its beginning, and as the second pattern a run of whitespace that leaves its last character to what
    /// follows.
    regex: Regex,
}

impl Pattern {
    /// # Errors
    /// [`TokenizerError::BadPattern`] for anything that is no regular expression, or looks ahead or back in another way
    /// than the patterns of the published models.
    pub fn new(pattern: &str) -> Result<Self, TokenizerError> {
        let regex = match pattern.strip_suffix(WHITESPACE) {
            Some(rest) => Regex::new_many(&[rest, r"\s+"]),
            None => Regex::new(pattern),
        };
        let regex = regex.map_err(|error| {
            let reason = std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string);
            TokenizerError::BadPattern { pattern: pattern.to_string(), reason }
        })?;
        Ok(Self { regex })
    }

    fn apply<'t>(&self, text: &'t str, pieces: &mut Vec<&'t str>) {
        let (mut done, mut from) = (0, 0);
        while let Some(found) = self.regex.find(Input::new(text).span(from..text.len())) {
            if found.is_empty() {
                // A pattern of a file may match nothing; the next place is one character on.
                let Some(next) = text[found.end()..].chars().next() else { break };
                from = found.end() + next.len_utf8();
                continue;
            }
            if done < found.start() {
                pieces.push(&text[done..found.start()]);
            }
            done = found.end();
            if found.pattern().as_usize() == 1 && done < text.len() {
                done = before_last(text, found.range());
            }
            from = done;
            pieces.push(&text[found.start()..done]);
        }
        if done < text.len() {
            pieces.push(&text[done..]);
        }
    }
}

/// The place before the last character of this range, or its end if it has only one.
fn before_last(text: &str, range: Range<usize>) -> usize {
    let last = text[range.clone()].char_indices().next_back().map_or(0, |(at, _)| at);
    if last == 0 { range.end } else { range.start + last }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn cuts(name: &str) -> Vec<Cut> {
        let pattern = |pattern| Cut::Pattern(Pattern::new(pattern).unwrap());
        match name {
            "gpt2" => vec![pattern(GPT2)],
            "smollm" => vec![Cut::Digits, pattern(GPT2)],
            "llama-bpe" => vec![pattern(LLAMA3)],
            "qwen2" => vec![pattern(QWEN2)],
            _ => panic!("{name}"),
        }
    }

    const ALL: [&str; 4] = ["gpt2", "smollm", "llama-bpe", "qwen2"];

    // Section 4.2: `tokens.json`, `pieces`.
    #[test]
    fn awkward_texts_have_the_pieces_of_the_reference() {
        let golden: Value = serde_json::from_str(include_str!("../tests/golden/tokens.json")).unwrap();
        let cases = golden["pieces"].as_array().unwrap();
        assert_eq!(cases.len(), 12);
        for name in ALL {
            let cuts = cuts(name);
            for case in cases {
                assert_eq!(serde_json::json!(pieces(&cuts, case["text"].as_str().unwrap())), case[name], "{name}");
            }
        }
    }

    #[test]
    fn whitespace_is_cut_as_the_pattern_says() {
        use tokenizers::pre_tokenizers::split::{Split, SplitPattern};
        use tokenizers::{OffsetReferential, OffsetType, PreTokenizedString, PreTokenizer, SplitDelimiterBehavior};

        let alphabet = [" ", "  ", "\t", "\n", "\r\n", "a", "1", ".", "'s", "'S", "\u{a0}", "\u{3000}", "é", "²"];
        let mut state = 1_u64;
        for pattern in [GPT2, LLAMA3, QWEN2] {
            let cuts = [Cut::Pattern(Pattern::new(pattern).unwrap())];
            // The pattern as it is written, on an engine that goes back.
            let pattern = SplitPattern::Regex(pattern.into());
            let reference = Split::new(pattern, SplitDelimiterBehavior::Isolated, false).unwrap();
            for _ in 0..1_000 {
                let mut text = String::new();
                for _ in 0..12 {
                    state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                    text += alphabet[(state >> 33) as usize % alphabet.len()];
                }
                let mut split = PreTokenizedString::from(text.as_str());
                reference.pre_tokenize(&mut split).unwrap();
                let expected = split.get_splits(OffsetReferential::Original, OffsetType::Byte);
                let expected: Vec<&str> = expected.into_iter().map(|(piece, ..)| piece).collect();
                assert_eq!(pieces(&cuts, &text), expected, "{text:?}");
            }
        }
    }

    #[test]
    fn a_long_run_of_whitespace_is_cut_like_a_short_one() {
        // An engine that goes back gives up in the longer run and leaves the words after it uncut.
        for length in [100_000, 2_000_000] {
            for space in [" ", "\t"] {
                let text = space.repeat(length) + "word and  more";
                for name in ALL {
                    let cuts = cuts(name);
                    let found = pieces(&cuts, &text);
                    assert_eq!(found.concat(), text);
                    let short = space.repeat(3) + "word and  more";
                    assert_eq!(found[1..], pieces(&cuts, &short)[1..], "{name}");
                }
            }
        }
        let text = " ".repeat(2_000_000) + "word and";
        assert_eq!(pieces(&cuts("gpt2"), &text)[1..], [" word", " and"]);
    }

    #[test]
    fn text_is_cut_before_spaces() {
        let found = pieces(&[Cut::BeforeSpaces], "one▁two▁▁three");
        assert_eq!(found, ["one", "▁two", "▁▁three"]);
    }

    #[test]
    fn a_pattern_that_matches_nothing_leaves_the_text_whole() {
        let found = pieces(&[Cut::Pattern(Pattern::new("x*").unwrap())], "añxxb");
        assert_eq!(found, ["añ", "xx", "b"]);
    }

    #[test]
    fn other_patterns_that_look_ahead_are_refused() {
        let error = Pattern::new(r"a(?=b)").unwrap_err().to_string();
        assert!(error.starts_with(r#"the pattern "a(?=b)" that cuts text into pieces cannot be used: "#), "{error}");
        assert!(error.contains("look-around"), "{error}");
        assert!(Pattern::new(&"(a{1000}){1000}{1000}".repeat(3)).is_err());
    }
}
