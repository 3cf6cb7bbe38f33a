//! The answer in the text that the model generates.

use ch07_instruct::{PromptFormat, extract_response};

use super::{SUM, TASKS};
use crate::parts::{Arrow, Side, Text, brace, visible};
use crate::theme::{Paint, Role};
use crate::{Dash, Drawing, Figure, Layer, Rect, Style, p, rect, t};

/// Widths of the parts: prompt, line breaks, marker, line break, answer, end of text.
const WIDTHS: [f64; 6] = [180.0, 34.0, 122.0, 26.0, 136.0, 120.0];
const GAP: f64 = 5.0;
const HEIGHT: f64 = 36.0;
/// Where the rows are.
const ROWS: [f64; 4] = [0.0, 122.0, 208.0, 294.0];

fn place(part: usize, row: usize) -> Rect {
    let x: f64 = WIDTHS[..part].iter().map(|width| width + GAP).sum();
    rect(x, ROWS[row], WIDTHS[part], HEIGHT)
}

/// A part of the text, or the place where it was before this step.
fn draw(d: &mut Drawing, part: usize, row: usize, text: &str, is_gone: bool) {
    let place = place(part, row);
    let role = if part == 4 { Role::Output } else { Role::Plain };
    if is_gone {
        d.rect(Layer::Main, place, 4.0, Style::line(Paint::Strong(Role::Mask)).dash(Dash::Dotted));
        let ends = [place.at(0.15, 0.8), place.at(0.85, 0.2)];
        d.line(Layer::Lines, &ends, Style::line(Paint::Strong(Role::Mask)).width(1.2));
        Text::note(text).mono().draw_in(d, place);
        return;
    }
    d.rect(Layer::Main, place, 4.0, Style::role(role).width(if row == 3 { 2.5 } else { 1.5 }));
    Text::small(text).mono().draw_in(d, place);
}

pub fn cut_out() -> Figure {
    let (entry, format) = (&TASKS[SUM], PromptFormat::Alpaca);
    let prompt = format.format_input(entry);
    let generated = prompt.clone() + &format.format_response(&entry.output);
    let rest = &generated[prompt.len()..];
    let (before, after) = rest.split_once(format.response_marker()).expect("the marker is in it");
    let answer = extract_response(&generated, &prompt, format);
    let line_break = &after[..after.len() - answer.len()];
    let parts = ["", &visible(before), format.response_marker(), &visible(line_break), &answer, "<|endoftext|>"];
    let characters = prompt.chars().count();

    let mut d = Drawing::new();
    let tall = Rect { y: -14.0, h: HEIGHT + 28.0, ..place(0, 0) };
    d.rect(Layer::Main, tall, 4.0, Style::role(Role::Token));
    let opening: Vec<_> = prompt.split_whitespace().take(3).collect();
    let opening = opening.join(" ") + " …";
    let lines = [opening.as_str(), "### Instruction:↵", &entry.instruction];
    for (line, at) in lines.into_iter().zip(tall.grow(-5.0).column(3, 0.0)) {
        Text::small(line).mono().start().draw_in(&mut d, rect(at.x + 5.0, at.y, at.w - 5.0, at.h));
    }
    (1..=4).for_each(|part| draw(&mut d, part, 0, parts[part], false));
    let end = place(5, 0);
    d.rect(Layer::Main, end, 4.0, Style::line(Paint::Strong(Role::Output)).dash(Dash::Dashed));
    Text::small(parts[5]).mono().draw_in(&mut d, end);
    Text::note(t("the signal to stop,\nnot in the text", "停下的信号，\n不在文本里"))
        .draw_below(&mut d, end.bottom().shift(0.0, 8.0));
    brace(&mut d, tall.grow(-2.0), Side::Above, t("given: the prompt", "给定：提示"));
    let written = Rect { y: tall.y, ..place(1, 0).union(end) };
    brace(&mut d, written.grow(-2.0), Side::Above, t("written by the model", "模型写的"));

    (1..=4).for_each(|part| draw(&mut d, part, 1, parts[part], false));
    (1..=4).for_each(|part| draw(&mut d, part, 2, parts[part], part == 2));
    [1, 3, 4].into_iter().for_each(|part| draw(&mut d, part, 3, parts[part], part != 4));
    let steps = [
        t(
            format!("skip as many characters\nas the prompt has: {characters}"),
            format!("提示有多少字符，\n就跳过多少：{characters}"),
        ),
        t("remove the marker", "去掉标记"),
        t("trim both ends", "去掉首尾的空白"),
    ];
    for (i, words) in steps.into_iter().enumerate() {
        let at = place(0, i + 1);
        Text::new(words).size_of(14.0).start().draw(&mut d, at.left());
        let down = place(4, i + 1).top();
        Arrow::new(p(down.x, place(4, i).y_end()), down).draw(&mut d);
    }
    brace(&mut d, place(4, 3), Side::Below, t("kept: the answer", "留下：回答"));
    let desc = t(
        format!(
            "Four rows. In the first the whole text: the prompt, which is given and ends with “{}”; then, written by the model, \
             two line breaks, the marker ### Response:, a line break, the answer “{answer}”, and <|endoftext|> in a dashed frame, \
             the signal to stop, which is not in the text. Each further row takes something away. Second row: skip as many \
             characters as the prompt has, {characters}. Third row: remove the marker; its place is struck out. Fourth row: trim \
             both ends; the line breaks are struck out. What is kept is the answer, “{answer}”, under all of its earlier places.",
            entry.instruction
        ),
        format!(
            "四行。第一行是整段文本：先是给定的提示，以“{}”结尾；接着是模型写的：两个换行、标记 ### Response:、一个换行、回答“{answer}”，\
             以及虚线框里的 <|endoftext|>，它是停下的信号，不在文本里。以下每行去掉一点东西。第二行：提示有多少字符就跳过多少，{characters} 个。\
             第三行：去掉标记，它的位置划掉了。第四行：去掉首尾的空白，换行划掉了。留下的是回答“{answer}”，一直在同一列。",
            entry.instruction
        ),
    );
    let title =
        t("What the model is given, what it writes, and what is kept", "给模型的是什么，模型写了什么，留下的是什么");
    Figure::new("7-09", title, desc, d)
}
