//! The network of section A.7: its layers and its parameters.

use appendix_burn_intro::NeuralNetwork;
use burn::module::Module;
use burn::tensor::Device;

use crate::drawing::{number, point};
use crate::parts::{Node, Text, whole};
use crate::theme::{Paint, Role};
use crate::{Drawing, Figure, Layer, Point, Rect, Style, p, rect, t};

/// Distance of the dots of a column, and their radius.
const DOT: (f64, f64) = (7.5, 2.7);
/// The middles of the four columns.
const COLUMNS: [f64; 4] = [0.0, 218.0, 436.0, 624.0];
/// Width of a box with ReLU; its distance from the column on its right.
const RELU: (f64, f64) = (28.0, 12.0);
/// Distance and size of the squares, one for each parameter; space between weights and biases.
const SQUARE: (f64, f64) = (4.5, 3.5);
const GAP: f64 = 5.0;
/// The height that the matrices stand on.
const FLOOR: f64 = 352.0;

pub fn sizes_and_parameters() -> Figure {
    let model = NeuralNetwork::new(2, 2, &Device::flex());
    let layers = [&model.hidden_1, &model.hidden_2, &model.output];
    let shapes = layers.map(|layer| layer.weight.lazy_shape()).map(|shape| (shape[0], shape[1]));
    let counts = layers.map(Module::num_params);
    let total: usize = counts.iter().sum();
    assert_eq!(total, model.num_params(), "no parameter is anywhere else");

    let mut d = Drawing::new();
    let columns = [
        (shapes[0].0, t("x", "x"), Role::Token),
        (shapes[0].1, t("hidden", "隐藏值"), Role::Token),
        (shapes[1].1, t("hidden", "隐藏值"), Role::Token),
        (shapes[2].1, t("logits", "logits"), Role::Output),
    ];
    let high = DOT.0 * columns.iter().map(|column| column.0).max().unwrap_or(0) as f64;
    let mut placed = Vec::new();
    for ((size, name, role), x) in columns.into_iter().zip(COLUMNS) {
        placed.push(dots(&mut d, x, size, role));
        Text::new(name).bold().draw(&mut d, p(x, -high / 2.0 - 24.0));
        Text::note(format!("[batch, {size}]")).draw(&mut d, p(x, high / 2.0 + 20.0));
    }
    for (i, (inputs, outputs)) in shapes.into_iter().enumerate() {
        let (from, mut to) = (placed[i], placed[i + 1]);
        if i < 2 {
            to = rect(to.x - RELU.1 - RELU.0, to.y, RELU.0, to.h);
            Node::of(Text::small("ReLU").upward()).radius(5.0).pad(2.0, 2.0).draw(&mut d, to);
        }
        let fan = fan(&mut d, from.right().shift(9.0, 0.0), from.h, to.left().shift(-5.0, 0.0), to.h);
        Text::new(t("linear", "线性层")).draw(&mut d, fan.center().shift(0.0, -11.0));
        Text::new(format!("{inputs} → {outputs}")).bold().draw(&mut d, fan.center().shift(0.0, 11.0));
        let top = squares(&mut d, fan.center().x, (inputs, outputs));
        Text::note(format!("[{inputs}, {outputs}]")).draw(&mut d, p(fan.center().x, top - 13.0));
        let sum = format!("{} + {outputs} = {}", inputs * outputs, counts[i]);
        Text::new(sum).draw(&mut d, p(fan.center().x, FLOOR + 20.0));
        if i == 0 {
            let remark =
                t("one square is\none parameter;\nlowest row: the bias", "一个小方块\n是一个参数；\n最下面一行是偏置");
            Text::note(remark).draw(&mut d, p(fan.center().x, top - 72.0));
        }
    }
    let sum = counts.map(|count| count.to_string()).join(" + ");
    let words = t(format!("{sum} = {} parameters", whole(total)), format!("{sum} = {} 个参数", whole(total)));
    let middle = f64::midpoint(COLUMNS[0], COLUMNS[3]);
    Text::new(words).bold().role(Role::Weight).draw(&mut d, p(middle, FLOOR + 58.0));
    let desc = t(
        format!(
            "Upper lane, from left to right: a column of 2 dots, x, of shape [batch, 2]; a linear layer 2 → 30; ReLU; a \
             column of 30 dots, hidden values, [batch, 30]; a linear layer 30 → 20; ReLU; a column of 20 dots, [batch, \
             20]; a linear layer 20 → 2; 2 dots, the logits, [batch, 2]. Lower lane, under each layer, its parameters as \
             small squares, weights and below them a row of biases: a flat strip [2, 30] with 60 + 30 = {}; a block, by \
             far the largest, [30, 20] with 600 + 20 = {}, and a narrow strip [20, 2] with 40 + 2 = {}. Together {total} \
             parameters.",
            counts[0], counts[1], counts[2]
        ),
        format!(
            "上排从左到右：2 个点的一列，x，形状 [batch, 2]；线性层 2 → 30；ReLU；30 个点的一列，隐藏值，[batch, 30]；线性层 \
             30 → 20；ReLU；20 个点的一列，[batch, 20]；线性层 20 → 2；2 个点，logits，[batch, 2]。下排在每个线性层下面用小方块画出\
             它的参数，先是权重，最下面一行是偏置：扁平的一条 [2, 30]，60 + 30 = {}；最大的一块 [30, 20]，600 + 20 = {}；窄窄的一条 \
             [20, 2]，40 + 2 = {}。合计 {total} 个参数。",
            counts[0], counts[1], counts[2]
        ),
    );
    let title = t(
        format!("The network of section A.7: layer sizes and where the {total} parameters are"),
        format!("A.7 节的网络：各层大小与 {total} 个参数的去处"),
    );
    Figure::new("a-06", title, desc, d)
}

/// A column with a dot for each value; the rectangle around it.
fn dots(d: &mut Drawing, x: f64, count: usize, role: Role) -> Rect {
    let place = Rect::around(p(x, 0.0), (2.0 * DOT.1, DOT.0 * count as f64));
    for cell in place.column(count, 0.0) {
        d.circle(Layer::Main, cell.center(), DOT.1, Style::fill(Paint::Strong(role)));
    }
    place
}

/// A layer: from the height of its inputs to that of its outputs.
fn fan(d: &mut Drawing, from: Point, height: f64, to: Point, height_after: f64) -> Rect {
    let (half, half_after) = (height / 2.0 + 4.0, height_after / 2.0);
    let corners =
        [from.shift(0.0, -half), to.shift(0.0, -half_after), to.shift(0.0, half_after), from.shift(0.0, half)];
    let bounds = Rect::bounds(corners.map(|corner| Rect::between(corner, corner)));
    d.path(Layer::Main, format!("M{}Z", corners.map(point).join("L")), bounds, Style::role(Role::Weight));
    bounds
}

/// The parameters of a layer as squares: the weights, and a row with the biases. Returns the upper edge.
fn squares(d: &mut Drawing, middle: f64, (inputs, outputs): (usize, usize)) -> f64 {
    let (pitch, size) = SQUARE;
    let left = middle - pitch * outputs as f64 / 2.0;
    let bias = FLOOR - pitch;
    let top = bias - GAP - pitch * inputs as f64;
    let rows = (0..inputs).map(|row| top + pitch * row as f64).chain([bias]);
    let square = |x: f64, y: f64| format!("M{} {}h{size}v{size}h-{size}Z", number(x), number(y));
    let path: String =
        rows.flat_map(|y| (0..outputs).map(move |i| (left + pitch * i as f64, y))).map(|(x, y)| square(x, y)).collect();
    let bounds = rect(left, top, pitch * outputs as f64, FLOOR - top);
    d.path(Layer::Main, path, bounds, Style::fill(Paint::Strong(Role::Weight)));
    top
}
