//! The logit lens of a published model.

use crate::data::{rows, value};
use crate::parts::{Bar, Bars, Text, decimal};
use crate::theme::Role;
use crate::{Drawing, Figure, p, t};

const LENS: &str = include_str!("../../data/lens-smollm2.tsv");
const ANSWER: &str = "_Paris";

pub fn smollm2() -> Figure {
    let rows = rows(LENS);
    let token = |row: &[&str]| row.get(1).map_or(String::new(), |token| token.replace('_', "␣"));
    let bar = |row: &Vec<&str>| {
        let percent = decimal(100.0 * value(row, 2), 0);
        let role = if row[1] == ANSWER { Role::Output } else { Role::Score };
        (row[0].to_string(), Bar::new(value(row, 2), format!("{}  {percent} %", token(row)), role))
    };
    let mut d = Drawing::new();
    let bars = Bars::new(rows.iter().map(bar)).largest(1.0).thickness(15.0, 5.0);
    let placed = bars.draw_across(&mut d, p(0.0, 0.0), 420.0);
    Text::note(t("blocks", "块数")).end().draw(&mut d, placed.field.at(0.0, 0.0).shift(-10.0, -20.0));
    let words = t("probability of the likeliest token", "最可能的词元的概率");
    Text::note(words).start().draw(&mut d, placed.field.at(0.0, 0.0).shift(0.0, -20.0));
    let list = |from: usize, to: usize| {
        let told = |row: &Vec<&str>| format!("{} {}", token(row), decimal(value(row, 2), 2));
        rows[from..=to].iter().map(told).collect::<Vec<_>>()
    };
    let desc = t(
        format!(
            "31 bars, one for each number of blocks from 0 to 30, with the likeliest next token after \"The capital of France is\" and its \
             probability; ␣ is a space. Before the first block: {}, the token itself. After 1 block: {}. From 2 to 23 blocks the likeliest token is a \
             full stop or a space. The last ones: {}. Only the last bar is the answer.",
            list(0, 0)[0],
            list(1, 1)[0],
            list(24, 30).join(", ")
        ),
        format!(
            "31 根条，分别对应经过 0 到 30 个块之后，“The capital of France is” 后面最可能的词元和它的概率；␣ 是空格。第一个块之前：{}，就是它自己。\
             经过 1 个块：{}。从 2 到 23 个块，最可能的都是句点或空格。最后几个：{}。只有最后一根是答案。",
            list(0, 0)[0],
            list(1, 1)[0],
            list(24, 30).join("、")
        ),
    );
    let title = t(
        "The logit lens of SmolLM2 135M: “Paris” appears in the last of 30 blocks",
        "SmolLM2 135M 的 logit 透镜：“Paris” 到 30 个块的最后一个才出现",
    );
    Figure::new("l-01", title, desc, d)
}
