//! Where the chapter stands in the book, and where a page stands in the chapter.

use crate::parts::{Arrow, Node, RoadMap, Text};
use crate::theme::{Paint, Role};
use crate::{Dash, Drawing, Figure, Layer, Point, Rect, Style, Words, p, rect, t};

pub fn road_map() -> Figure {
    let mut d = Drawing::new();
    RoadMap::at_chapter(3).draw(&mut d, p(0.0, 0.0));
    let desc = t(
        "The nine steps of the book in three stages. Build the model: 1 text to numbers, done; 2 attention, this chapter, marked; \
         3 the GPT model. Pretrain it: 4 loss, 5 training loop, 6 writing text, 7 loading weights. Fine-tune it: 8 a classifier, \
         9 an assistant. Steps 3 to 9 are still to come.",
        "全书分三个阶段，共九步。搭建模型：1 从文本到数字，已完成；2 注意力，本章，已标出；3 GPT 模型。预训练：4 损失，5 训练循环，\
         6 生成文本，7 加载权重。微调：8 分类器，9 助手。第 3 到第 9 步还在后面。",
    );
    Figure::new("3-01", t("Where we are: attention", "我们在哪里：注意力"), desc, d)
}

/// Name, section and what is new in each of the four mechanisms.
fn mechanisms() -> [(Words, &'static str, Words); 4] {
    [
        (t("simplified", "简化版"), "3.3", t("", "")),
        (t("self-attention", "自注意力"), "3.4", t("matrices\nto train", "可训练的\n矩阵")),
        (t("causal", "因果"), "3.5", t("mask,\ndropout", "掩码、\ndropout")),
        (t("multi-head", "多头"), "3.6", t("several\nheads", "多个头")),
    ]
}

/// Width of a box, and space between two of them.
const BOX: f64 = 118.0;
const GAP: f64 = 62.0;

pub fn four_mechanisms() -> Figure {
    let mut d = Drawing::new();
    let places: Vec<_> = (0..4).map(|i| rect((BOX + GAP) * i as f64, 0.0, BOX, 142.0)).collect();
    for (i, ((name, section, added), place)) in mechanisms().into_iter().zip(&places).enumerate() {
        Node::empty().draw(&mut d, *place);
        Text::new(name).size_of(14.0).bold().draw_in(&mut d, Rect { y: place.y + 8.0, h: 20.0, ..*place });
        picture(&mut d, place.top().shift(0.0, 38.0), i);
        Text::note(section).draw_in(&mut d, Rect { y: place.y_end() - 26.0, h: 18.0, ..*place });
        if i > 0 {
            Arrow::new(places[i - 1].right(), place.left()).above(added).draw(&mut d);
        }
    }
    let desc = t(
        "Four boxes from left to right, each with a table of squares, one for each pair of tokens. 1 simplified, section 3.3: all \
         squares are filled. Then come matrices to train. 2 self-attention, 3.4: the same table, with q, k and v above it. Then come \
         mask and dropout. 3 causal, 3.5: the upper right triangle of the table is empty. Then come several heads. 4 multi-head, \
         3.6: two such tables side by side, each with its own q, k and v.",
        "从左到右四个方框，每个里面有一张小方格表，每对词元占一格。1 简化版，3.3 节：所有格子都填了色。接着加上可训练的矩阵。\
         2 自注意力，3.4 节：同样的表，上方多了 q、k、v。接着加上掩码和 dropout。3 因果，3.5 节：表的右上三角是空的。接着加上多个头。\
         4 多头，3.6 节：两张这样的表并排，各有自己的 q、k、v。",
    );
    let title =
        t("Four mechanisms, each with one thing more than the one before", "四种机制，每一种都比前一种多一样东西");
    Figure::new("3-02", title, desc, d)
}

/// Size of a small square of a table of four tokens.
const SQUARE: f64 = 12.0;

/// The sign of a mechanism: tables of pairs, above them the matrices.
fn picture(d: &mut Drawing, top: Point, mechanism: usize) {
    let size = 4.0 * SQUARE;
    let lefts = if mechanism == 3 { vec![-size - 3.5, 3.5] } else { vec![-size / 2.0] };
    for left in lefts {
        let table = rect(top.x + left, top.y + 22.0, size, size);
        if mechanism > 0 {
            for (place, name) in rect(table.x, top.y, size, 17.0).row(3, 1.0).iter().zip(["q", "k", "v"]) {
                d.rect(Layer::Main, *place, 3.0, Style::role(Role::Weight).width(1.0));
                Text::new(name).size_of(12.0).draw_in(d, *place);
            }
        }
        for (row, cells) in table.column(4, 0.0).iter().enumerate() {
            for (column, cell) in cells.row(4, 0.0).iter().enumerate() {
                let style = if mechanism >= 2 && column > row {
                    Style::line(Paint::Strong(Role::Mask)).width(0.75)
                } else {
                    Style::fill(Paint::Strong(Role::Score)).opacity(0.5)
                };
                d.rect(Layer::Main, cell.grow(-1.0), 2.0, style);
            }
        }
    }
}

pub fn second() -> Figure {
    let title = t("The second of the four mechanisms: self-attention", "四种机制中的第二种：自注意力");
    Figure::new("3-08", title, strip_desc(2), strip(2))
}

pub fn third() -> Figure {
    let title = t("The third of the four mechanisms: causal attention", "四种机制中的第三种：因果注意力");
    Figure::new("3-13", title, strip_desc(3), strip(3))
}

pub fn fourth() -> Figure {
    let title = t("The last of the four mechanisms: multi-head attention", "四种机制中的最后一种：多头注意力");
    Figure::new("3-17", title, strip_desc(4), strip(4))
}

/// The mechanisms as a strip, in the look of the road map of the book.
fn strip(here: usize) -> Drawing {
    let mut d = Drawing::new();
    let places: Vec<_> = (0..4).map(|i| rect((BOX + GAP) * i as f64, 0.0, BOX, 52.0)).collect();
    for (i, ((name, section, added), place)) in mechanisms().into_iter().zip(&places).enumerate() {
        let (style, ink, muted) = if i + 1 == here {
            (Style::fill(Paint::Ink).outlined(Paint::Ink), Paint::Paper, Paint::Paper)
        } else if i + 1 < here {
            (Style::fill(Paint::Paper).outlined(Paint::Strong(Role::Plain)), Paint::Ink, Paint::Muted)
        } else {
            let dashed = Style::fill(Paint::Paper).outlined(Paint::Strong(Role::Mask)).dash(Dash::Dashed);
            (dashed, Paint::Muted, Paint::Muted)
        };
        d.rect(Layer::Main, *place, 8.0, style);
        let name = Text::new(name).size_of(14.0).paint(ink);
        let name = if i + 1 == here { name.bold() } else { name };
        name.draw_in(&mut d, Rect { y: place.y + 7.0, h: 20.0, ..*place });
        let number = Text::small(section).paint(muted).draw_in(&mut d, Rect { y: place.y + 27.0, h: 18.0, ..*place });
        if i + 1 < here {
            let mark = number.right().shift(13.0, 0.0);
            let tick = [mark.shift(-5.0, 0.0), mark.shift(-1.5, 4.0), mark.shift(5.0, -4.5)];
            d.line(Layer::Front, &tick, Style::line(Paint::Strong(Role::Output)).width(2.0));
        }
        if i > 0 {
            Arrow::new(places[i - 1].right(), place.left()).above(added).draw(&mut d);
        }
    }
    d
}

fn strip_desc(here: usize) -> Words {
    let all = mechanisms();
    let names = |of: &dyn Fn(&Words) -> String, and: &str| {
        let list = |part: &[(Words, &str, Words)]| part.iter().map(|part| of(&part.0)).collect::<Vec<_>>().join(and);
        (list(&all[..here - 1]), of(&all[here - 1].0), list(&all[here..]))
    };
    let (done, name, later) = names(&|words| words.get(crate::Lang::En).into(), ", ");
    let end = if later.is_empty() { String::new() } else { format!(" Still to come: {later}.") };
    let added = all[here - 1].2.get(crate::Lang::En).replace('\n', " ");
    let en = format!(
        "The four mechanisms of the chapter in a row: simplified, self-attention, causal, multi-head. Done and ticked: {done}. \
         Marked, this page: {name}, which adds {added}.{end}"
    );
    let (done, name, later) = names(&|words| words.get(crate::Lang::Zh).into(), "、");
    let end = if later.is_empty() { String::new() } else { format!("还没讲到：{later}。") };
    let added = all[here - 1].2.get(crate::Lang::Zh).replace('\n', "");
    let zh = format!(
        "本章的四种机制排成一行：简化版、自注意力、因果、多头。已完成、打了勾的：{done}。标出的是本页：{name}，新加的是{added}。{end}"
    );
    t(en, zh)
}
