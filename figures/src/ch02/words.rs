//! Cutting a text into words.

use std::ops::Range;

use ch02_text::split::{split_comma_period, split_whitespace, without_blanks};
use ch02_text::tokenize;

use crate::parts::{Text, Tokens, visible};
use crate::theme::Role;
use crate::{Drawing, Figure, p, t};

pub fn three_expressions() -> Figure {
    let text = "Hello, world. Is this-- a test?";
    let steps = [
        (t("split at spaces", "在空白处切开"), r"\s", split_whitespace(text)),
        (
            t("also at commas and periods; spaces are dropped", "在逗号和句点处也切开；丢掉空白"),
            r"[,.]|\s",
            without_blanks(split_comma_period(text)),
        ),
        (
            t("at all punctuation and at double dashes", "在所有标点和双连字符处切开"),
            r#"[,.:;?_!"()']|--|\s"#,
            tokenize(text),
        ),
    ];
    let mut d = Drawing::new();
    let mut before: Vec<Range<usize>> = vec![];
    for (i, (what, expression, pieces)) in steps.into_iter().enumerate() {
        let y = 98.0 * i as f64;
        let head = Text::new(expression).mono().size_of(14.0).start().role(Role::Weight).draw(&mut d, p(0.0, y));
        Text::small(what).start().draw(&mut d, p(head.x_end() + 14.0, y));
        let ranges = ranges_in(text, &pieces);
        let mut tokens = Tokens::new(pieces.iter().map(|piece| visible(piece)));
        for (at, (piece, range)) in pieces.iter().zip(&ranges).enumerate() {
            if piece.trim().is_empty() {
                tokens = tokens.role_of(at, Role::Mask);
            } else if !before.is_empty() && !before.contains(range) {
                tokens = tokens.role_of(at, Role::Output).heavy(at);
            }
        }
        let placed = tokens.min_width(26.0).draw(&mut d, p(0.0, y + 18.0));
        let count = pieces.len();
        let count = t(format!("{count} pieces"), format!("{count} 段"));
        Text::note(count).start().draw(&mut d, placed.bounds.right().shift(14.0, 0.0));
        before = ranges;
    }
    let desc = t(
        "“Hello, world. Is this-- a test?” cut in three ways. Split at spaces: 11 pieces, 5 of them spaces, with punctuation \
         still attached: “Hello,”, “world.”, “this--”, “test?”. Also at commas and periods, without spaces: 8 pieces; \
         Hello, comma, world, period are new. At all punctuation and double dashes: 10 pieces; this, two dashes, test \
         and the question mark are new.",
        "“Hello, world. Is this-- a test?” 的三种切法。在空白处切开：11 段，其中 5 段是空白，标点还粘在词上：“Hello,” “world.” “this--” “test?”。\
         在逗号和句点处也切开并丢掉空白：8 段，新切出 Hello、逗号、world、句点。在所有标点和双连字符处切开：10 段，新切出 this、双连字符、test 和问号。",
    );
    Figure::new("2-04", t("One sentence, three regular expressions", "同一句话，三个正则表达式"), desc, d)
}

/// Where each piece stands in the text.
fn ranges_in(text: &str, pieces: &[&str]) -> Vec<Range<usize>> {
    let mut from = 0;
    let place = |piece: &&str| {
        let start = from + text[from..].find(piece).expect("the piece is of the text");
        from = start + piece.len();
        start..from
    };
    pieces.iter().map(place).collect()
}
