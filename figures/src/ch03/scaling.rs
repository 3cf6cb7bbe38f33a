//! What the width of the keys does to softmax.

use burn::tensor::activation::softmax;
use burn::tensor::{Device, Tensor};
use shared::init::randn;
use shared::rng::TorchRng;

use crate::parts::{Axis, Plot, Text, decimal};
use crate::theme::{Paint, Role};
use crate::{Dash, Drawing, Figure, Layer, Style, p, rect, t};

const QUERIES: usize = 1000;
const KEYS: usize = 6;
const WIDTHS: [usize; 6] = [1, 4, 16, 64, 256, 1024];

pub fn scaling() -> Figure {
    let [plain, scaled]: [Vec<f64>; 2] =
        [false, true].map(|divided| WIDTHS.iter().map(|d_k| largest_weight(*d_k, divided)).collect());
    let mut d = Drawing::new();
    let x = Axis::new((-0.3, 5.3), &[], 0, t("d_{k}, width of queries and keys", "d_{k}，查询和键的宽度"));
    let y = Axis::new(
        (0.0, 1.0),
        &[0.0, 0.25, 0.5, 0.75, 1.0],
        2,
        t("largest of six weights, mean", "六个权重中最大的，平均"),
    );
    let plot = Plot::draw(&mut d, rect(0.0, 0.0, 460.0, 250.0), x, y);
    for (i, width) in WIDTHS.iter().enumerate() {
        let foot = plot.at(i as f64, 0.0);
        d.line(Layer::Back, &[foot, p(foot.x, 0.0)], Style::line(Paint::Grid).width(1.0));
        Text::note(width.to_string()).draw_below(&mut d, foot.shift(0.0, 4.0));
    }
    let even = 1.0 / KEYS as f64;
    plot.across(&mut d, even, Role::Plain, Dash::Dotted);
    plot.name(&mut d, (0.0, even), (0.0, 14.0), t("all equal: 1/6", "完全平均：1/6"), Role::Plain);
    let names = [
        (t("plain scores", "原始分数"), Role::Alert, Dash::Solid, -22.0),
        (t("divided by √d_{k}", "除以 √d_{k}"), Role::Score, Dash::Dashed, -22.0),
    ];
    for (values, (name, role, dash, up)) in [&plain, &scaled].into_iter().zip(names) {
        let points = || values.iter().enumerate().map(|(i, value)| (i as f64, *value));
        plot.curve(&mut d, points(), role, dash);
        points().for_each(|point| plot.dot(&mut d, point, role));
        plot.name(&mut d, (3.0, values[3]), (-40.0, up), name, role);
        let last = plot.at(5.0, values[5]).shift(4.0, -16.0);
        Text::small(decimal(values[5], 3)).bold().role(role).draw(&mut d, last);
    }
    let listed = |values: &[f64]| values.iter().map(|value| decimal(*value, 3)).collect::<Vec<_>>().join(", ");
    let (plain, scaled) = (listed(&plain), listed(&scaled));
    let desc = t(
        format!(
            "Two curves over the width of the keys, 1, 4, 16, 64, 256, 1024, in equal steps. Vertically the largest of six attention \
             weights, the mean over 1,000 queries. Plain scores, a solid curve, rise towards 1: {plain}. Divided by the root of the \
             width, a dashed curve, they stay level: {scaled}. A dotted line at 1/6 shows where all weights would be equal."
        ),
        format!(
            "两条曲线，横轴是键的宽度 1、4、16、64、256、1024，间隔相等；纵轴是六个注意力权重中最大的那个，取 1,000 个查询的平均。\
             原始分数是实线，不断上升，接近 1：{plain}。除以宽度的平方根后是虚线，几乎持平：{scaled}。1/6 处的点线表示所有权重都相等。"
        ),
    );
    let title = t(
        "Wider keys make softmax choose; dividing by √d_k undoes it",
        "键越宽，softmax 越像在挑选；除以 √d_k 就消除了这种影响",
    );
    Figure::new("3-11", title, desc, d)
}

/// The mean of the largest weight of random queries, as the chapter's example computes it.
fn largest_weight(d_k: usize, divided: bool) -> f64 {
    let (device, mut rng) = (Device::flex(), TorchRng::new(123));
    let queries: Tensor<3> = randn([QUERIES, 1, d_k], &mut rng, &device);
    let keys: Tensor<3> = randn([QUERIES, KEYS, d_k], &mut rng, &device);
    let scores = queries.matmul(keys.transpose()).reshape([QUERIES, KEYS]);
    let scores = if divided { scores / (d_k as f64).sqrt() } else { scores };
    softmax(scores, 1).max_dim(1).mean().into_scalar::<f32>().into()
}
