//! Texts that end an answer before them.

use std::mem::take;

/// Looks for texts that end an answer. The answer comes in pieces, and such a text can be spread over several: what may be
/// the beginning of one waits until it is clear that it is none.
#[derive(Debug)]
pub struct StopTexts {
    /// None is empty.
    texts: Vec<String>,
    waiting: String,
}

impl StopTexts {
    pub fn new(texts: Vec<String>) -> Self {
        Self { texts, waiting: String::new() }
    }

    /// Takes the next piece. Returns what belongs to the answer, and whether the answer has ended. Where pieces begin and
    /// end makes no difference: of several texts, the one that is complete first ends the answer.
    pub fn push(&mut self, piece: &str) -> (String, bool) {
        self.waiting += piece;
        let places = self.texts.iter().filter_map(|text| {
            let start = self.waiting.find(text)?;
            Some((start + text.len(), start))
        });
        if let Some((_, start)) = places.min() {
            let mut answer = take(&mut self.waiting);
            answer.truncate(start);
            return (answer, true);
        }
        let unclear = self.texts.iter().map(|text| common_length(&self.waiting, text)).max().unwrap_or(0);
        let rest = self.waiting.split_off(self.waiting.len() - unclear);
        (std::mem::replace(&mut self.waiting, rest), false)
    }

    /// What still belongs to the answer when nothing more comes.
    pub fn take_rest(&mut self) -> String {
        take(&mut self.waiting)
    }
}

/// Bytes of the longest end of `answer` that is a beginning of `text`, but not all of it.
fn common_length(answer: &str, text: &str) -> usize {
    let lengths = 1..text.len().min(answer.len() + 1);
    lengths.rev().find(|&n| text.is_char_boundary(n) && answer.ends_with(&text[..n])).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The pieces that are shown, and whether a text ended the answer.
    fn shown(texts: &[&str], pieces: &[&str]) -> (Vec<String>, bool) {
        let mut stop = StopTexts::new(texts.iter().map(|text| text.to_string()).collect());
        let mut shown = Vec::new();
        for piece in pieces {
            let (text, has_ended) = stop.push(piece);
            shown.push(text);
            if has_ended {
                return (shown, true);
            }
        }
        shown.push(stop.take_rest());
        (shown, false)
    }

    #[test]
    fn what_may_be_a_beginning_waits() {
        let found = |pieces: &[&str]| shown(&["\n\nQ:", "END"], pieces);
        let texts = |texts: &[&str]| texts.iter().map(|text| text.to_string()).collect::<Vec<_>>();
        assert_eq!(found(&["one ", "two"]), (texts(&["one ", "two", ""]), false));
        assert_eq!(found(&["one\n", "\n", "Q", ": two"]), (texts(&["one", "", "", ""]), true));
        assert_eq!(found(&["one\n", "\ntwo"]), (texts(&["one", "\n\ntwo", ""]), false));
        assert_eq!(found(&["\n", "\n", "\n", "Q:"]), (texts(&["", "", "\n", ""]), true), "a beginning in a beginning");
        assert_eq!(found(&["The EN"]), (texts(&["The ", "EN"]), false), "nothing is lost at the end");
        assert_eq!(shown(&[], &["one"]), (texts(&["one", ""]), false));
        assert_eq!(shown(&["水开了"], &["茶水", "水开", "了。"]), (texts(&["茶", "水", ""]), true));
    }

    /// The answer is the text before the place where a stop text is complete first, whatever the pieces.
    #[test]
    fn the_pieces_make_no_difference() {
        for (texts, text, answer) in [
            (&["abc", "b"][..], "xabcx", "xa"),
            (&["bcd", "abc", "c"], "xabcd", "x"),
            (&["aab"], "aaab", "a"),
            (&["é水"], "ae水é水", "ae水"),
            (&["ab"], "aaa", "aaa"),
        ] {
            let places: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
            for (i, &first) in places.iter().enumerate() {
                for &second in &places[i..] {
                    let (shown, has_ended) = shown(texts, &[&text[..first], &text[first..second], &text[second..]]);
                    assert_eq!(
                        (shown.concat().as_str(), has_ended),
                        (answer, answer != text),
                        "{texts:?} {first} {second}"
                    );
                }
            }
        }
    }
}
