//! The two halves of the transformer, and the families that grew out of them.

use crate::parts::{Arrow, Node, PlacedTokens, Text, Tokens};
use crate::theme::Role;
use crate::{Drawing, Figure, Rect, Words, p, rect, t};

pub fn two_halves() -> Figure {
    let mut d = Drawing::new();
    let source = Tokens::new(["the", "lamp", "is", "warm"]).draw_centered(&mut d, p(140.0, 0.0));
    let encoder = rect(0.0, 88.0, 280.0, 60.0);
    let encoder =
        Node::new(t("encoder", "编码器")).role(Role::Weight).heavy().note(t("reads", "读")).draw(&mut d, encoder);
    let vectors = Tokens::new(["x_{1}", "x_{2}", "x_{3}", "x_{4}"]).role(Role::Output).min_width(46.0);
    let vectors = vectors.draw_centered(&mut d, p(140.0, 200.0));
    for (token, vector) in source.cells.iter().zip(&vectors.cells) {
        Arrow::new(token.bottom(), p(token.center().x, encoder.y)).draw(&mut d);
        Arrow::new(p(vector.center().x, encoder.y_end()), vector.top()).draw(&mut d);
    }
    let decoder = rect(420.0, 88.0, 160.0, vectors.bounds.y_end() - 88.0);
    let decoder =
        Node::new(t("decoder", "解码器")).role(Role::Weight).heavy().note(t("writes", "写")).draw(&mut d, decoder);
    Arrow::new(p(vectors.bounds.x_end(), vectors.bounds.center().y), p(decoder.x, vectors.bounds.center().y))
        .above(t("the source", "原文"))
        .draw(&mut d);
    let written = Tokens::new(["灯", "是"]).draw_centered(&mut d, p(500.0, 0.0));
    for token in &written.cells {
        Arrow::new(token.bottom(), p(token.center().x, decoder.y)).draw(&mut d);
    }
    Text::note(t("written so far", "已写出的")).end().draw(&mut d, written.bounds.left().shift(-12.0, 0.0));
    let next = Node::new("暖").role(Role::Output).heavy().radius(6.0);
    let next = next.draw(&mut d, Rect::around(p(500.0, decoder.y_end() + 62.0), (52.0, 36.0)));
    Arrow::new(decoder.bottom(), next.top()).draw(&mut d);
    Text::note(t("next word", "下一个词")).end().draw(&mut d, next.left().shift(-12.0, 0.0));
    let turn = decoder.x_end() + 44.0;
    let height = written.bounds.center().y;
    Arrow::new(next.right(), written.bounds.right())
        .via([p(turn, next.center().y), p(turn, height)])
        .dashed()
        .right(t("appended", "接上去"))
        .draw(&mut d);
    let desc = t(
        "Left: the words the, lamp, is, warm go into the encoder, which reads them all and returns one vector each. An arrow \
         leads from the vectors to the decoder on the right. It also gets what is written so far, the Chinese words 灯 (lamp) and \
         是 (is), and returns the next word, 暖 (warm), which is appended to what is written, along a dashed arrow.",
        "左边：the、lamp、is、warm 四个词进入编码器，它一次读完，为每个词给出一个向量。箭头从向量指向右边的解码器。解码器还得到已写出的\
         “灯”“是”，给出下一个词“暖”，沿虚线箭头接到已写出的内容后面。",
    );
    let title = t("The transformer of 2017: one half reads, the other writes", "2017 年的 Transformer：一半读，一半写");
    Figure::new("1-06", title, desc, d)
}

/// One sentence, in both languages of six words.
const SENTENCE: [(&str, &str); 6] =
    [("The", "年老"), ("old", "的"), ("clockmaker", "钟表匠"), ("lit", "点亮"), ("his", "了"), ("lamp", "灯")];

pub fn two_families() -> Figure {
    let mut d = Drawing::new();
    let bert = sentence(&mut d, t("BERT: fill the gap", "BERT：填空"), 0.0, 2);
    look(&mut d, &bert, 2, |_| true);
    let gpt = sentence(&mut d, t("GPT: continue", "GPT：续写"), 216.0, 5);
    look(&mut d, &gpt, 5, |i| i < 5);
    let desc = t(
        "The sentence “The old clockmaker lit his lamp” twice. Above, for BERT, the third word is hidden, and arrows lead to the \
         gap from all other words, on both sides; the answer below it is clockmaker. Below, for GPT, the last word is \
         missing, and arrows lead to it from the five words before; the answer is lamp.",
        "“年老的钟表匠点亮了灯”画了两遍。上面是 BERT：第三个词被遮住，箭头从两边所有其他的词指向空格，下方的答案是“钟表匠”。下面是 GPT：\
         最后一个词缺失，箭头从前面五个词指向它，答案是“灯”。",
    );
    let title = t(
        "What a model may look at: BERT to both sides, GPT only to the left",
        "模型能看哪里：BERT 看两边，GPT 只看左边",
    );
    Figure::new("1-07", title, desc, d)
}

/// The sentence with a gap, and what belongs there below it.
fn sentence(d: &mut Drawing, title: Words, y: f64, gap: usize) -> PlacedTokens {
    let words = SENTENCE.map(|(en, zh)| t(en, zh));
    let shown: Vec<Words> =
        words.iter().enumerate().map(|(i, word)| if i == gap { t("?", "？") } else { word.clone() }).collect();
    let tokens = Tokens::new(shown).role_of(gap, Role::Mask).heavy(gap).min_width(78.0).gap(10.0);
    let placed = tokens.draw(d, p(0.0, y + 82.0));
    Text::new(title).bold().start().draw(d, p(0.0, y));
    let answer = Node::new(words[gap].clone()).role(Role::Output).radius(6.0);
    let size = answer.size();
    let answer = answer.draw(d, placed.cells[gap].below(26.0, (size.0.max(78.0), 34.0)));
    Arrow::new(placed.cells[gap].bottom(), answer.top()).draw(d);
    placed
}

/// Arrows from the words that are seen to the gap.
fn look(d: &mut Drawing, placed: &PlacedTokens, gap: usize, sees: impl Fn(usize) -> bool) {
    let to = placed.cells[gap].top();
    for (i, cell) in placed.cells.iter().enumerate().filter(|(i, _)| *i != gap && sees(*i)) {
        let distance = i.abs_diff(gap) as f64;
        let bend = if i < gap { 6.0 + 5.0 * distance } else { -6.0 - 5.0 * distance };
        Arrow::new(cell.top(), to).curved(bend).role(Role::Score).draw(d);
    }
}
