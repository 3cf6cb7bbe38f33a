//! W, A and B of a square layer, their areas to scale.

use super::{RANK, Sizes, frozen, numbers, trained};
use crate::parts::{Node, Text, decimal, whole};
use crate::theme::{Paint, Role};
use crate::{Dash, Drawing, Figure, Layer, Point, Style, p, rect, t};

/// Numbers per pixel.
const SCALE: f64 = 2.0;
/// Space between W and A, and W and B.
const GAP: f64 = 14.0;
/// The entry that is looked at, as shares of the sides of W.
const ENTRY: (f64, f64) = (0.34, 0.4);

pub fn areas() -> Figure {
    let [inputs, outputs] = Sizes::of_the_classifier().layers[0];
    let (width, height, thin) = (outputs as f64 / SCALE, inputs as f64 / SCALE, RANK as f64 / SCALE);
    let mut d = Drawing::new();
    let w = rect(0.0, 0.0, width, height);
    let a = rect(-GAP - thin, 0.0, thin, height);
    let b = rect(0.0, -GAP - thin, width, thin);
    d.rect(Layer::Back, w, 0.0, frozen());
    for strip in [a, b] {
        d.rect(Layer::Main, strip, 0.0, trained().width(1.0));
    }
    let entry = w.at(ENTRY.0, ENTRY.1);
    let (row, column) = (p(a.x - 3.0, entry.y), p(entry.x, b.y - 3.0));
    let guide = Style::line(Paint::Ink).dash(Dash::Dotted);
    d.line(Layer::Lines, &[p(a.x_end() + 3.0, entry.y), entry], guide);
    d.line(Layer::Lines, &[p(entry.x, b.y_end() + 3.0), entry], guide);
    let mark =
        |d: &mut Drawing, from: Point, to: Point| d.line(Layer::Front, &[from, to], Style::line(Paint::Ink).width(3.0));
    mark(&mut d, row, row.shift(thin + 6.0, 0.0));
    mark(&mut d, column, column.shift(0.0, thin + 6.0));
    d.rect(Layer::Front, crate::Rect::around(entry, (8.0, 8.0)), 0.0, Style::fill(Paint::Ink));
    let words =
        t(format!("change of this weight:\n{RANK} products, summed"), format!("这个权重的改变量：\n{RANK} 个乘积之和"));
    let note = Node::of(Text::small(words)).style(Style::fill(Paint::Paper).outlined(Paint::Ink));
    let size = note.size();
    note.draw(&mut d, rect(entry.x + 16.0, entry.y + 14.0, size.0, size.1));
    let count = whole(inputs * outputs);
    Text::title(format!("W  [{inputs}, {outputs}]")).draw(&mut d, w.at(0.5, 0.76));
    let words = t(format!("frozen, {count} numbers"), format!("冻结，{count} 个数"));
    Text::new(words).draw(&mut d, w.at(0.5, 0.76).shift(0.0, 26.0));

    let strip = |name: &str, shape: [usize; 2]| {
        let count = whole(shape[0] * shape[1]);
        let shape = format!("{name}  [{}, {}]", shape[0], shape[1]);
        (Text::new(shape).bold().role(Role::Weight), t(format!("trained, {count}"), format!("训练，{count} 个数")))
    };
    let (name, words) = strip("B", [RANK, outputs]);
    name.draw(&mut d, b.top().shift(0.0, -36.0));
    Text::small(words).draw(&mut d, b.top().shift(0.0, -15.0));
    let (name, words) = strip("A", [inputs, RANK]);
    name.end().draw(&mut d, a.left().shift(-14.0, -11.0));
    Text::small(words).end().draw(&mut d, a.left().shift(-14.0, 11.0));

    let few = numbers([inputs, outputs], RANK);
    let percent = decimal(100.0 * few as f64 / (inputs * outputs) as f64, 2);
    let few = whole(few);
    let y = height + 34.0;
    Text::new("W + scale · A B").mono().draw(&mut d, p(width / 2.0, y));
    let words =
        t(format!("{few} numbers, not {count}: {percent} %"), format!("{few} 个数，不是 {count} 个：{percent}%"));
    Text::new(words).bold().role(Role::Weight).draw(&mut d, p(width / 2.0, y + 28.0));
    let each = whole(inputs * RANK);
    let desc = t(
        format!(
            "Areas to scale. A large pale square with a dashed outline is W, {inputs} by {inputs}, frozen, {count} \
             numbers. Along its left side stands A, a thin strip of {inputs} by {RANK}, and along its upper side lies B, \
             a thin strip of {RANK} by {outputs}, both in a strong colour, trained, {each} numbers each. One row of A and \
             one column of B are marked, and dotted lines lead from them to an entry of W: the change of this weight is \
             the sum of {RANK} products. Below: W + scale · A B; {few} numbers, not {count}, that is {percent} percent."
        ),
        format!(
            "面积按比例。虚线框的浅色大方块是 W，{inputs} 乘 {inputs}，冻结，{count} 个数。它左边竖着 A，{inputs} 乘 {RANK} 的细条；\
             上边横着 B，{RANK} 乘 {outputs} 的细条；两者颜色深，要训练，各 {each} 个数。A 的一行和 B 的一列做了标记，点线从那里引到 W \
             的一个位置：这个权重的改变量是 {RANK} 个乘积之和。下面写着 W + scale · A B；{few} 个数，不是 {count} 个，占 {percent}%。"
        ),
    );
    let title = t(
        "W, A and B of a square layer of GPT-2 small, their areas to scale",
        "GPT-2 small 一个方形层的 W、A、B，面积按比例",
    );
    Figure::new("e-01", title, desc, d)
}
