//! Why attention was invented: translation.

use crate::parts::{Arrow, Node, Text};
use crate::theme::Role;
use crate::{Drawing, Figure, Rect, Words, p, rect, t};

/// The parts of a sentence in the order of the Chinese, with their English and its place in the English order.
const PARTS: [(&str, &str, usize); 5] = [
    ("我", "I", 0),
    ("昨天", "yesterday", 4),
    ("在书店", "at the bookshop", 3),
    ("买了", "bought", 1),
    ("一本书", "a book", 2),
];

/// Width of each part, which is that of the English.
const WIDTHS: [f64; 5] = [52.0, 96.0, 138.0, 78.0, 78.0];
const GAP: f64 = 14.0;

/// Boxes of these widths beside each other.
fn places(y: f64, order: [usize; 5]) -> Vec<Rect> {
    let sizes = order.map(|part| (WIDTHS[part], 36.0));
    crate::geometry::row(p(0.0, y), &sizes, GAP)
}

fn boxes(d: &mut Drawing, places: &[Rect], node: impl Fn(usize) -> Node) {
    for (i, place) in places.iter().enumerate() {
        node(i).radius(5.0).pad(6.0, 6.0).draw(d, *place);
    }
}

pub fn word_order() -> Figure {
    let mut d = Drawing::new();
    let chinese = [0, 1, 2, 3, 4];
    let above = places(34.0, chinese);
    let below = places(108.0, chinese);
    let source = |i: usize| Node::new(PARTS[i].0).role(Role::Token);
    boxes(&mut d, &above, source);
    boxes(&mut d, &below, |i| Node::new(PARTS[i].1).role(Role::Alert).dashed());
    for (from, to) in above.iter().zip(&below) {
        Arrow::new(from.bottom(), to.top()).draw(&mut d);
    }
    Text::new(t("word by word: not English", "逐词对应：不成英语")).bold().start().draw(&mut d, p(0.0, 10.0));

    let mut english = [0; 5];
    for (i, (.., place)) in PARTS.iter().enumerate() {
        english[*place] = i;
    }
    let above = places(224.0, chinese);
    let below = places(338.0, english);
    boxes(&mut d, &above, source);
    boxes(&mut d, &below, |i| Node::new(PARTS[english[i]].1).role(Role::Output));
    for (from, (.., to)) in above.iter().zip(PARTS) {
        Arrow::new(from.bottom(), below[to].top()).draw(&mut d);
    }
    Text::new(t("in another order: English", "换了顺序：是英语")).bold().start().draw(&mut d, p(0.0, 200.0));
    let desc = t(
        "A Chinese sentence in five parts, 我, 昨天, 在书店, 买了, 一本书, twice. Above, arrows lead straight down to I, yesterday, \
         at the bookshop, bought, a book: not English. Below, the English order is I, bought, a book, at the bookshop, yesterday, and \
         the arrows cross: 我 goes to place 1, 昨天 to 5, 在书店 to 4, 买了 to 2, 一本书 to 3.",
        "一个中文句子分成五部分：我、昨天、在书店、买了、一本书，画了两遍。上面，箭头笔直向下，指向 I、yesterday、at the bookshop、bought、\
         a book，不成英语。下面是英语的语序 I、bought、a book、at the bookshop、yesterday，箭头交叉：“我”到第 1 位，“昨天”到第 5 位，\
         “在书店”到第 4 位，“买了”到第 2 位，“一本书”到第 3 位。",
    );
    Figure::new("3-03", t("The same five parts in another order", "同样的五个部分，顺序却不同"), desc, d)
}

/// The parts that the decoder has written, and how thick the lines to the states are then: drawn, not computed.
const THICKNESS: [f64; 5] = [1.0, 7.0, 1.5, 1.0, 1.0];
const COLUMN: f64 = 92.0;

pub fn one_state_or_all() -> Figure {
    let mut d = Drawing::new();
    let (states, decoder) = encoder(&mut d, 0.0, t("one last state carries the sentence", "整句话靠最后一个状态传递"));
    let last = states[4];
    Arrow::new(last.bottom(), decoder.right()).corner_down().width(2.5).role(Role::Token).draw(&mut d);
    Text::new(t("one vector", "一个向量"))
        .size_of(14.0)
        .bold()
        .role(Role::Token)
        .end()
        .draw(&mut d, p(last.center().x - 12.0, decoder.center().y - 16.0));
    written(&mut d, decoder, t("I bought a book …", "I bought a book …"), None);

    let (states, decoder) = encoder(&mut d, 318.0, t("the decoder looks back at every state", "解码器回看每一个状态"));
    let tops = rect(decoder.x, decoder.y, decoder.w, 0.0).row(5, 0.0);
    for ((state, top), width) in states.iter().zip(&tops).zip(THICKNESS) {
        Arrow::new(state.bottom(), top.top()).plain().width(width).role(Role::Score).draw(&mut d);
    }
    Text::new(t("weights", "权重"))
        .size_of(14.0)
        .bold()
        .role(Role::Score)
        .start()
        .draw(&mut d, p(decoder.x_end() + 66.0, decoder.y - 20.0));
    written(
        &mut d,
        decoder,
        t("I bought a book at the bookshop", "I bought a book at the bookshop"),
        Some("yesterday"),
    );
    let desc = t(
        "Two panels. In both the parts 我, 昨天, 在书店, 买了, 一本书 lead to the states h1 to h5 of an encoder, each state to the next. \
         Above, one arrow, labelled one vector, leads from h5 to the decoder, which writes I bought a book and so on. Below, the decoder \
         has lines to all five states; it is about to write yesterday, and the line to the state of 昨天 is the thickest. The widths \
         illustrate weights and are not computed.",
        "两幅图。两幅里，“我、昨天、在书店、买了、一本书”都引向编码器的状态 h1 到 h5，每个状态再引向下一个。上图只有一根箭头从 h5 通向解码器，\
         标着“一个向量”，解码器写出 I bought a book……。下图的解码器与五个状态都有连线；它正要写 yesterday，与“昨天”的状态的连线最粗。\
         线的粗细只是示意，不是算出来的。",
    );
    let title = t(
        "Above: one last state must carry the sentence. Below: the decoder looks back at every state",
        "上：整句话全靠最后一个状态传递。下：解码器可以回看每一个状态",
    );
    Figure::new("3-04", title, desc, d)
}

/// The encoder's states below the parts of the sentence, and the decoder below them.
fn encoder(d: &mut Drawing, y: f64, title: Words) -> (Vec<Rect>, Rect) {
    Text::new(title).bold().start().draw(d, p(0.0, y));
    let column = |i: usize, y: f64| rect(COLUMN * i as f64, y, 68.0, 34.0);
    let mut states: Vec<Rect> = Vec::new();
    for (i, (chinese, ..)) in PARTS.iter().enumerate() {
        let word = Node::new(*chinese).role(Role::Token).radius(5.0).pad(6.0, 6.0).draw(d, column(i, y + 22.0));
        let state = Node::new(format!("h_{{{}}}", i + 1)).role(Role::Token).radius(17.0).pad(6.0, 6.0);
        let state = state.draw(d, column(i, y + 86.0));
        Arrow::new(word.bottom(), state.top()).draw(d);
        if let Some(before) = states.last() {
            Arrow::new(before.right(), state.left()).draw(d);
        }
        states.push(state);
    }
    let name = Text::note(t("encoder", "编码器")).end();
    name.draw(d, states[0].left().shift(-14.0, 0.0));
    let decoder = Rect::around(p(states[2].center().x, y + 196.0), (150.0, 44.0));
    let decoder = Node::new(t("decoder", "解码器")).role(Role::Weight).heavy().draw(d, decoder);
    (states, decoder)
}

/// What the decoder has written, and the word that it writes now.
fn written(d: &mut Drawing, decoder: Rect, text: Words, next: Option<&str>) {
    let node = Node::new(text).role(Role::Output).radius(5.0).pad(12.0, 6.0);
    let (w, h) = node.size();
    let next = next.map(|next| Node::new(next).role(Role::Output).heavy().radius(5.0).pad(12.0, 6.0));
    let next_width = next.as_ref().map_or(0.0, |next| next.size().0 + 8.0);
    let left = decoder.center().x - (w + next_width) / 2.0;
    let top = decoder.y_end() + 28.0;
    let so_far = node.draw(d, rect(left, top, w, h));
    match next {
        None => Arrow::new(decoder.bottom(), so_far.top()).draw(d),
        Some(next) => {
            let next = next.draw(d, rect(so_far.x_end() + 8.0, top, next_width - 8.0, h));
            Arrow::new(decoder.bottom(), next.top()).elbow_down(0.5).draw(d);
        }
    }
}
