//! Clipping with one common factor, and with one factor for each tensor.

use appendix_train_tricks::clip_grad_norm;
use burn::grad_clipping::GradientClipping;
use burn::module::Param;
use burn::tensor::{Device, Gradients, Tensor};

use crate::drawing::point;
use crate::parts::{Arrow, Bar, Bars, Side, Text, brace, decimal};
use crate::theme::{Paint, Role};
use crate::{Dash, Drawing, Figure, Layer, Point, Rect, Style, Words, p, rect, t};

/// The gradients of two tensors: two numbers of the one, one of the other.
struct Pair([f64; 3]);

impl Pair {
    fn norm(&self) -> f64 {
        self.0.iter().map(|x| x * x).sum::<f64>().sqrt()
    }

    /// How it is drawn in the plane: the first number across, the third one up.
    fn arrow(&self) -> (f64, f64) {
        (self.0[0], self.0[2])
    }
}

/// A number without zeros at its end.
fn short(x: f64, decimals: usize) -> String {
    let text = decimal(x, decimals);
    text.trim_end_matches('0').trim_end_matches('.').to_string()
}

/// Before clipping, clipped together, and each tensor clipped by itself, always to the norm 1.
fn compute() -> [Pair; 3] {
    let device = Device::flex().autodiff();
    let a: Param<Tensor<1>> = Param::from_data([0.0; 2], &device);
    let b: Param<Tensor<1>> = Param::from_data([0.0], &device);
    let loss = (a.val() * Tensor::from_floats([3.0, 0.0], &device)).sum() + b.val() * 4.0;
    let mut gradients = loss.backward();
    let both = vec![a, b];
    let of =
        |gradients: &Gradients| [0, 1].map(|i: usize| both[i].val().grad(gradients).expect("the loss depends on both"));
    let pair = |[a, b]: [Tensor<1>; 2]| {
        let numbers: Vec<f32> = Tensor::cat(vec![a, b], 0).into_data().iter().collect();
        Pair([0, 1, 2].map(|i| f64::from(numbers[i])))
    };
    let before = of(&gradients);
    let each = GradientClipping::Norm(1.0);
    let apart = before.clone().map(|gradient| each.clip_gradient(gradient));
    clip_grad_norm(&both, &mut gradients, 1.0);
    let together = of(&gradients);
    [before, together, apart].map(pair)
}

/// Left edges of the three panels, and the floor and the height of their bars.
const PANELS: [f64; 3] = [0.0, 228.0, 456.0];
const FLOOR: f64 = 180.0;
const HEIGHT: f64 = 110.0;
/// Width of a bar; space beside it; space between the two tensors.
const BAR: (f64, f64) = (36.0, 18.0);
const APART: f64 = 18.0;
/// The corner of the plane, and the length of 1 in it.
const ORIGIN: Point = p(150.0, 588.0);
const ONE: f64 = 130.0;

pub fn together_or_apart() -> Figure {
    let [before, together, apart] = compute();
    let mut d = Drawing::new();
    let panels = [
        (&before, 4.0, t("before", "裁剪前"), t("b_{1} : a_{1} = 4 : 3", "b_{1} : a_{1} = 4 : 3"), Role::Plain),
        (&together, 1.0, t("clipped together", "一起裁剪"), t("4 : 3, as before", "4 : 3，与原来相同"), Role::Score),
        (&apart, 1.0, t("each by itself", "各自裁剪"), t("1 : 1, changed", "1 : 1，变了"), Role::Alert),
    ];
    for ((pair, largest, title, ratio, role), x) in panels.into_iter().zip(PANELS) {
        panel(&mut d, x, pair, largest, title, ratio, role);
    }
    plane(&mut d, [&before, &together, &apart]);
    let desc = t(
        format!(
            "Three panels with three bars each: a₁ and a₂ of tensor a, b₁ of tensor b. Before: 3, 0 and 4, norm {}, b₁ \
             to a₁ like 4 to 3. Clipped together: {}, 0 and {}, norm {}, 4 to 3 as before. Each by itself: {}, 0 and {}, \
             norm {}, 1 to 1, changed. Below, the same as arrows in a plane, a₁ across and b₁ up: a long one that \
             goes on to (3, 4), a thick one on the same line that ends on the circle of norm 1, at (0.6, 0.8), and a \
             dashed one to (1, 1), off the line and beyond the circle.",
            short(before.norm(), 2),
            short(together.0[0], 2),
            short(together.0[2], 2),
            short(together.norm(), 2),
            short(apart.0[0], 2),
            short(apart.0[2], 2),
            short(apart.norm(), 2)
        ),
        format!(
            "三组条形，每组三条：张量 a 的 a₁、a₂，张量 b 的 b₁。裁剪前：3、0、4，范数 {}，b₁ 与 a₁ 之比 4 : 3。一起裁剪：{}、0、{}，\
             范数 {}，4 : 3，与原来相同。各自裁剪：{}、0、{}，范数 {}，1 : 1，变了。下面是平面上的箭头，横轴是 a₁，纵轴是 b₁：长箭头\
             一直指到 (3, 4)；同一条直线上的粗箭头止于范数为 1 的圆，在 (0.6, 0.8)；虚线箭头指向 (1, 1)，偏离那条直线，也越过了圆。",
            short(before.norm(), 2),
            short(together.0[0], 2),
            short(together.0[2], 2),
            short(together.norm(), 2),
            short(apart.0[0], 2),
            short(apart.0[2], 2),
            short(apart.norm(), 2)
        ),
    );
    let title = t(
        "Two tensors with the gradients (3, 0) and (4): one common factor keeps the direction, one factor each does not",
        "两个张量，梯度是 (3, 0) 和 (4)：共用一个系数，方向不变；各用各的系数，方向就变了",
    );
    Figure::new("d-02", title, desc, d)
}

fn panel(d: &mut Drawing, x: f64, pair: &Pair, largest: f64, title: Words, ratio: Words, role: Role) {
    let bar = |i: usize| Bar::new(pair.0[i], short(pair.0[i], 2), if role == Role::Plain { Role::Score } else { role });
    let tensors = [
        (x, vec![("a_{1}", bar(0)), ("a_{2}", bar(1))], t("tensor a", "张量 a")),
        (x + 2.0 * (BAR.0 + BAR.1) + APART, vec![("b_{1}", bar(2))], t("tensor b", "张量 b")),
    ];
    let end = tensors[1].0 + BAR.0 + BAR.1;
    for (x, bars, name) in tensors {
        let bars = Bars::new(bars).largest(largest).thickness(BAR.0, BAR.1);
        let field = bars.draw_upward(d, p(x, FLOOR), HEIGHT).field;
        brace(d, rect(field.x + 4.0, FLOOR + 26.0, field.w - 8.0, 2.0), Side::Below, name);
    }
    let middle = f64::midpoint(x, end);
    Text::new(title).bold().draw(d, p(middle, FLOOR - HEIGHT - 62.0));
    let scale = short(largest, 0);
    let words = t(format!("scale 0 to {scale}"), format!("刻度 0 到 {scale}"));
    Text::note(words).draw(d, p(middle, FLOOR - HEIGHT - 40.0));
    let norm = short(pair.norm(), 2);
    Text::new(t(format!("norm {norm}"), format!("范数 {norm}"))).draw(d, p(middle, FLOOR + 84.0));
    let ratio = Text::new(ratio).size_of(14.0);
    if role == Role::Alert { ratio.bold().role(role) } else { ratio }.draw(d, p(middle, FLOOR + 108.0));
}

/// The arrows near the circle of the largest norm; the first one goes on beyond the edge.
fn plane(d: &mut Drawing, [before, together, apart]: [&Pair; 3]) {
    let at = |(x, y): (f64, f64)| ORIGIN.shift(ONE * x, -ONE * y);
    let axes = [at((0.0, 1.5)), ORIGIN, at((1.5, 0.0))];
    d.line(Layer::Lines, &axes, Style::line(Paint::Strong(Role::Plain)));
    Text::small("a_{1}").start().draw(d, axes[2].shift(8.0, 0.0));
    Text::small("b_{1}").draw_above(d, axes[0].shift(0.0, -4.0));
    Text::note("1").draw_below(d, at((1.0, 0.0)).shift(0.0, 4.0));
    Text::note("1").end().draw(d, at((0.0, 1.0)).shift(-8.0, 0.0));
    let (top, right) = (at((0.0, 1.0)), at((1.0, 0.0)));
    let circle = format!("M{}A{ONE} {ONE} 0 0 1 {}", point(top), point(right));
    let dotted = Style::line(Paint::Strong(Role::Plain)).dash(Dash::Dotted);
    d.path(Layer::Lines, circle, Rect::between(top, right), dotted);
    let arrow = |to: (f64, f64), role: Role, width: f64| Arrow::new(ORIGIN, at(to)).role(role).width(width).free();
    let (x, y) = before.arrow();
    let beyond = (x * 0.42, y * 0.42);
    arrow(beyond, Role::Plain, 1.5).draw(d);
    arrow(apart.arrow(), Role::Alert, 2.5).dashed().draw(d);
    arrow(together.arrow(), Role::Score, 3.5).draw(d);
    let name = |d: &mut Drawing, at: Point, words: Words, role: Role| {
        Text::small(words).bold().role(role).start().halo().draw(d, at);
    };
    let pair = |(x, y): (f64, f64)| format!("({}, {})", short(x, 2), short(y, 2));
    let [a, b, c] = [before, together, apart].map(|of| pair(of.arrow()));
    let words = t(format!("before, on to {a}"), format!("裁剪前，一直到 {a}"));
    name(d, at(beyond).shift(12.0, 4.0), words, Role::Plain);
    let words = t(format!("each by itself {c}"), format!("各自裁剪 {c}"));
    name(d, at(apart.arrow()).shift(12.0, 0.0), words, Role::Alert);
    let words = t(format!("clipped together {b}"), format!("一起裁剪 {b}"));
    let label = at((1.12, 0.55));
    name(d, label, words, Role::Score);
    Arrow::new(label.shift(-3.0, 0.0), at((0.55, 0.66))).plain().free().role(Role::Score).width(1.0).draw(d);
    Text::note(t("norm 1", "范数 1")).start().draw(d, at((0.99, 0.2)).shift(10.0, 0.0));
}
