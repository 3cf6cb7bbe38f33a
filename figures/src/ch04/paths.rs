//! The paths through two layers with shortcuts.

use super::shapes::{fork, road};
use crate::parts::{Arrow, Node, Text, decimal};
use crate::theme::{Paint, Role};
use crate::{Dash, Drawing, Figure, Layer, Point, Style, Words, p, rect, t};

/// The slope of both layers.
const SLOPE: f64 = 0.2;
/// Middles of the two layers, of the additions, and the end.
const LAYERS: [f64; 2] = [106.0, 292.0];
const SUMS: [f64; 2] = [192.0, 378.0];
const END: f64 = 442.0;
/// Where the products stand.
const PRODUCTS: f64 = 486.0;

pub fn four_paths() -> Figure {
    let mut d = Drawing::new();
    heading(&mut d, 0.0, t("without shortcuts: one path", "没有快捷连接：一条路"));
    chain(&mut d, 44.0);
    product(&mut d, 44.0, t("", ""), format!("{SLOPE} · {SLOPE} = {}", decimal(SLOPE * SLOPE, 2)));
    heading(&mut d, 104.0, t("with shortcuts: x + f(x), twice", "有快捷连接：x + f(x)，两次"));
    network(&mut d, 172.0);
    heading(&mut d, 232.0, t("the same as four paths", "等于四条路"));
    let paths = [
        ([false, false], t("around both", "两层都绕过")),
        ([true, false], t("only f_{1}", "只走 f_{1}")),
        ([false, true], t("only f_{2}", "只走 f_{2}")),
        ([true, true], t("through both", "两层都走")),
    ];
    let mut sum = 0.0;
    for (i, (through, name)) in paths.into_iter().enumerate() {
        let y = 280.0 + 58.0 * i as f64;
        path(&mut d, y, through);
        let [a, b] = through.map(|through| if through { SLOPE } else { 1.0 });
        sum += a * b;
        let places = if a * b < 0.1 { 2 } else { 1 };
        let written = |x: f64| if x == 1.0 { "1".to_string() } else { decimal(x, places) };
        let text = format!("{} · {} = {}", decimal_of(a), decimal_of(b), written(a * b));
        product(&mut d, y, name, text);
    }
    let y = 280.0 + 58.0 * 4.0 - 12.0;
    d.line(
        Layer::Lines,
        &[p(PRODUCTS, y - 14.0), p(PRODUCTS + 172.0, y - 14.0)],
        Style::line(Paint::Strong(Role::Plain)),
    );
    let total = decimal(sum, 2);
    Text::new(t(format!("sum {total} = 1.2 · 1.2"), format!("合计 {total} = 1.2 · 1.2")))
        .bold()
        .role(Role::Score)
        .start()
        .draw(&mut d, p(PRODUCTS, y + 2.0));
    let desc = t(
        "Two layers, f₁ and f₂, each with slope 0.2. Above, without shortcuts: x goes through both to y; the slope \
         is 0.2 · 0.2 = 0.04. Below, with shortcuts: each layer's input is also led around it and added. That makes \
         four paths from x to y, drawn one below the other with the part that is not used dashed: around both, 1 · 1 \
         = 1; only through f₁, 0.2 · 1 = 0.2; only through f₂, 1 · 0.2 = 0.2; through both, 0.2 · 0.2 = 0.04. Their \
         sum is 1.44 = 1.2 · 1.2.",
        "两层 f₁ 和 f₂，斜率都是 0.2。上面没有快捷连接：x 依次穿过两层到 y，斜率是 0.2 · 0.2 = 0.04。下面有快捷连接：\
         每层的输入还绕过这一层，再加回来。于是从 x 到 y 有四条路，自上而下画出，没走的部分是虚线：两层都绕过，1 · 1 \
         = 1；只走 f₁，0.2 · 1 = 0.2；只走 f₂，1 · 0.2 = 0.2；两层都走，0.2 · 0.2 = 0.04。合计 1.44 = 1.2 · 1.2。",
    );
    let title = t(
        "Two layers with shortcuts offer four paths, and one of them is free",
        "两层带快捷连接，就有四条路，其中一条畅通无阻",
    );
    Figure::new("4-08", title, desc, d)
}

fn decimal_of(factor: f64) -> String {
    if factor == 1.0 { "1".into() } else { decimal(factor, 1) }
}

fn heading(d: &mut Drawing, y: f64, words: Words) {
    Text::new(words).bold().start().draw(d, p(-16.0, y));
}

fn product(d: &mut Drawing, y: f64, name: Words, text: String) {
    if !name.get(crate::Lang::En).is_empty() {
        Text::note(name).start().draw(d, p(PRODUCTS, y - 21.0));
    }
    Text::new(text).start().draw(d, p(PRODUCTS, y));
}

/// A layer with its slope.
fn layer(d: &mut Drawing, at: Point, i: usize) -> crate::Rect {
    Node::new(format!("f_{{{}}}", i + 1))
        .role(Role::Weight)
        .note(t("slope 0.2", "斜率 0.2"))
        .min_width(86.0)
        .draw_at(d, at)
}

fn end(d: &mut Drawing, x: f64, y: f64, name: &str, role: Role) -> crate::Rect {
    Node::new(name).role(role).pad(4.0, 4.0).draw(d, crate::Rect::around(p(x, y), (32.0, 32.0)))
}

fn chain(d: &mut Drawing, y: f64) {
    let x = end(d, 0.0, y, "x", Role::Token);
    let [first, second] = [0, 1].map(|i| layer(d, p(LAYERS[i], y), i));
    let out = end(d, END, y, "y", Role::Output);
    for (from, to) in [(x, first), (first, second), (second, out)] {
        Arrow::new(from.right(), to.left()).draw(d);
    }
}

fn network(d: &mut Drawing, y: f64) {
    let x = end(d, 0.0, y, "x", Role::Token);
    let [first, second] = [0, 1].map(|i| layer(d, p(LAYERS[i], y), i));
    let [sum_1, sum_2] = [0, 1].map(|i| Node::sign("+").draw_at(d, p(SUMS[i], y)));
    let out = end(d, END, y, "y", Role::Output);
    for (from, to) in [(x, first), (first, sum_1), (sum_1, second), (second, sum_2), (sum_2, out)] {
        Arrow::new(from.right(), to.left()).draw(d);
    }
    for (from, layer, sum) in [(x, first, sum_1), (sum_1, second, sum_2)] {
        let leave = p((from.x_end() + layer.x) / 2.0 - 4.0, y);
        fork(d, leave, Role::Token);
        let corners = [leave.shift(0.0, -40.0), p(sum.center().x, y - 40.0)];
        Arrow::new(leave, sum.top()).via(corners).free().role(Role::Token).draw(d);
    }
}

/// One of the four paths, thick; what it does not use is dashed.
fn path(d: &mut Drawing, y: f64, through: [bool; 2]) {
    let x = end(d, 0.0, y, "x", Role::Token);
    let out = end(d, END, y, "y", Role::Output);
    let mut from = x.right().shift(3.0, 0.0);
    for (i, is_through) in through.into_iter().enumerate() {
        let place = rect(LAYERS[i] - 30.0, y - 13.0, 60.0, 26.0);
        let (left, right) = (LAYERS[i] - 52.0, LAYERS[i] + 52.0);
        let around = [p(left, y), p(left, y - 24.0), p(right, y - 24.0), p(right, y)];
        let faint = Style::line(Paint::Strong(Role::Mask)).dash(Dash::Dashed).width(1.2);
        let name = Text::small(format!("f_{{{}}}", i + 1));
        if is_through {
            d.line(Layer::Lines, &around, faint);
            d.rect(Layer::Main, place, 6.0, Style::role(Role::Weight).width(2.5));
            name.draw_in(d, place);
            road(d, &[from, p(right, y)], Role::Token, 4.0);
        } else {
            d.line(Layer::Lines, &[p(left, y), p(place.x, y)], faint);
            d.line(Layer::Lines, &[p(place.x_end(), y), p(right, y)], faint);
            d.rect(Layer::Main, place, 6.0, faint);
            name.muted().draw_in(d, place);
            let way: Vec<_> = [from].into_iter().chain(around).collect();
            road(d, &way, Role::Token, 4.0);
        }
        from = p(right, y);
    }
    Arrow::new(from.shift(-3.0, 0.0), out.left()).role(Role::Token).width(4.0).free().draw(d);
}
