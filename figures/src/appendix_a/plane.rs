//! What the network answers for every point of the plane, before and after training.

use appendix_burn_intro::{NeuralNetwork, ToyDataset};
use burn::module::Module;
use burn::tensor::activation::softmax;
use burn::tensor::{Tensor, TensorData};

use super::points::mark;
use super::training::{setting, trained};
use super::values;
use crate::drawing::number;
use crate::parts::{Axis, Plot, Text, decimal};
use crate::theme::{Paint, Role};
use crate::{Drawing, Figure, Layer, Rect, Style, Words, p, rect, t};

/// The range of both axes, and cells along each.
const RANGE: (f64, f64) = (-3.0, 4.0);
const CELLS: usize = 56;
/// Width and height of a panel: a whole number of pixels for each cell; where the panels begin.
const SIDE: f64 = 280.0;
const PANELS: [f64; 2] = [0.0, 354.0];
/// Where the color of class 0 becomes stronger, and that of class 1. Not quite at the tenths, so that no cell lies so
/// close to one that another processor's rounding could move it (see the test).
const TOWARD_0: [f64; 5] = [0.4991, 0.4009, 0.2977, 0.1997, 0.1020];
const TOWARD_1: [f64; 5] = [0.4991, 0.6006, 0.7017, 0.8017, 0.9007];
/// How much color each step adds.
const OPACITY: f64 = 0.11;
/// Columns in which the border is looked for, and places in each.
const COLUMNS: usize = 28;
const PLACES: usize = 280;

/// The differences of the two logits at these points: above 0 where class 1 is the more probable one.
fn differences(model: &NeuralNetwork, points: &[(f64, f64)]) -> Vec<f64> {
    let logits = values(forward(model, points));
    logits.chunks(2).map(|pair| f64::from(pair[1]) - f64::from(pair[0])).collect()
}

/// The probabilities of class 1 at these points.
fn probabilities(model: &NeuralNetwork, points: &[(f64, f64)]) -> Vec<f64> {
    values(softmax(forward(model, points), 1)).chunks(2).map(|pair| f64::from(pair[1])).collect()
}

fn forward(model: &NeuralNetwork, points: &[(f64, f64)]) -> Tensor<2> {
    let numbers: Vec<f32> = points.iter().flat_map(|(x, y)| [*x as f32, *y as f32]).collect();
    let model = model.valid();
    let device = model.output.weight.val().device();
    model.forward(Tensor::from_data(TensorData::new(numbers, [points.len(), 2]), &device))
}

/// The value at this share of an axis.
fn along(share: f64) -> f64 {
    RANGE.0 + (RANGE.1 - RANGE.0) * share
}

/// The probabilities in the middles of the cells, row by row from the top.
fn cells(model: &NeuralNetwork) -> Vec<f64> {
    let middle = |i: usize| (i as f64 + 0.5) / CELLS as f64;
    let point = |i: usize| (along(middle(i % CELLS)), along(1.0 - middle(i / CELLS)));
    probabilities(model, &(0..CELLS * CELLS).map(point).collect::<Vec<_>>())
}

/// Where both classes have the same probability: shares of the axes, from left to right.
fn border(model: &NeuralNetwork) -> Vec<(f64, f64)> {
    let mut found = Vec::new();
    for column in 0..=COLUMNS {
        let x = column as f64 / COLUMNS as f64;
        let share = |i: usize| i as f64 / PLACES as f64;
        let points: Vec<_> = (0..=PLACES).map(|i| (along(x), along(share(i)))).collect();
        let differences = differences(model, &points);
        let changes = differences.windows(2).enumerate().filter(|(_, pair)| (pair[0] > 0.0) != (pair[1] > 0.0));
        found.extend(changes.map(|(i, pair)| (x, share(i) + pair[0] / (pair[0] - pair[1]) / PLACES as f64)));
    }
    found
}

pub fn before_and_after() -> Figure {
    let (before, ..) = setting();
    let (after, steps) = trained();
    let titles = [
        t("before training", "训练前"),
        t(format!("after {} updates", steps.len()), format!("{} 次更新之后", steps.len())),
    ];
    let mut d = Drawing::new();
    for ((model, title), x) in [&before, &after].into_iter().zip(titles).zip(PANELS) {
        panel(&mut d, rect(x, 0.0, SIDE, SIDE), model, title);
    }
    legend(&mut d, SIDE + 84.0);
    let (train, test) = (ToyDataset::train(), ToyDataset::test());
    let percent = |points: &[(f64, f64)]| probabilities(&after, points);
    let of = |data: &ToyDataset| data.features.iter().map(|[x, y]| (f64::from(*x), f64::from(*y))).collect::<Vec<_>>();
    let first = probabilities(&before, &of(&train));
    let corners = percent(&[(-3.0, -3.0), (4.0, 4.0), (0.0, 0.0)]);
    let tests = percent(&of(&test));
    let range = |numbers: &[f64]| {
        let least = numbers.iter().copied().fold(f64::INFINITY, f64::min);
        let most = numbers.iter().copied().fold(0.0, f64::max);
        (decimal(least, 3), decimal(most, 3))
    };
    let (least, most) = range(&first);
    let three = |numbers: &[f64]| numbers.iter().map(|number| decimal(*number, 3)).collect::<Vec<_>>();
    let (corners, tests) = (three(&corners), three(&tests));
    let desc = t(
        format!(
            "Two maps of the plane, both axes from −3 to 4, coloured by the probability of class 1. Training points of \
             class 0, circles, lie at the upper left, those of class 1, squares, at the lower right; a hollow mark beside \
             each group is a test point. Before training the whole map has the faint colour of class 1; at the five \
             points the probability is between {least} and {most}. After six updates a border runs from the left edge, \
             near the bottom, bending gently, up to the right edge: below it class 1, above it class 0, with the colour \
             growing stronger away from it. At the test points the probability is {} and {}; at the corner (−3, −3), far \
             from all points, {}, at (4, 4) {}, at (0, 0) {}.",
            tests[0], tests[1], corners[0], corners[1], corners[2]
        ),
        format!(
            "平面的两张地图，两个轴都从 −3 到 4，颜色表示类别 1 的概率。类别 0 的训练点是圆，在左上方；类别 1 的是方，在右下方；两组\
             旁边的空心标记是测试点。训练前，整张图都是类别 1 的淡色，五个点上的概率在 {least} 和 {most} 之间。六次更新之后，一条边界从\
             左边缘靠下处出发，略带弯折，一直升到右边缘：下方是类别 1，上方是类别 0，离边界越远颜色越深。两个测试点上的概率是 {} 和 {}；\
             在远离所有点的角落 (−3, −3) 是 {}，在 (4, 4) 是 {}，在 (0, 0) 是 {}。",
            tests[0], tests[1], corners[0], corners[1], corners[2]
        ),
    );
    let title = t(
        "What the network thinks of every point of the plane, before and after six updates",
        "网络怎样看平面上的每个点：六次更新之前与之后",
    );
    Figure::new("a-09", title, desc, d)
}

fn panel(d: &mut Drawing, field: Rect, model: &NeuralNetwork, title: Words) {
    let cells = cells(model);
    for (step_0, step_1) in TOWARD_0.into_iter().zip(TOWARD_1) {
        area(d, field, &cells, |probability| probability < step_0, Role::Token);
        area(d, field, &cells, |probability| probability >= step_1, Role::Output);
    }
    let ticks: Vec<f64> = (-3..=4).map(f64::from).collect();
    let axis = |ticks: &[f64], name: Words| Axis::new(RANGE, ticks, 0, name);
    let plot =
        Plot::draw(d, field, axis(&ticks, t("feature 1", "特征 1")), axis(&ticks[1..], t("feature 2", "特征 2")));
    Text::new(title).bold().draw(d, field.top().shift(0.0, -18.0));
    let border: Vec<_> =
        border(model).into_iter().map(|(x, y)| field.at(x, 1.0 - half_pixels(SIDE * y) / SIDE)).collect();
    if !border.is_empty() {
        d.line(Layer::Main, &border, Style::line(Paint::Ink).width(2.0));
    }
    for (data, is_test) in [(ToyDataset::train(), false), (ToyDataset::test(), true)] {
        for ([x, y], class) in data.features.iter().zip(data.labels) {
            mark(d, plot.at(f64::from(*x), f64::from(*y)), class, is_test);
        }
    }
}

/// A length on a grid that is much coarser than the differences between processors.
fn half_pixels(length: f64) -> f64 {
    (2.0 * length).round() / 2.0
}

/// Colors all cells for which this is so, on top of what is there already.
fn area(d: &mut Drawing, field: Rect, cells: &[f64], is_so: impl Fn(f64) -> bool, role: Role) {
    let size = SIDE / CELLS as f64;
    let mut path = String::new();
    for (row, values) in cells.chunks(CELLS).enumerate() {
        let mut start = 0;
        while let Some(from) = (start..CELLS).find(|i| is_so(values[*i])) {
            let to = (from..CELLS).find(|i| !is_so(values[*i])).unwrap_or(CELLS);
            let (x, y) = (field.x + size * from as f64, field.y + size * row as f64);
            let width = number(size * (to - from) as f64);
            path += &format!("M{} {}h{width}v{size}h-{width}Z", number(x), number(y));
            start = to;
        }
    }
    if !path.is_empty() {
        d.path(Layer::Back, path, field, Style::fill(Paint::Strong(role)).opacity(OPACITY));
    }
}

/// The marks of the points, and the scale of the colors.
fn legend(d: &mut Drawing, y: f64) {
    let entries = [(0, false, t("class 0", "类别 0")), (1, false, t("class 1", "类别 1"))];
    let mut x = 8.0;
    for (class, is_test, words) in entries {
        mark(d, p(x, y), class, is_test);
        x = Text::small(words).start().draw(d, p(x + 14.0, y)).x_end() + 26.0;
    }
    mark(d, p(x, y), 0, true);
    mark(d, p(x + 18.0, y), 1, true);
    Text::small(t("test", "测试")).start().draw(d, p(x + 32.0, y));
    let scale = rect(PANELS[1] + 40.0, y - 8.0, 200.0, 16.0);
    for (i, place) in scale.row(10, 0.0).into_iter().enumerate() {
        let (role, steps) = if i < 5 { (Role::Token, 5 - i) } else { (Role::Output, i - 4) };
        let opacity = 1.0 - (1.0 - OPACITY).powi(steps as i32);
        d.rect(Layer::Main, place, 0.0, Style::fill(Paint::Strong(role)).opacity(opacity));
    }
    d.line(Layer::Main, &[scale.top(), scale.bottom()], Style::line(Paint::Ink).width(2.0));
    Text::note("0").end().draw(d, scale.left().shift(-8.0, 0.0));
    Text::note("1").start().draw(d, scale.right().shift(8.0, 0.0));
    Text::note("0.5").draw_above(d, scale.top().shift(0.0, -2.0));
    Text::small(t("probability of class 1", "类别 1 的概率")).draw_below(d, scale.bottom().shift(0.0, 4.0));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// On another processor the numbers differ in their sixth digit. No cell changes its color then, and no point of the
    /// border moves.
    #[test]
    fn nothing_lies_where_rounding_would_move_it() {
        for model in [setting().0, trained().0] {
            let cells = cells(&model);
            for step in TOWARD_0.into_iter().chain(TOWARD_1) {
                let nearest = cells.iter().map(|probability| (probability - step).abs()).fold(1.0, f64::min);
                assert!(nearest > 2e-4, "a cell is only {nearest:.6} from {step}");
            }
            for (_, y) in border(&model) {
                let length = 2.0 * SIDE * y;
                let from_edge = (length - length.floor() - 0.5).abs();
                assert!(from_edge > 0.01, "a point of the border is only {from_edge:.6} half pixels from an edge");
            }
        }
    }
}
