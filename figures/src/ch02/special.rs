//! Special tokens.

use ch02_text::tokenize;

use crate::parts::{Arrow, Node, PlacedTokens, Text, Tokens};
use crate::theme::{Paint, Role};
use crate::{Drawing, Figure, Layer, Style, p, t};

/// Two texts.
const TEXTS: [&str; 2] = ["Hello, do you like tea?", "In the sunlit terraces of the palace."];
/// Their ids in the vocabulary of the story, `<|endoftext|>` between them.
const IDS: [u32; 16] = [1131, 5, 355, 1126, 628, 975, 10, 1130, 55, 988, 956, 984, 722, 988, 1131, 7];
const UNKNOWN: u32 = 1131;
const END: u32 = 1130;

pub fn special_tokens() -> Figure {
    let mut d = Drawing::new();
    let words = TEXTS.map(tokenize);
    let (first, second) = IDS.split_at(words[0].len() + 1);
    let mut y = 0.0;
    let mut rows = Vec::new();
    for (i, (words, ids)) in words.iter().zip([first, second]).enumerate() {
        let number = i + 1;
        let document = Node::new(TEXTS[i]).role(Role::Token);
        Text::note(t(format!("document {number}"), format!("文档 {number}"))).start().draw(&mut d, p(0.0, y + 18.0));
        let document = document.draw_from(&mut d, p(90.0, y));
        let placed = joined(&mut d, words, ids, y + 92.0);
        for (at, (word, id)) in words.iter().zip(ids).enumerate() {
            if *id == UNKNOWN {
                let place = placed.cells[at].top().shift(0.0, -4.0);
                let crossed = Text::new(*word).role(Role::Alert).draw_above(&mut d, place);
                let line = [crossed.left().shift(-3.0, 1.0), crossed.right().shift(3.0, 1.0)];
                d.line(Layer::Front, &line, Style::line(Paint::Strong(Role::Alert)));
            }
        }
        let foot = p(document.x + 24.0 + document.w / 2.0, document.y_end());
        Arrow::new(foot, p(foot.x, placed.bounds.y)).draw(&mut d);
        rows.push(placed);
        y += 196.0;
    }
    let (end, start) = (rows[0].cells[7].right(), rows[1].cells[0].left());
    let between = rows[0].bounds.y_end() + 16.0;
    let corners = [end.x + 22.0, -24.0].map(|x| [p(x, end.y), p(x, between), p(x, start.y)]);
    let corners = [corners[0][0], corners[0][1], corners[1][1], corners[1][2]];
    Arrow::new(end, start).via(corners).role(Role::Output).draw(&mut d);
    let desc = t(
        "Two documents become one row of tokens. “Hello, do you like tea?”: Hello is not in the vocabulary and becomes \
         <|unk|>; ids 1131 5 355 1126 628 975 10. Then <|endoftext|>, id 1130, as the border. “In the sunlit terraces of \
         the palace.”: palace becomes <|unk|>; ids 55 988 956 984 722 988 1131 7.",
        "两个文档变成一行词元。“Hello, do you like tea?”：Hello 不在词表里，变成 <|unk|>；ID 为 1131 5 355 1126 628 975 10。\
         接着是边界 <|endoftext|>，ID 1130。“In the sunlit terraces of the palace.”：palace 变成 <|unk|>；ID 为 55 988 956 984 722 988 1131 7。",
    );
    let title = t(
        "Two special tokens: one for the border, one for every unknown word",
        "两个特殊词元：一个标记边界，一个代替所有未知单词",
    );
    Figure::new("2-06", title, desc, d)
}

/// The tokens of a document with their ids; behind the first one the border.
fn joined(d: &mut Drawing, words: &[&str], ids: &[u32], y: f64) -> PlacedTokens {
    let texts = ids.iter().enumerate().map(|(at, id)| match *id {
        UNKNOWN => "<|unk|>",
        END => "<|endoftext|>",
        _ => words[at],
    });
    let mut tokens = Tokens::new(texts).ids(ids.iter().map(u32::to_string)).min_width(40.0);
    for (at, id) in ids.iter().enumerate() {
        match *id {
            UNKNOWN => tokens = tokens.role_of(at, Role::Alert).heavy(at),
            END => tokens = tokens.role_of(at, Role::Output).heavy(at),
            _ => (),
        }
    }
    tokens.draw(d, p(0.0, y))
}

#[cfg(test)]
mod tests {
    use ch02_text::{END_OF_TEXT, SimpleTokenizerV2, Vocabulary};
    use testkit::{for_test, needs_data};

    use super::{IDS, TEXTS};

    #[needs_data("the-verdict")]
    #[test]
    fn the_ids_are_those_of_the_storys_vocabulary() {
        let tokenizer = SimpleTokenizerV2::new(Vocabulary::from_text(&for_test("the-verdict")));
        assert_eq!(tokenizer.encode(&TEXTS.join(&format!(" {END_OF_TEXT} "))), IDS);
    }
}
