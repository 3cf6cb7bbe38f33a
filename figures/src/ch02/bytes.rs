//! Characters, bytes and tokens of Chinese text.

use ch02_text::Gpt2Tokenizer;
use ch02_text::bonus::train_bpe;
use shared::data::find;

use super::GPT2;
use crate::parts::{Node, Text};
use crate::theme::{Paint, Role};
use crate::{Dash, Drawing, Figure, Layer, Rect, Style, p, rect, t};

/// The bytes of a text from left to right.
struct Ruler<'a> {
    text: &'a str,
    width: f64,
}

impl Ruler<'_> {
    /// The place of some bytes.
    fn place(&self, from: usize, count: usize, y: f64, height: f64) -> Rect {
        rect(self.width * from as f64, y, self.width * count as f64, height).grow(-1.5)
    }

    fn draw_characters(&self, d: &mut Drawing, y: f64) {
        for (at, character) in self.text.char_indices() {
            let text = Text::new(character.to_string()).size_of(20.0);
            let place = self.place(at, character.len_utf8(), y, 40.0);
            Node::of(text).role(Role::Token).radius(5.0).pad(2.0, 2.0).draw(d, place);
        }
    }

    fn draw_bytes(&self, d: &mut Drawing, y: f64, size: f64) {
        for (at, byte) in self.text.bytes().enumerate() {
            let place = self.place(at, 1, y, 28.0);
            d.rect(Layer::Main, place, 3.0, Style::fill(Paint::Soft(Role::Plain)));
            Text::new(format!("{byte:02X}")).size_of(size).mono().draw_in(d, place);
        }
    }

    /// The first byte and the number of bytes of each token.
    fn pieces(tokenizer: &Gpt2Tokenizer, ids: &[u32]) -> Vec<(usize, usize)> {
        let mut at = 0;
        let piece = |id: &u32| {
            let count = tokenizer.decode_bytes(&[*id]).expect("the id is the tokenizer's").len();
            at += count;
            (at - count, count)
        };
        ids.iter().map(piece).collect()
    }

    /// The box of a token: solid if it ends between two characters, dashed if it cuts through one.
    fn draw_token(&self, d: &mut Drawing, (from, count): (usize, usize), y: f64) -> Rect {
        let is_whole = self.text.is_char_boundary(from) && self.text.is_char_boundary(from + count);
        let place = self.place(from, count, y, 28.0).grow(-0.5);
        let style = if is_whole { Style::role(Role::Output) } else { Style::role(Role::Alert).dash(Dash::Dashed) };
        d.rect(Layer::Main, place, 6.0, style);
        place
    }
}

/// What solid and dashed boxes mean.
fn legend(d: &mut Drawing, y: f64) {
    let items = [
        (Role::Output, Dash::Solid, t("whole characters", "完整的字符")),
        (Role::Alert, Dash::Dashed, t("cuts through a character", "切开了字符")),
    ];
    let mut x = 2.0;
    for (role, dash, words) in items {
        let sample = rect(x, y, 28.0, 18.0);
        d.rect(Layer::Main, sample, 5.0, Style::role(role).dash(dash));
        let text = Text::small(words).start().draw(d, sample.right().shift(8.0, 0.0));
        x = text.x_end() + 28.0;
    }
}

pub fn han_bytes() -> Figure {
    let ruler = Ruler { text: "外婆泡茶。", width: 40.0 };
    let ids = super::gpt2_ids(ruler.text);
    let mut d = Drawing::new();
    ruler.draw_characters(&mut d, 0.0);
    ruler.draw_bytes(&mut d, 56.0, 14.0);
    let pieces = Ruler::pieces(&GPT2, &ids);
    for (piece, id) in pieces.iter().zip(&ids) {
        let place = ruler.draw_token(&mut d, *piece, 100.0);
        Text::small(id.to_string()).size_of(12.0).draw_in(&mut d, place);
    }
    let (characters, bytes, tokens) = (ruler.text.chars().count(), ruler.text.len(), ids.len());
    let labels = [
        (20.0, t(format!("{characters} characters"), format!("{characters} 个字符"))),
        (70.0, t(format!("{bytes} bytes"), format!("{bytes} 个字节"))),
        (114.0, t(format!("{tokens} tokens"), format!("{tokens} 个词元"))),
    ];
    for (y, words) in labels {
        Text::new(words).size_of(14.0).bold().end().draw(&mut d, p(-14.0, y));
    }
    legend(&mut d, 148.0);
    let desc = t(
        "The five characters 外婆泡茶。 over their 15 bytes, three each, over GPT-2's 11 tokens: 外 is E5 A4 (id 13783) and 96 \
         (244); 婆 is E5 (161), A9 (102), 86 (228); 泡 is E6 B3 (37345) and A1 (94); 茶 is E8 (164), 8C (234), B6 (114); only \
         the full stop 。 is one token, E3 80 82 (16764).",
        "五个字符“外婆泡茶。”，下面是它们的 15 个字节，每个字符三个，再下面是 GPT-2 的 11 个词元：外是 E5 A4（ID 13783）和 96（244）；\
         婆是 E5（161）、A9（102）、86（228）；泡是 E6 B3（37345）和 A1（94）；茶是 E8（164）、8C（234）、B6（114）；只有句号 E3 80 82（16764）是一个词元。",
    );
    let title = t(
        "A Han character is three bytes, and GPT-2 cuts through most of them",
        "一个汉字是三个字节，GPT-2 大多会把它切开",
    );
    Figure::new("2-09", title, desc, d)
}

pub fn three_vocabularies() -> Figure {
    let ruler = Ruler { text: "水开了，外婆泡茶。", width: 20.0 };
    let story = find("station-tea").ok().and_then(|data| data.embedded).expect("the story is part of the program");
    let own = |size| Gpt2Tokenizer::with_vocabulary(train_bpe(story, size)).expect("a trained vocabulary is complete");
    let (small, large) = (own(500), own(1000));
    let rows = [
        ("GPT-2".into(), &*GPT2),
        (t("own, 500", "自己训练，500"), &small),
        (t("own, 1,000", "自己训练，1,000"), &large),
    ];
    let mut d = Drawing::new();
    ruler.draw_characters(&mut d, 0.0);
    ruler.draw_bytes(&mut d, 52.0, 12.0);
    let label = |d: &mut Drawing, y, words| _ = Text::new(words).size_of(14.0).end().draw(d, p(-12.0, y));
    let (characters, bytes) = (ruler.text.chars().count(), ruler.text.len());
    label(&mut d, 20.0, t(format!("{characters} characters"), format!("{characters} 个字符")));
    label(&mut d, 66.0, t(format!("{bytes} bytes"), format!("{bytes} 个字节")));
    let mut y = 100.0;
    for (name, tokenizer) in rows {
        let ids = tokenizer.encode(ruler.text).expect("the text has no special token");
        for piece in Ruler::pieces(tokenizer, &ids) {
            let place = ruler.draw_token(&mut d, piece, y);
            let (from, count) = piece;
            if let Some(text) = ruler.text.get(from..from + count) {
                Text::new(text).size_of(14.0).draw_in(&mut d, place);
            }
        }
        label(&mut d, y + 14.0, name);
        let count = ids.len();
        let right = p(ruler.width * ruler.text.len() as f64 + 10.0, y + 14.0);
        Text::new(count.to_string()).bold().start().draw(&mut d, right);
        y += 38.0;
    }
    let right = ruler.width * ruler.text.len() as f64 + 10.0;
    Text::note(t("tokens", "词元")).start().draw(&mut d, p(right, 86.0));
    legend(&mut d, y + 8.0);
    let desc = t(
        "The sentence 水开了，外婆泡茶。 over its 27 bytes, and how three vocabularies cut them. GPT-2: 20 tokens, nearly all \
         of which cut through a character. A vocabulary of 500 trained on a Chinese story: 10 tokens, 外婆 is one of them, only \
         泡 is still three bytes. One of 1,000: 4 tokens, 水开了, the comma, 外婆泡茶 and the full stop.",
        "句子“水开了，外婆泡茶。”，下面是它的 27 个字节，再下面是三份词表的切法。GPT-2：20 个词元，几乎都切开了字符。\
         在中文故事上训练的 500 词元词表：10 个词元，“外婆”是其中之一，只有“泡”还是三个字节。1,000 词元词表：4 个词元，即“水开了”、逗号、“外婆泡茶”和句号。",
    );
    Figure::new("2-B2", t("One sentence, three vocabularies", "同一句话，三份词表"), desc, d)
}
