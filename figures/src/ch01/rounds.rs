//! Generation, round by round.

use crate::parts::{Arrow, Node, PlacedTokens, Text, Tokens, visible};
use crate::theme::Role;
use crate::{Drawing, Figure, Rect, p, t};

/// The beginning, and what the tiny model of the chapter appends to it.
const BEGINNING: [&str; 5] = ["The", " old", " clockmaker", " lit", " his"];
const APPENDED: [&str; 3] = [" lamp", ".", "\n"];
const ROUND: f64 = 100.0;

pub fn rounds() -> Figure {
    let mut d = Drawing::new();
    let mut outputs: Vec<Rect> = Vec::new();
    for round in 0..APPENDED.len() {
        let y = ROUND * round as f64;
        let known = BEGINNING.len() + round;
        let mut tokens = Tokens::new(BEGINNING.iter().chain(&APPENDED[..round]).map(|token| shown(token))).gap(4.0);
        for i in BEGINNING.len()..known {
            tokens = tokens.role_of(i, Role::Output);
        }
        if round > 0 {
            tokens = tokens.heavy(known - 1);
        }
        let tokens: PlacedTokens = tokens.draw(&mut d, p(0.0, y));
        let middle = tokens.bounds.center().y;
        let model = Node::new("GPT").role(Role::Weight).draw(&mut d, Rect::around(p(516.0, middle), (72.0, 44.0)));
        let next = Node::new(shown(APPENDED[round])).role(Role::Output).heavy().radius(6.0);
        let next = next.draw(&mut d, Rect::around(p(650.0, middle), (76.0, 34.0)));
        Arrow::new(tokens.bounds.right(), model.left()).draw(&mut d);
        Arrow::new(model.right(), next.left()).draw(&mut d);
        if let Some(last) = outputs.last() {
            let (from, to) = (last.bottom(), tokens.cells[known - 1].top());
            let between = from.toward(to, 0.5).y;
            Arrow::new(from, to).via([p(from.x, between), p(to.x, between)]).dashed().draw(&mut d);
        }
        outputs.push(next);
    }
    Text::note(t("input", "输入")).start().draw(&mut d, p(0.0, -18.0));
    Text::note(t("next token", "下一个词元")).draw(&mut d, p(650.0, -18.0));
    let desc = t(
        "Three rounds. In the first, the tokens The, old, clockmaker, lit, his go into the GPT, and lamp comes out. A dashed arrow \
         leads from it to the end of the second round's input; now a full stop comes out, is appended again, and in the third round \
         a line break comes out. The input grows by one token in each round.",
        "三轮。第一轮，词元 The、old、clockmaker、lit、his 进入 GPT，得到 lamp。虚线箭头把它引到第二轮输入的末尾；这次得到句号，又接上去；\
         第三轮得到换行。每一轮输入都长一个词元。",
    );
    let title = t("One token at a time: the output becomes input", "一次一个词元：输出又成为输入");
    Figure::new("1-09", title, desc, d)
}

fn shown(token: &str) -> String {
    if token == "\n" { "⏎".into() } else { visible(token) }
}
