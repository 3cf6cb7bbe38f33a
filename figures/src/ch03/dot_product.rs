//! What a dot product measures.

use ch03_attention::simplified::dot_product;

use crate::parts::{Arrow, Text, decimal};
use crate::theme::{Paint, Role};
use crate::{Drawing, Figure, Layer, Style, Words, p, t};

const UNIT: f64 = 74.0;
const Q: [f32; 2] = [2.0, 1.0];

pub fn dot_product_in_a_plane() -> Figure {
    let mut d = Drawing::new();
    let at = |[x, y]: [f32; 2]| p(UNIT * f64::from(x), -UNIT * f64::from(y));
    let product = |vector: [f32; 2]| decimal(f64::from(dot_product(&Q, &vector)), 0);
    for i in -2..=4i16 {
        let x = f32::from(i);
        let style = Style::line(if i == 0 { Paint::Strong(Role::Mask) } else { Paint::Grid }).width(1.0);
        d.line(Layer::Back, &[at([x, -1.4]), at([x, 2.4])], style);
        if (-1..=2).contains(&i) {
            d.line(Layer::Back, &[at([-2.4, x]), at([4.6, x])], style);
        }
    }
    // Where its label stands, and how it lies to the query.
    let others: [([f32; 2], (f64, f64), Words); 4] = [
        ([4.0, 2.0], (-26.0, -36.0), t("same way, longer", "方向一致，更长")),
        ([1.0, 2.0], (24.0, -36.0), t("nearly the same way", "方向相近")),
        ([-1.0, 2.0], (-20.0, -36.0), t("right angle", "互相垂直")),
        ([-2.0, -1.0], (38.0, 34.0), t("opposite", "方向相反")),
    ];
    let origin = at([0.0, 0.0]);
    for (vector, (dx, dy), relation) in others {
        Arrow::new(origin, at(vector)).width(2.0).role(Role::Token).free().draw(&mut d);
        let place = at(vector).shift(dx, dy);
        let [x, y] = vector.map(|value| decimal(f64::from(value), 0));
        let label = format!("q · ({x}, {y}) = {}", product(vector));
        Text::new(label).size_of(14.0).bold().role(Role::Score).halo().draw(&mut d, place);
        Text::note(relation).halo().draw(&mut d, place.shift(0.0, 19.0));
    }
    Arrow::new(origin, at(Q)).width(5.0).role(Role::Token).free().draw(&mut d);
    let place = at(Q).shift(62.0, 24.0);
    Text::new(t("query q = (2, 1)", "查询 q = (2, 1)")).bold().role(Role::Token).halo().draw(&mut d, place);
    Text::new(format!("q · q = {}", product(Q)))
        .size_of(14.0)
        .bold()
        .role(Role::Score)
        .halo()
        .draw(&mut d, place.shift(0.0, 21.0));
    let corner = [at([0.2, 0.1]), at([0.1, 0.3]), at([-0.1, 0.2])];
    d.line(Layer::Lines, &corner, Style::line(Paint::Strong(Role::Plain)));
    let desc = t(
        format!(
            "Five arrows from the origin of a grid of whole numbers. The query q = (2, 1) is thick; its dot product with itself is {}. \
             With (4, 2), the same way and twice as long, it is {}; with (1, 2), nearly the same way, {}; with (−1, 2), at a right \
             angle, {}; with (−2, −1), the opposite way, {}.",
            product(Q),
            product([4.0, 2.0]),
            product([1.0, 2.0]),
            product([-1.0, 2.0]),
            product([-2.0, -1.0])
        ),
        format!(
            "整数方格上，从原点出发的五个箭头。查询 q = (2, 1) 画得粗，与自己的点积是 {}。与 (4, 2) 方向一致，后者长一倍，点积 {}；\
             与 (1, 2) 方向相近，点积 {}；与 (−1, 2) 互相垂直，点积 {}；与 (−2, −1) 方向相反，点积 {}。",
            product(Q),
            product([4.0, 2.0]),
            product([1.0, 2.0]),
            product([-1.0, 2.0]),
            product([-2.0, -1.0])
        ),
    );
    let title = t(
        "The dot product is large where two vectors point the same way, and larger the longer they are",
        "两个向量方向一致时点积大，而且越长越大",
    );
    Figure::new("3-06", title, desc, d)
}
