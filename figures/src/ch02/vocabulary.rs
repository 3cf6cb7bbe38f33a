//! A vocabulary, from text to ids and back.

use ch02_text::{SimpleTokenizerV1, Vocabulary, tokenize};

use crate::parts::{Arrow, Matrix, Node, Text, Tokens};
use crate::theme::Role;
use crate::{Drawing, Figure, Rect, p, rect, t};

pub fn both_directions() -> Figure {
    let text = "no tea today, no train today";
    let vocabulary = Vocabulary::from_text(text);
    let mut d = Drawing::new();

    Text::title(t("built once", "只建一次")).draw(&mut d, p(150.0, -24.0));
    let all = Node::new(text).role(Role::Token).draw(&mut d, rect(0.0, 0.0, 300.0, 40.0));
    let tokens = Tokens::new(tokenize(text)).gap(4.0).pad(6.0);
    let (w, _) = tokens.size();
    let tokens = tokens.draw(&mut d, p(150.0 - w / 2.0, 82.0));
    Arrow::new(all.bottom(), tokens.bounds.top()).right(t("split", "切开")).draw(&mut d);
    let cells = vocabulary.tokens().iter().enumerate().map(|(id, token)| vec![token.clone(), id.to_string()]).collect();
    let table = Matrix::texts(cells)
        .flat()
        .role(Role::Weight)
        .cell(84.0, 30.0)
        .column_labels([t("token", "词元"), t("id", "ID")])
        .caption(t("the vocabulary", "词表"))
        .draw(&mut d, p(150.0 - 84.0, 204.0));
    let sorted = t("sort, drop repeats, number", "排序、去重、编号");
    Arrow::new(tokens.bounds.bottom(), p(150.0, 176.0)).free().right(sorted).draw(&mut d);

    read_both_ways(&mut d, vocabulary, table.grid);
    let desc = t(
        "On the left, a vocabulary is built: “no tea today, no train today” is split into tokens; sorted and without \
         repeats they are numbered: comma 0, no 1, tea 2, today 3, train 4. On the right it is read in both directions: \
         encode turns “no train, no tea” into the tokens no, train, comma, no, tea and the ids 1 4 0 1 2; decode goes \
         back from the ids to the text.",
        "左边建词表：把 “no tea today, no train today” 切成词元，排序、去重后编号：逗号 0，no 1，tea 2，today 3，train 4。\
         右边两个方向查表：编码把 “no train, no tea” 变成词元 no、train、逗号、no、tea，再变成 ID 1 4 0 1 2；解码从 ID 回到文本。",
    );
    let title = t("A vocabulary is built once and read in both directions", "词表只建一次，两个方向都要查");
    Figure::new("2-05", title, desc, d)
}

/// Text, tokens and ids below each other, with arrows down and up.
fn read_both_ways(d: &mut Drawing, vocabulary: Vocabulary, table: Rect) {
    let text = "no train, no tea";
    let tokens = tokenize(text);
    let tokenizer = SimpleTokenizerV1::new(vocabulary);
    let ids = tokenizer.encode(text).expect("every token is in the vocabulary");
    let back = tokenizer.decode(&ids).expect("every id is in the vocabulary");
    assert_eq!(back, text);

    let (left, pitch) = (410.0, 60.0);
    let width = pitch * tokens.len() as f64 - 6.0;
    let column = |i: usize, y: f64| rect(left + pitch * i as f64, y, pitch - 6.0, 34.0);
    Text::title(t("read in both directions", "两个方向都要查")).draw(d, p(left + width / 2.0, -24.0));
    let upper = Node::new(text).role(Role::Token).draw(d, rect(left, 0.0, width, 40.0));
    let mut rows = Vec::new();
    for (i, (token, id)) in tokens.iter().zip(&ids).enumerate() {
        let token = Node::new(*token).role(Role::Token).radius(5.0).pad(4.0, 6.0).draw(d, column(i, 142.0));
        let id = Node::new(id.to_string()).role(Role::Token).radius(5.0).pad(4.0, 6.0).draw(d, column(i, 320.0));
        rows.push((token, id));
    }
    let (middle, lower) = (Rect::bounds(rows.iter().map(|row| row.0)), Rect::bounds(rows.iter().map(|row| row.1)));
    for (above, below) in [(upper, middle), (middle, lower)] {
        let (down, up) = (left + width * 0.3, left + width * 0.7);
        Arrow::new(p(down, above.y_end()), p(down, below.y)).width(2.0).role(Role::Token).draw(d);
        Arrow::new(p(up, below.y), p(up, above.y_end())).width(2.0).role(Role::Output).dashed().draw(d);
    }
    let y = upper.y_end() + 51.0;
    Text::new(t("encode", "编码")).bold().role(Role::Token).end().draw(d, p(left + width * 0.3 - 10.0, y));
    Text::new(t("decode", "解码")).bold().role(Role::Output).start().draw(d, p(left + width * 0.7 + 10.0, y));
    let y = table.center().y;
    let there = Text::new(t("token → id", "词元 → ID")).size_of(14.0).start();
    let there = p(left + width * 0.3 - 10.0 - there.size().0, y);
    Text::new(t("token → id", "词元 → ID")).size_of(14.0).start().draw(d, there);
    Text::new(t("id → token", "ID → 词元")).size_of(14.0).start().draw(d, p(left + width * 0.7 + 10.0, y));
    Arrow::new(table.right(), p(there.x - 2.0, y)).both().role(Role::Weight).above(t("look up", "查表")).draw(d);
}
