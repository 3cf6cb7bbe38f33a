//! The new output layer.

use super::{HAM, SPAM};
use crate::parts::{Arrow, Node, Text, decimal, whole};
use crate::theme::{Paint, Role};
use crate::{Drawing, Figure, Layer, Point, Rect, Style, Words, p, rect, t};

const WIDTH: usize = 768;
const VOCABULARY: usize = 50_257;
const CLASSES: usize = 2;

/// Middles of the two towers, and the size of the parts that stay.
const TOWERS: [f64; 2] = [164.0, 512.0];
const PART: (f64, f64) = (170.0, 40.0);
/// The area that the old layer is drawn with.
const LAYER: (f64, f64) = (328.0, 64.0);
/// How much the magnifier enlarges lengths, and its radius.
const MAGNIFIED: f64 = 10.0;
const GLASS: f64 = 26.0;

pub fn before_and_after() -> Figure {
    let old = WIDTH * VOCABULARY;
    let new = WIDTH * CLASSES + CLASSES;
    let mut d = Drawing::new();
    let names = [t("embeddings", "嵌入"), t("12 blocks", "12 个块"), t("final norm", "最终归一化")];
    let mut tops = Vec::new();
    for tower in TOWERS {
        let mut below: Option<Rect> = None;
        for (i, name) in names.iter().enumerate() {
            let place = Rect::around(p(tower, 420.0 - 66.0 * i as f64), PART);
            if i == 1 {
                for shift in [8.0, 4.0] {
                    d.rect(Layer::Main, place.shift(shift, -shift), 8.0, Style::role(Role::Weight));
                }
            }
            let place = Node::new(name).role(Role::Weight).draw(&mut d, place);
            if let Some(below) = below {
                Arrow::new(below.top(), place.bottom()).draw(&mut d);
            }
            below = Some(if i == 1 { Rect { y: place.y - 8.0, h: place.h + 8.0, ..place } } else { place });
        }
        tops.push(below.map_or(p(tower, 0.0), |place| place.top()));
    }
    let middle = (TOWERS[0] + TOWERS[1]) / 2.0;
    for i in 0..3 {
        Text::title("=").draw(&mut d, p(middle, 420.0 - 66.0 * i as f64));
    }
    Text::note(t("stays", "保留")).draw(&mut d, p(middle, 262.0));
    for (tower, name) in TOWERS.into_iter().zip([t("before", "之前"), t("after", "之后")]) {
        Text::title(name).draw(&mut d, p(tower, -12.0));
    }

    let layer = Rect::around(p(TOWERS[0], 180.0), LAYER);
    let sum = format!("{} × {} = {}", WIDTH, whole(VOCABULARY), whole(old));
    let layer =
        Node::of(Text::new(t("output layer", "输出层")).bold()).note(sum).role(Role::Weight).draw(&mut d, layer);
    Arrow::new(tops[0], layer.bottom()).draw(&mut d);
    let row = rect(layer.x, 62.0, layer.w, 46.0);
    many_bars(&mut d, row);
    Arrow::new(layer.top(), p(TOWERS[0], row.y_end() + 6.0)).free().draw(&mut d);
    label(&mut d, p(TOWERS[0], 28.0), t("50,257 logits: one per token", "50,257 个 logits：每个词元一个"));

    // The same number of parameters per area as on the left, seen through a magnifier.
    let side = MAGNIFIED * (LAYER.0 * LAYER.1 * new as f64 / old as f64).sqrt();
    let dot = p(TOWERS[1], 180.0);
    let handle = [dot.shift(-18.0, 18.0), dot.shift(-38.0, 38.0)];
    d.line(Layer::Back, &handle, Style::line(Paint::Strong(Role::Plain)).width(5.0));
    d.circle(Layer::Back, dot, GLASS, Style::fill(Paint::Paper).outlined(Paint::Strong(Role::Plain)).width(2.5));
    let magnified = Rect::around(dot, (side, side));
    d.rect(Layer::Front, magnified, 0.0, Style::role(Role::Weight));
    Arrow::new(tops[1], dot.shift(0.0, GLASS)).draw(&mut d);
    let sum = format!("{WIDTH} × {CLASSES} + {CLASSES} = {}", whole(new));
    Text::new(t("new layer", "新的层")).bold().start().draw(&mut d, dot.shift(38.0, -20.0));
    Text::small(sum).muted().start().draw(&mut d, dot.shift(38.0, 0.0));
    Text::note(t(format!("to scale, {MAGNIFIED:.0} times enlarged"), format!("按比例，放大 {MAGNIFIED:.0} 倍")))
        .start()
        .draw(&mut d, dot.shift(38.0, 20.0));
    let pair = rect(TOWERS[1] - 80.0, 66.0, 160.0, 40.0).row(2, 12.0);
    for ((place, name), role) in pair.iter().zip(["ham", "spam"]).zip([HAM, SPAM]) {
        let place = Node::new(name).role(role).draw(&mut d, *place);
        Arrow::new(p(dot.x, dot.y - GLASS), place.bottom()).elbow_down(0.5).draw(&mut d);
    }
    label(&mut d, p(TOWERS[1], 28.0), t("2 logits: one per class", "2 个 logits：每类一个"));
    let ratio = decimal(old as f64 / new as f64, 0);
    let desc = t(
        format!(
            "Two towers side by side, before and after, to be read from bottom to top. Embeddings, 12 blocks and final norm are \
             the same in both; signs of equality stand between them: they stay. On top, before: a wide output layer of 768 × \
             50,257 = {} parameters and above it a long row of 50,257 logits, one per token. After: the new layer has 768 × 2 + \
             2 = {} parameters; its area is smaller by a factor of {ratio}, a dot that only a magnifier shows. Above it two \
             boxes, the logits of ham and spam.",
            whole(old),
            whole(new)
        ),
        format!(
            "两座塔并排，之前和之后，从下往上看。嵌入、12 个块、最终归一化两边相同，中间画着等号：保留。顶上，之前：宽宽的输出层，\
             768 × 50,257 = {} 个参数，上面是长长一排 50,257 个 logits，每个词元一个。之后：新的层有 768 × 2 + 2 = {} 个参数，\
             面积只有 {ratio} 分之一，是放大镜下才看得见的小点；上面是两个方框，ham 和 spam 的 logits。",
            whole(old),
            whole(new)
        ),
    );
    let title = t("The output layer is replaced: from 50,257 values to 2", "换掉输出层：从 50,257 个值变成 2 个");
    Figure::new("6-07", title, desc, d)
}

fn label(d: &mut Drawing, at: Point, words: Words) {
    Text::new(words).size_of(14.0).bold().draw(d, at);
}

/// A row of so many bars that it goes on: its heights mean nothing.
fn many_bars(d: &mut Drawing, row: Rect) {
    let places = row.row(41, 2.0);
    for (i, place) in places.iter().enumerate() {
        if (29..=33).contains(&i) {
            continue;
        }
        let height = row.h * (0.25 + 0.75 * ((i * i * 7 + i * 13) % 23) as f64 / 22.0);
        let bar = rect(place.x, row.y_end() - height, place.w, height);
        d.rect(Layer::Main, bar, 1.0, Style::fill(Paint::Strong(Role::Output)).opacity(0.5));
    }
    Text::title("…").draw(d, p(places[31].center().x, row.y_end() - 10.0));
    d.line(
        Layer::Lines,
        &[p(row.x, row.y_end()), p(row.x_end(), row.y_end())],
        Style::line(Paint::Strong(Role::Plain)),
    );
}
