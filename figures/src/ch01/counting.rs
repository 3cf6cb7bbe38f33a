//! A language model that counts.

use crate::parts::{Bar, Bars, Text, Tokens};
use crate::theme::Role;
use crate::{Drawing, Figure, Words, p, t};

/// The whole text, in both languages with the same pattern.
const TEXT: [(&str, &str); 11] = [
    ("the", "外婆"),
    ("lamp", "煮"),
    ("lights", "水"),
    ("the", "外婆"),
    ("tower", "洗"),
    ("and", "碗"),
    ("the", "外婆"),
    ("lamp", "煮"),
    ("warms", "面"),
    ("the", "外婆"),
    ("street", "笑"),
];

pub fn counting() -> Figure {
    let mut d = Drawing::new();
    let words = |(en, zh): (&str, &str)| t(en, zh);
    let context = TEXT[0];
    let mut tokens = Tokens::new(TEXT.map(words)).role(Role::Plain).gap(5.0).min_width(50.0);
    let mut counts: Vec<((&str, &str), u32)> = Vec::new();
    for (i, pair) in TEXT.windows(2).enumerate() {
        if pair[0] != context {
            continue;
        }
        tokens = tokens.role_of(i, Role::Token).role_of(i + 1, Role::Output).heavy(i + 1);
        match counts.iter_mut().find(|(word, _)| *word == pair[1]) {
            Some((_, count)) => *count += 1,
            None => counts.push((pair[1], 1)),
        }
    }
    let placed = tokens.draw(&mut d, p(0.0, 0.0));
    let total: u32 = counts.iter().map(|(_, count)| count).sum();
    let bars = counts.iter().map(|(word, count)| {
        let label: Words = words(*word);
        (label, Bar::new(f64::from(*count), format!("{count}/{total}"), Role::Score))
    });
    let top = placed.bounds.y_end() + 66.0;
    let left = placed.bounds.x + 240.0;
    Text::small(t("what followed “the”", "“外婆”后面跟过什么")).end().draw(&mut d, p(left - 10.0, top - 26.0));
    Text::small(t("how often: the probability", "几次，也就是概率")).start().draw(&mut d, p(left + 4.0, top - 26.0));
    Bars::new(bars).thickness(24.0, 10.0).draw_across(&mut d, p(left, top), 260.0);
    let desc = t(
        "The sentence “the lamp lights the tower and the lamp warms the street” as eleven boxes. “the” stands in it four times; the \
         word after each of them is marked: lamp, tower, lamp, street. Below, three bars: lamp 2/4, tower 1/4, street 1/4.",
        "“外婆 煮 水 外婆 洗 碗 外婆 煮 面 外婆 笑”，画成十一个方框。“外婆”出现四次，紧跟其后的词都标了出来：煮、洗、煮、笑。\
         下面三根条形：煮 2/4，洗 1/4，笑 1/4。",
    );
    let title = t(
        "Counting is enough to predict: what followed a word, and how often",
        "数一数就能预测：一个词后面跟过什么，各几次",
    );
    Figure::new("1-02", title, desc, d)
}
