//! Two ways side by side, and one weight afterwards.

use super::{frozen, trained};
use crate::drawing::point;
use crate::parts::{Arrow, Node, Text};
use crate::theme::{Paint, Role};
use crate::{Drawing, Figure, Layer, Rect, Style, Words, p, rect, t};

/// Where the layer begins and ends, and where x ends and y begins.
const LEFT: f64 = 112.0;
const RIGHT: f64 = 412.0;
const IN: f64 = 62.0;
const OUT: f64 = 560.0;
const OUT_WIDTH: f64 = 76.0;
/// The heights of the two ways, of the merged layer, and of the adapters.
const UPPER: f64 = 0.0;
const LOWER: f64 = 106.0;
const MERGED: f64 = 288.0;
const FILES: f64 = 426.0;

pub fn ways() -> Figure {
    let mut d = Drawing::new();
    let middle = f64::midpoint(UPPER, LOWER);
    heading(&mut d, UPPER - 62.0, t("while it learns: side by side", "学习时：并排两条路"));
    let x = end(&mut d, rect(0.0, middle - 24.0, IN, 48.0), "x", "[n, d_{in}]", Role::Token);
    let y = end(&mut d, rect(OUT, middle - 24.0, OUT_WIDTH, 48.0), "y", "[n, d_{out}]", Role::Output);
    let w = rect(LEFT, UPPER - 32.0, RIGHT - LEFT, 64.0);
    d.rect(Layer::Main, w, 8.0, frozen());
    Text::new(t("W  frozen", "W  冻结")).bold().draw_in(&mut d, rect(w.x, w.y + 8.0, w.w, 26.0));
    Text::note("[d_{in}, d_{out}]").draw_in(&mut d, rect(w.x, w.y + 34.0, w.w, 22.0));
    let (tall, waist) = (64.0, 22.0);
    let a = taper(&mut d, LEFT, LEFT + 104.0, tall, waist);
    let b = taper(&mut d, RIGHT - 104.0, RIGHT, waist, tall);
    for (place, name, shape) in [(a, "A", "[d_{in}, r]"), (b, "B", "[r, d_{out}]")] {
        Text::new(name).bold().draw(&mut d, place.center().shift(0.0, -1.0));
        Text::note(shape).draw(&mut d, place.bottom().shift(0.0, 13.0));
    }
    // Paths are no boxes: these arrows end at the matrices all the same.
    Arrow::new(a.right(), b.left()).role(Role::Token).free().draw(&mut d);
    let center = p(f64::midpoint(a.x_end(), b.x), LOWER);
    Text::small("x A").draw(&mut d, center.shift(0.0, -14.0));
    Text::note("[n, r]").draw(&mut d, center.shift(0.0, 16.0));
    let sum = Node::sign("+").draw_at(&mut d, p(520.0, middle));
    let scale = Node::of(Text::new("× scale").size_of(14.0))
        .pad(8.0, 6.0)
        .draw(&mut d, Rect::around(p(470.0, LOWER), (74.0, 34.0)));
    Arrow::new(x.right(), w.left()).elbow_across(0.4).role(Role::Token).draw(&mut d);
    Arrow::new(x.right(), a.left()).elbow_across(0.4).role(Role::Token).free().draw(&mut d);
    Arrow::new(b.right(), scale.left()).free().draw(&mut d);
    Arrow::new(scale.right(), sum.bottom()).corner_across().draw(&mut d);
    Arrow::new(w.right(), sum.top()).corner_across().draw(&mut d);
    Arrow::new(sum.right(), y.left()).draw(&mut d);

    // One weight.
    heading(&mut d, MERGED - 58.0, t("merged: one weight", "合并之后：一个权重"));
    let x = end(&mut d, rect(0.0, MERGED - 24.0, IN, 48.0), "x", "[n, d_{in}]", Role::Token);
    let y = end(&mut d, rect(OUT, MERGED - 24.0, OUT_WIDTH, 48.0), "y", "[n, d_{out}]", Role::Output);
    let merged = rect(LEFT, MERGED - 34.0, RIGHT - LEFT, 68.0);
    d.rect(Layer::Main, merged, 8.0, Style::role(Role::Weight).width(2.5));
    Text::new("W + scale · A B").bold().draw_in(&mut d, rect(merged.x, merged.y + 8.0, merged.w, 26.0));
    Text::note("[d_{in}, d_{out}]").draw_in(&mut d, rect(merged.x, merged.y + 36.0, merged.w, 22.0));
    Arrow::new(x.right(), merged.left()).role(Role::Token).draw(&mut d);
    Arrow::new(merged.right(), y.left()).draw(&mut d);
    let down = Arrow::new(p(merged.center().x, LOWER + 54.0), merged.top()).role(Role::Weight).width(3.0);
    down.right(t("merge", "合并")).free().draw(&mut d);

    // Or many adapters.
    heading(&mut d, FILES - 54.0, t("or kept apart: adapters in files of their own", "或者分开：适配器存成各自的文件"));
    let base = rect(0.0, FILES - 26.0, IN, 52.0);
    d.rect(Layer::Main, base, 8.0, frozen());
    Text::new("W").bold().draw_in(&mut d, base);
    let names = [t("spam", "垃圾短信"), t("instructions", "指令"), t("your task", "你的任务")];
    let cards = rect(LEFT - 10.0, base.y, OUT + OUT_WIDTH - LEFT + 10.0, base.h).row(names.len(), 30.0);
    Text::new("+").size_of(20.0).draw(&mut d, p(f64::midpoint(base.x_end(), cards[0].x), FILES));
    for (i, (card, name)) in cards.iter().zip(names).enumerate() {
        let style = Style::fill(Paint::Paper).outlined(Paint::Strong(Role::Weight));
        d.rect(Layer::Back, *card, 8.0, if i == 0 { style.width(2.5) } else { style });
        let tag = rect(card.x + 10.0, card.center().y - 13.0, 40.0, 26.0);
        d.rect(Layer::Main, tag, 4.0, trained());
        Text::small("A B").bold().draw_in(&mut d, tag);
        let room = rect(tag.x_end() + 8.0, card.y, card.x_end() - tag.x_end() - 10.0, card.h);
        Text::new(name).size_of(14.0).start().draw_in(&mut d, room);
    }
    for pair in cards.windows(2) {
        Text::note(t("or", "或")).draw(&mut d, pair[0].right().toward(pair[1].left(), 0.5));
    }
    let desc = t(
        "Three drawings, one below the other. While it learns: x of shape [n, d_in] goes two ways. Above through W, a wide \
         pale box with a dashed outline, frozen, [d_in, d_out]. Below through A, [d_in, r], a strong shape that narrows, \
         then as x A, only [n, r], to B, [r, d_out], which widens again, and is multiplied by the scale. Both ways meet in \
         a plus sign; y of shape [n, d_out] comes out. An arrow, merge, leads down to the second drawing: x goes through \
         one box, W + scale · A B, again [d_in, d_out], to y. Third drawing, or kept apart: one frozen W and beside it \
         three small pairs A B, each a file of its own, of which one is used at a time: spam, instructions, your task.",
        "三幅图，从上到下。学习时：形状 [n, d_in] 的 x 走两条路。上面穿过 W，虚线框的浅色宽盒子，冻结，[d_in, d_out]。下面穿过颜色深、\
         逐渐收窄的 A，[d_in, r]，变成只有 [n, r] 的 x A，再穿过重新变宽的 B，[r, d_out]，乘以 scale。两条路在加号处会合，出来的是形状 \
         [n, d_out] 的 y。标着“合并”的箭头通向第二幅图：x 穿过一个盒子 W + scale · A B，形状还是 [d_in, d_out]，得到 y。第三幅图，或者分开：\
         一个冻结的 W，旁边是三对小小的 A B，各是一个文件，一次用一个：垃圾短信、指令、你的任务。",
    );
    let title = t("While training side by side, afterwards one weight again", "训练时并排两条路，训练后又合成一个权重");
    Figure::new("e-04", title, desc, d)
}

fn heading(d: &mut Drawing, y: f64, words: Words) {
    Text::new(words).bold().start().draw(d, p(0.0, y));
}

/// What goes in or comes out.
fn end(d: &mut Drawing, place: Rect, name: &str, shape: &str, role: Role) -> Rect {
    Node::new(name).note(shape).role(role).pad(2.0, 2.0).draw(d, place)
}

/// A trained matrix that makes a vector narrower or wider.
fn taper(d: &mut Drawing, left: f64, right: f64, before: f64, after: f64) -> Rect {
    let corners = [
        p(left, LOWER - before / 2.0),
        p(right, LOWER - after / 2.0),
        p(right, LOWER + after / 2.0),
        p(left, LOWER + before / 2.0),
    ];
    let bounds = Rect::bounds(corners.map(|corner| Rect::between(corner, corner)));
    d.path(Layer::Main, format!("M{}Z", corners.map(point).join("L")), bounds, trained());
    bounds
}
